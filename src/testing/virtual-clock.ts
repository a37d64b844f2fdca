import { type Clock, MAX_TIMER_DELAY_MS } from "../core/clock.ts";

/** Where a {@link VirtualClock} starts unless told otherwise: a Thursday, at midnight UTC. */
export const DEFAULT_START = Date.UTC(2026, 0, 1);

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is moved, and calls what is due on the way, in order.
 *
 * It governs what takes a {@link Clock}; `Date` and `setTimeout` of the code under test stay real.
 *
 * @example
 * const clock = new VirtualClock(Date.UTC(2026, 0, 1));
 * clock.after(3_600_000, () => console.log("an hour later"));
 * await clock.advance(24 * 3_600_000);
 */
export class VirtualClock implements Clock {
  #now: number;
  /** By due time; those due at the same time in the order they were set. */
  #timers: Timer[] = [];

  /** @param now epoch ms, or a date. @default 2026-01-01 */
  constructor(now: number | Date = DEFAULT_START) {
    this.#now = Number(now);
    if (!Number.isFinite(this.#now)) throw new RangeError("A clock needs a time to start at");
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const delay = Math.min(Math.max(delayMs, 0), MAX_TIMER_DELAY_MS);
    const timer: Timer = { at: this.#now + delay, callback };
    // Timers are few, and most are set for later than all others.
    const behind = this.#timers.findLastIndex(({ at }) => at <= timer.at);
    this.#timers.splice(behind + 1, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** When the next timer is due; `Infinity` if none is set. */
  get nextDue(): number {
    return this.#timers[0]?.at ?? Infinity;
  }

  /** How many timers are set: for tests that look for what was left behind. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Moves to the next timer and calls it. @returns false, and nothing moves, if none is due until `limit` */
  fireNext(limit = Infinity): boolean {
    const timer = this.#timers[0];
    if (!timer || timer.at > limit) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
    return true;
  }

  /**
   * Moves on, calling each timer at its time.
   * @param settle awaited before the first timer, after each and at the end, so that what a timer started can set
   *   timers of its own before the clock goes past them. @default a turn of the event loop
   */
  async advance(durationMs: number, settle: () => Promise<void> = nextTurn): Promise<void> {
    if (!(durationMs >= 0)) throw new RangeError(`A clock cannot move by ${durationMs} ms`);
    const end = this.#now + durationMs;
    await settle();
    while (this.fireNext(end)) await settle();
    this.#now = Math.max(this.#now, end);
    await settle();
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
