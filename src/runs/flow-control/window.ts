/**
 * The exact way to limit a rate: at most `limit` in any window of `periodMs`, however it is laid. What people expect of
 * "five a day", and what Inngest's `rateLimit` does not do (gcra.ts). The price is a remembered time for each of the
 * last `limit` starts.
 */

/** At most `limit` in any window of `periodMs`. */
export interface WindowRate {
  readonly limit: number;
  readonly periodMs: number;
}

/** What became of one request. */
export interface WindowAnswer {
  readonly allowed: boolean;
  /** Times to remember from now on, in ascending order, at most `limit` of them. */
  readonly times: readonly number[];
  /** When the next one would be allowed, epoch ms; `now` if there is room left. */
  readonly nextAt: number;
}

/**
 * Counts one start in, if there is room.
 *
 * @param times When earlier ones were let through, ascending. Those outside the window may be among them.
 */
export function takeFromWindow(
  { limit, periodMs }: WindowRate,
  times: readonly number[],
  now: number,
): WindowAnswer {
  // What lies ahead was counted before the clock was set back: it counts as of now.
  const recent = times.filter((time) => time > now - periodMs).map((time) => Math.min(time, now));
  const allowed = recent.length < limit;
  if (allowed) recent.push(now);
  const oldest = recent[recent.length - limit];
  return { allowed, times: recent, nextAt: oldest === undefined ? now : oldest + periodMs };
}
