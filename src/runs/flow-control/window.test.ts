import fc from "fast-check";
import { expect, it } from "vitest";
import { takeFromWindow } from "./window.ts";

it("lets five a day through, at once or spread, and the sixth a day after the first", () => {
  const rate = { limit: 2, periodMs: 1000 };
  const first = takeFromWindow(rate, [], 100);
  expect(first).toEqual({ allowed: true, times: [100], nextAt: 100 });
  const second = takeFromWindow(rate, first.times, 100);
  expect(second).toEqual({ allowed: true, times: [100, 100], nextAt: 1100 });
  expect(takeFromWindow(rate, second.times, 1099)).toEqual({
    allowed: false,
    times: [100, 100],
    nextAt: 1100,
  });
  expect(takeFromWindow(rate, second.times, 1100)).toEqual({
    allowed: true,
    times: [1100],
    nextAt: 1100,
  });
});

it("when the clock was set back, what it has counted counts as of now", () => {
  const rate = { limit: 2, periodMs: 1000 };
  const hour = 3_600_000;
  expect(takeFromWindow(rate, [hour], 400)).toMatchObject({ allowed: true, times: [400, 400] });
  const refused = takeFromWindow(rate, [hour, hour + 1], 400);
  expect(refused).toEqual({ allowed: false, times: [400, 400], nextAt: 1_400 });
  expect(takeFromWindow(rate, refused.times, refused.nextAt).allowed).toBe(true);
});

it("no window holds more than the limit, and nothing is refused without need", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(20), { maxLength: 100 }),
      (limit, periodMs, gaps) => {
        const allowed: number[] = [];
        let times: readonly number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const inWindow = allowed.filter((time) => time > now - periodMs).length;
          const answer = takeFromWindow({ limit, periodMs }, times, now);
          expect(answer.allowed).toBe(inWindow < limit);
          expect(answer.times.length).toBeLessThanOrEqual(limit);
          if (answer.allowed) allowed.push(now);
          const later = takeFromWindow({ limit, periodMs }, answer.times, answer.nextAt);
          expect(later.allowed).toBe(true);
          ({ times } = answer);
        }
      },
    ),
  );
});
