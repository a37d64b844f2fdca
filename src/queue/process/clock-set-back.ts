/** Spans that others may have set a little longer than we would are believed. */
const TOLERANCE_MS = 60_000;

/**
 * Whether a span of `lengthMs` that ends at `until` cannot have begun yet: somebody has set the clock back since. Without
 * this look, a clock that was years ahead for a moment would stop limiters and stalled checks for years.
 */
export const liesAhead = (until: number, now: number, lengthMs: number): boolean =>
  until - now > Math.max(lengthMs, TOLERANCE_MS);
