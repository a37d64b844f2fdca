/** What can be said about starts after they were made. */
export interface StartStore {
  /** Gives an idempotency key of a function back. @returns whether it was taken */
  resetIdempotency(params: {
    readonly now: number;
    readonly functionId: string;
    readonly key: string;
  }): Promise<boolean>;
  /** Gives a delayed run another time. @returns whether it was still delayed */
  reschedule(params: {
    readonly now: number;
    readonly runId: string;
    readonly notBefore: number;
  }): Promise<boolean>;
}
