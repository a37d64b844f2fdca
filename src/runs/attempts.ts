import { type FunctionDefinition, StepError } from "./definition.ts";
import { serializeError } from "./errors.ts";
import { judge } from "./retry.ts";
import { finalEntry, type Step } from "./step.ts";
import type { ClaimedRun, JournalWrite } from "./store/run-store.ts";

/**
 * The attempts of a handler: of its code since the last finished step, or of the whole of it. The latter leave an entry
 * in the journal when they fail, so that the next knows which results are of its own time.
 */
export class Attempts {
  readonly #definition: FunctionDefinition;
  /** Whether attempts are of the whole handler, and steps do not reset their number. */
  readonly isWhole: boolean;
  readonly max: number;
  /** How many failed. */
  count: number;
  /** When the handler, which has thrown, is tried again. */
  retryAt: number | undefined;
  #failure: unknown;
  #resets: boolean;

  constructor(definition: FunctionDefinition, { attempt, losses, details }: ClaimedRun) {
    this.#definition = definition;
    this.isWhole = definition.attempts === "run";
    this.max = details?.maxAttempts ?? definition.retries + 1;
    this.count = attempt;
    this.#resets = losses > 0 || (attempt > 0 && !this.isWhole);
  }

  /** Whether the handler has thrown and is tried again. */
  get isOver(): boolean {
    return this.retryAt !== undefined;
  }

  /** Whether the write of a finished step has to reset what the store counts. Once. */
  takeReset(): boolean {
    const resets = this.#resets;
    this.#resets = false;
    return resets;
  }

  /** That write is committed. */
  wasReset(): void {
    if (!this.isWhole) this.count = 0;
  }

  /** The handler has thrown. @returns what to end the run with, if it is not tried again */
  threw(thrown: unknown, now: number): { readonly error: unknown } | undefined {
    const attempts = this.count + 1;
    // A step has had its own attempts.
    if (thrown instanceof StepError && !this.isWhole) return { error: thrown };
    const retries = this.max - 1;
    const { delayMs, error } = judge(this.#definition, thrown, attempts, { retries });
    if (delayMs === undefined) return { error };
    this.count = attempts;
    this.retryAt = now + delayMs;
    this.#failure = error;
    return undefined;
  }

  /** What is written when the attempt is over. @param open what it still waits for, and will wait for no more */
  endWrites(open: readonly Step[], at: number): JournalWrite[] {
    const error = serializeError(this.#failure);
    const attempt = this.count;
    const closed = open.map((step) => ({ entry: finalEntry(step, { attempt: 1, at, error }) }));
    const key = `#attempt:${attempt}`;
    return [...closed, { entry: { key, kind: "attempt", state: "failed", attempt, at, error } }];
  }
}
