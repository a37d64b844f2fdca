import { LonghaulError } from "../../core/errors.ts";
import { monotonicNow, realSetTimeout } from "../../core/real-timers.ts";

/** How long a write rests between two attempts. */
const PAUSE_MS = 250;
/** At most one complaint in this time, however many writes wait. */
const COMPLAIN_EVERY_MS = 1000;

/**
 * What a worker writes must not fail because the disk is full or the file busy for long: BullMQ would come back for
 * the next job at once, again and again, and would take a job that was done for a failed one. So the worker rests
 * instead: its writes are tried again until they succeed, or it stops.
 */
export class Patience {
  readonly #complain: (error: LonghaulError) => void;
  #complainedAt = -Infinity;

  /** @param complain told of the trouble, now and then, for as long as it lasts */
  constructor(complain: (error: LonghaulError) => void) {
    this.#complain = complain;
  }

  /**
   * After a failed write: rests and writes again, if the store says that this may help.
   * @param signal ends the patience: the failure is final
   * @throws the failure
   */
  async recover<T>(error: unknown, again: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (!(error instanceof LonghaulError) || !error.retryable || signal.aborted) throw error;
    this.#mention(error);
    await rest(signal);
    return again();
  }

  #mention(error: LonghaulError): void {
    const now = monotonicNow();
    if (now - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = now;
    this.#complain(error);
  }
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = realSetTimeout(done, PAUSE_MS);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
