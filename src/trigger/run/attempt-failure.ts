/** How a failed attempt tells the engine what was decided: `cause` is the error to record. */
export class AttemptFailure extends Error {
  /** Of the next attempt, ms from now; none if there is to be none. */
  readonly delayMs: number | undefined;

  constructor(cause: unknown, delayMs: number | undefined) {
    super("The attempt failed", { cause });
    this.delayMs = delayMs;
  }
}
