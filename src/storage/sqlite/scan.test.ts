import fc from "fast-check";
import { expect, it } from "vitest";
import { ScanBudget } from "./scan-budget.ts";
import { scanKeys, type ReadKeys } from "./scan.ts";

/** A table of these keys; every piece costs 10 ms. */
function table(keys: readonly number[]) {
  let time = 0;
  const pieces: [number, number][] = [];
  const reader =
    (isDown: boolean): ReadKeys =>
    async (low, high, limit) => {
      time += 10;
      pieces.push([low, high]);
      const found = keys.filter((key) => key >= low && key <= high).toSorted((a, b) => a - b);
      return (isDown ? found.reverse() : found).slice(0, limit).map((key) => [key]);
    };
  return { reader, pieces, elapsed: () => time };
}

it("finds every key once, in order, however the pages are cut", async () => {
  const keysOf = fc.uniqueArray(fc.integer({ min: 1, max: 20_000 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      keysOf,
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 50 }),
      async (keys, isDown, limit, timeBoxMs) => {
        const { reader, elapsed } = table(keys);
        const found: number[] = [];
        let bounds = { low: 1, high: 20_000 };
        for (let isComplete = false; !isComplete;) {
          const page = await scanKeys({
            ...{
              read: reader(isDown),
              isDown,
              ...bounds,
              limit,
              timeBoxMs,
              elapsed,
              budget: new ScanBudget(),
            },
          });
          expect(page.keys.length).toBeLessThanOrEqual(limit);
          found.push(...page.keys);
          bounds = isDown ? { ...bounds, high: page.next } : { ...bounds, low: page.next };
          ({ isComplete } = page);
        }
        const sorted = keys.toSorted((a, b) => a - b);
        expect(found).toEqual(isDown ? sorted.reverse() : sorted);
      },
    ),
  );
});

it("ends when time is up, and says where to go on", async () => {
  const { reader, pieces, elapsed } = table([5]);
  const options = {
    read: reader(true),
    isDown: true,
    low: 1,
    limit: 1,
    elapsed,
    budget: new ScanBudget(),
  };
  const first = await scanKeys({ ...options, high: 10_000, timeBoxMs: 20 });
  expect(pieces).toHaveLength(2);
  expect(first).toEqual({ keys: [], isComplete: false, next: pieces[1]![0] - 1 });
  const rest = await scanKeys({ ...options, high: first.next, timeBoxMs: 1_000 });
  expect(rest).toEqual({ keys: [5], isComplete: true, next: 0 });
});

it("takes larger pieces where they are quick, so that gaps cost nothing", async () => {
  const reads: number[] = [];
  const { keys } = await scanKeys({
    read: async (low, high) => {
      reads.push(high - low);
      return low <= 1 ? [[1]] : [];
    },
    ...{ isDown: true, low: 1, high: 10 ** 12, limit: 1, timeBoxMs: 100, elapsed: () => 0 },
  });
  expect(keys).toEqual([1]);
  expect(reads.length).toBeLessThan(40);
});
