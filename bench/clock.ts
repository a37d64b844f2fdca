/** Two clocks: one that all processes of the machine share, and one of the day with fractions. */

/** A monotonic clock, the same in all processes of the machine, in µs. */
export function sharedClockUs(): number {
  return Number(process.hrtime.bigint() / 10n) / 100;
}

/**
 * Milliseconds of the epoch with fractions. `Date.now()` only has whole ones, and
 * `performance.timeOrigin` does not follow when the clock is set: so the two are matched at a tick.
 */
export function fineClock(): () => number {
  const before = Date.now();
  while (Date.now() === before);
  const offset = Date.now() - performance.now();
  return () => performance.now() + offset;
}
