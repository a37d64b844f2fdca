import type { Clock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";

/** Bounds how long an attempt may be executed; while its run is suspended, it stands still. */
export class MaxDuration {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onOver: (error: Error) => void;
  #usedMs = 0;
  #startedAt = 0;
  #cancelTimer: (() => void) | undefined;

  /** @param onOver called once it has run for `limitMs`, with the error to end the run with */
  constructor(clock: Clock, limitMs: number, onOver: (error: Error) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onOver = onOver;
  }

  start(): void {
    this.#startedAt = this.#clock.now();
    this.#cancelTimer = this.#clock.after(this.#limitMs - this.#usedMs, () =>
      this.#onOver(new LonghaulError("RUNS_MAX_DURATION", { limit: this.#limitMs })),
    );
  }

  stop(): void {
    this.#usedMs += this.#clock.now() - this.#startedAt;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
