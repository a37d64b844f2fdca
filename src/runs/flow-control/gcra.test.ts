import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Rate, rateLimitBurst, takeToken } from "./gcra.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Which of these requests get a token. */
function run(rate: Rate, times: readonly number[]): boolean[] {
  let tat: number | undefined;
  return times.map((now) => {
    const answer = takeToken(rate, tat, now);
    ({ tat } = answer);
    return answer.allowed;
  });
}

describe("throttle", () => {
  it("lets limit through at once, then one every period / limit", () => {
    const rate = { limit: 3, periodMs: 60_000, burst: 0 };
    const times = [0, 0, 0, 0, 19_999, 20_000, 20_000, 40_000, 60_000, 79_999, 80_000];
    expect(run(rate, times).map(Number)).toEqual([1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1]);
  });

  it("lets burst more through at once", () => {
    expect(run({ limit: 2, periodMs: 1000, burst: 3 }, [0, 0, 0, 0, 0, 0, 499, 500])).toEqual([
      ...[true, true, true, true, true],
      ...[false, false, true],
    ]);
  });

  it("says when the next token comes", () => {
    const rate = { limit: 2, periodMs: 1000, burst: 0 };
    const first = takeToken(rate, undefined, 10_000);
    expect(first).toEqual({ allowed: true, tat: 10_500, nextAt: 10_000 });
    const second = takeToken(rate, first.tat, 10_000);
    expect(second).toEqual({ allowed: true, tat: 11_000, nextAt: 10_500 });
    expect(takeToken(rate, second.tat, 10_000)).toEqual({
      allowed: false,
      tat: 11_000,
      nextAt: 10_500,
    });
  });
});

describe("rateLimit, as Inngest counts", () => {
  it("5 in 24 hours lets one through, then one every 4.8 hours", () => {
    const rate = { limit: 5, periodMs: DAY_MS, burst: rateLimitBurst(5) };
    const times = [0, 1, HOUR_MS, 4.8 * HOUR_MS, 4.8 * HOUR_MS + 1, 9.6 * HOUR_MS];
    expect(run(rate, times)).toEqual([true, false, false, true, false, true]);
  });

  it.each([
    [1, 1],
    [9, 1],
    [10, 2],
    [100, 11],
  ])("a limit of %i has a capacity of %i", (limit, capacity) => {
    const rate = { limit, periodMs: HOUR_MS, burst: rateLimitBurst(limit) };
    const allowed = run(
      rate,
      Array.from({ length: limit + 2 }, () => 5),
    ).filter(Boolean);
    expect(allowed.length).toBe(capacity);
  });
});

it("a rate of nothing is one of one", () => {
  expect(run({ limit: 0, periodMs: 1000, burst: -5 }, [0, 0, 1000])).toEqual([true, false, true]);
});

const rates = fc.record({
  limit: fc.integer({ min: 1, max: 500 }),
  periodMs: fc.integer({ min: 1000, max: DAY_MS }),
  burst: fc.integer({ min: 0, max: 50 }),
});
const gaps = fc.array(fc.nat(5000), { minLength: 1, maxLength: 300 });
const timesOf = (gaps: readonly number[]): number[] => {
  let time = 1.7e12;
  return gaps.map((gap) => (time += gap));
};

it("gives its whole capacity at once", () => {
  fc.assert(
    fc.property(rates, (rate) => {
      const times = Array.from({ length: rate.limit + rate.burst + 1 }, () => 1.7e12);
      const allowed = run(rate, times);
      expect(allowed.pop()).toBe(false);
      expect(allowed.every(Boolean)).toBe(true);
    }),
  );
});

it("never gives more than its capacity and what came back meanwhile", () => {
  fc.assert(
    fc.property(rates, gaps, (rate, gaps) => {
      const times = timesOf(gaps);
      const allowed = run(rate, times);
      let given = 0;
      for (const [i, time] of times.entries()) {
        given += Number(allowed[i]);
        const came = ((time - times[0]!) * rate.limit) / rate.periodMs;
        expect(given).toBeLessThanOrEqual(rate.limit + rate.burst + came * 1.0003 + 0.001);
      }
    }),
  );
});

it("what is refused changes nothing, and is allowed at the time it was told", () => {
  fc.assert(
    fc.property(rates, gaps, (rate, gaps) => {
      let tat: number | undefined;
      for (const now of timesOf(gaps)) {
        const answer = takeToken(rate, tat, now);
        const { nextAt } = answer;
        ({ tat } = answer);
        expect(nextAt > now || answer.allowed).toBe(true);
        expect(takeToken(rate, tat, nextAt).allowed).toBe(true);
        expect(nextAt === now || !takeToken(rate, tat, nextAt - 1).allowed).toBe(true);
      }
    }),
  );
});

it("waits no longer than for an empty bucket, however far the clock was set back", () => {
  const rate = { limit: 2, periodMs: 1000, burst: 0 };
  const ahead = takeToken(rate, takeToken(rate, undefined, DAY_MS).tat, DAY_MS);
  const refused = takeToken(rate, ahead.tat, 0);
  expect(refused).toEqual({ allowed: false, tat: 1_000, nextAt: 500 });
  expect(takeToken(rate, refused.tat, 500).allowed).toBe(true);
});
