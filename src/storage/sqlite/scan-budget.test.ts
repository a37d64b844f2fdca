import fc from "fast-check";
import { expect, it } from "vitest";
import { ScanBudget } from "./scan-budget.ts";

it("lets one scan go on at full speed", () => {
  const budget = new ScanBudget();
  for (let now = 8; now <= 160; now += 8) expect(budget.spend(8, now)).toBe(0);
});

it("keeps scans without a pause to their share, whatever their pieces take", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 200, maxLength: 300 }),
      (pieces) => {
        const budget = new ScanBudget();
        let now = 0;
        let scanned = 0;
        for (const ms of pieces) {
          now += ms;
          scanned += ms;
          now += budget.spend(ms, now);
        }
        // Beyond what may be used at once.
        expect((scanned - 200) / now).toBeLessThanOrEqual(0.121);
      },
    ),
  );
});

it("has what one scan needs again after a pause", () => {
  const budget = new ScanBudget();
  let now = 0;
  for (let n = 0; n < 100; n++) now += 8 + budget.spend(8, now);
  now += 2_000;
  for (let n = 0; n < 20; n++) expect(budget.spend(8, (now += 8))).toBe(0);
});
