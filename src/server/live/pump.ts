import { monotonicNow, realSetTimeout } from "../../core/real-timers.ts";

/** Rounds begin at least so long after one another: what is committed meanwhile is read at once. */
const GAP_MS = 5;
/** It rests as long as it worked, so that it never takes all of a processor; but not longer than this. */
const LONGEST_REST_MS = 50;

/**
 * Calls a function, one call at a time, whenever there may be something new: at once if it rests, and once more after
 * the call that is under way, however often it was woken meanwhile.
 */
export class Pump {
  readonly #round: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #gapMs: number;
  #isDirty = false;
  #isBusy = false;
  #isClosed = false;

  constructor(round: () => Promise<void>, onError: (error: unknown) => void, gapMs = GAP_MS) {
    this.#round = round;
    this.#onError = onError;
    this.#gapMs = gapMs;
  }

  wake(): void {
    this.#isDirty = true;
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    // Whatever else happens in this turn is part of the same round.
    queueMicrotask(() => void this.#run());
  }

  /** No further call begins. */
  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isDirty && !this.#isClosed) {
        this.#isDirty = false;
        const startedAt = monotonicNow();
        await this.#round();
        const tookMs = monotonicNow() - startedAt;
        const restMs = Math.max(this.#gapMs - tookMs, Math.min(tookMs, LONGEST_REST_MS));
        await new Promise((resolve) => realSetTimeout(resolve, restMs));
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
