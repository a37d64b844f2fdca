import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextSlot, type SlotInput } from "./scheduler-slot.ts";

const slot = (input: Partial<SlotInput>) =>
  nextSlot({
    every: 1000,
    now: 10_250,
    offset: 0,
    previous: undefined,
    startDate: undefined,
    ...input,
  });

describe("a first iteration", () => {
  it("is due at once, and keeps the offset it happens to have", () => {
    expect(slot({})).toEqual({ at: 10_250, offset: 250 });
  });

  it("waits for a start date ahead, and ignores one that is past", () => {
    expect(slot({ startDate: 12_100 })).toEqual({ at: 12_100, offset: 100 });
    expect(slot({ startDate: 5000 })).toEqual({ at: 10_250, offset: 250 });
  });

  it("waits for the next slot of a given offset", () => {
    expect(slot({ offset: 300 })).toEqual({ at: 10_300, offset: 300 });
    expect(slot({ offset: 200 })).toEqual({ at: 11_200, offset: 200 });
    expect(slot({ offset: 250 })).toEqual({ at: 11_250, offset: 250 });
  });
});

describe("a following iteration", () => {
  it("is one interval after the one before, even if that is now", () => {
    expect(slot({ previous: 9400 }).at).toBe(10_400);
    expect(slot({ previous: 9250 }).at).toBe(10_250);
  });

  it("skips what was missed and falls back into the slots of its offset", () => {
    expect(slot({ previous: 3300, offset: 300 })).toEqual({ at: 10_300, offset: 300 });
    expect(slot({ previous: 3200, offset: 200 })).toEqual({ at: 11_200, offset: 200 });
    expect(slot({ previous: 3250 })).toEqual({ at: 11_000, offset: 0 });
  });
});

it("never looks back, and never more than an interval ahead of now or of the slot before", () => {
  const time = fc.integer({ min: 0, max: 1e7 });
  fc.assert(
    fc.property(
      fc.record({
        every: fc.integer({ min: 1, max: 1e6 }),
        now: time,
        offset: fc.nat(1e6),
        previous: fc.option(time, { nil: undefined }),
        startDate: fc.constant(undefined),
      }),
      (input) => {
        const { every, now, offset, previous } = input;
        const { at } = nextSlot({ ...input, offset: offset % every });
        expect(at).toBeGreaterThanOrEqual(now);
        expect(at).toBeLessThanOrEqual(Math.max(now, previous ?? 0) + every);
      },
    ),
  );
});
