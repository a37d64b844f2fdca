import { realSetTimeout } from "../core/real-timers.ts";

/**
 * How long a handler that may be busy with something that is no step is given, before its run is stored as waiting or a
 * result that its code does not ask for is passed over. By the real clock: what it is busy with takes real time.
 */
export const PATIENCE_MS = 20;

/** Time that is given once, and again after each reset. */
export class Patience {
  readonly #ms: number;
  readonly #onLost: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isLost = false;

  /** @param onLost called when the time is up */
  constructor(ms: number, onLost: () => void) {
    this.#ms = ms;
    this.#onLost = onLost;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Begins to wait, unless it does already. */
  start(): void {
    this.#timer ??= realSetTimeout(() => {
      this.#timer = undefined;
      this.#isLost = true;
      this.#onLost();
    }, this.#ms);
  }

  reset(): void {
    this.#isLost = false;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
