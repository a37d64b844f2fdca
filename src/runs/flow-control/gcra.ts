/**
 * The generic cell rate algorithm: a token bucket whose whole state is one number, the theoretical arrival time (`tat`)
 * in epoch ms. A bucket holds `limit + burst` tokens and gets one back every `periodMs / limit`.
 *
 * `burst` is how far the capacity differs from `limit`; it may be negative:
 *   throttle    capacity = limit + burst option, as Inngest's server does it (its JSDoc says something else)
 *   rateLimit   capacity = floor(limit / 10) + 1, as Inngest's server does it: `limit: 5, period: "24h"` lets one
 *               through and then one every 4.8 hours. Whoever wants five in any 24 hours uses `mode: "window"`
 *               (window.ts).
 */

/** The rate of a bucket. */
export interface Rate {
  /** Tokens that come back in one period; at least 1. */
  readonly limit: number;
  readonly periodMs: number;
  /** Tokens the bucket holds besides `limit`; negative for fewer. The capacity is never below 1. */
  readonly burst: number;
}

/** What became of one request for a token. */
export interface RateAnswer {
  readonly allowed: boolean;
  /** The bucket's new state, to be stored; unchanged if refused. Epoch ms with fractions. */
  readonly tat: number;
  /** When the next token can be had, epoch ms (whole). `now` if there is one left. */
  readonly nextAt: number;
}

/**
 * Emission intervals are multiples of 1/2048 ms, rounded down: epoch ms with such fractions add up exactly, so that sums
 * of thirds of a ms do not refuse the last token of a bucket. The rate errs by no more than that, on the fast side.
 */
const STEPS_PER_MS = 2048;

/**
 * Takes one token, if there is one. A refused start is dropped by `rateLimit` and waits for `nextAt` under `throttle`.
 *
 * @param tat The stored state; `undefined` for a bucket never used.
 */
export function takeToken(rate: Rate, tat: number | undefined, now: number): RateAnswer {
  const { emissionMs, capacity } = bucketOf(rate);
  // A clock that was set back leaves at most a bucket that is empty now.
  const emptyUntil = now + capacity * emissionMs;
  const busyUntil = Math.min(Math.max(tat ?? now, now), emptyUntil);
  const allowAt = whenAllowed(busyUntil, emissionMs, capacity);
  if (allowAt > now) return { allowed: false, tat: busyUntil, nextAt: allowAt };
  const next = busyUntil + emissionMs;
  return {
    allowed: true,
    tat: next,
    nextAt: Math.max(whenAllowed(next, emissionMs, capacity), now),
  };
}

/** `burst` of Inngest's `rateLimit`, whose capacity is a tenth of the limit, and one. */
export const rateLimitBurst = (limit: number): number => Math.floor(limit / 10) + 1 - limit;

function bucketOf({ limit, periodMs, burst }: Rate): { emissionMs: number; capacity: number } {
  const tokens = Math.max(limit, 1);
  const emissionMs = Math.max(Math.floor((periodMs / tokens) * STEPS_PER_MS), 1) / STEPS_PER_MS;
  return { emissionMs, capacity: Math.max(tokens + burst, 1) };
}

/** The first whole ms at which one more token fits, given that the bucket is full again at `busyUntil`. */
function whenAllowed(busyUntil: number, emissionMs: number, capacity: number): number {
  return Math.ceil(busyUntil - (capacity - 1) * emissionMs);
}
