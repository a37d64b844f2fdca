/** A source of time. Everything that compares or stores times takes one, so that tests can turn it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` from now, and returns a function that cancels it.
   * Delays above {@link MAX_TIMER_DELAY_MS} fire at that bound: whoever waits longer looks at the clock and waits again.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** The longest delay a Node timer can hold (24.8 days); a longer one would fire at once. */
export const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. It looks its functions up at each call, so that fake timers of a test library govern it. */
export const systemClock: Clock = {
  now: () => globalThis.Date.now(),
  after(delayMs, callback) {
    const { setTimeout, clearTimeout } = globalThis;
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
