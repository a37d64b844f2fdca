import type { Clock } from "../../../src/core/clock.ts";

/** How many times as fast as the machine's clock it goes. */
export const SPEED = 20;
/** Deaths are noticed before a lease runs out, and a machine that is busy must not seem to be dead. */
export const LEASE_MS = 60_000 * SPEED;

/**
 * A clock that is faster than the machine's, so that what has to be long enough to be slept through in the store takes
 * some hundredths of a second.
 *
 * @param setAt When it was right, epoch ms: the same in all processes of a test.
 */
export const fastClock = (setAt: number): Clock => ({
  now: () => setAt + Math.round((Date.now() - setAt) * SPEED),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0) / SPEED, 1e9));
    return () => clearTimeout(timer);
  },
});
