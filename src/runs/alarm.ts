import type { Clock } from "../core/clock.ts";

/** One timer that is set to a time, and set again as often as that changes. */
export class Alarm {
  readonly #clock: Clock;
  readonly #onRing: () => void;
  #at = Infinity;
  #cancelTimer: (() => void) | undefined;

  /** @param onRing called at the time it is set to, once */
  constructor(clock: Clock, onRing: () => void) {
    this.#clock = clock;
    this.#onRing = onRing;
  }

  /** Epoch ms; `Infinity` if it is not set. */
  get at(): number {
    return this.#at;
  }

  /** @param at epoch ms; `Infinity` for never */
  set(at: number): void {
    if (at === this.#at) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#at = at;
    if (at !== Infinity) this.#arm();
  }

  #arm(): void {
    this.#cancelTimer = this.#clock.after(this.#at - this.#clock.now(), this.#ring);
  }

  readonly #ring = (): void => {
    this.#cancelTimer = undefined;
    // A timer may be early: by a ms, or because it cannot hold a longer delay.
    if (this.#at > this.#clock.now()) {
      this.#arm();
      return;
    }
    this.#at = Infinity;
    this.#onRing();
  };
}
