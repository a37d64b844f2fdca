import fc from "fast-check";
import { expect, it } from "vitest";
import { createEventId, createId, createRunId, timeOfId } from "./ids.ts";

it("says what it is for, and when it was made", () => {
  const now = Date.UTC(2026, 0, 15, 12);
  expect(createRunId(now)).toMatch(/^run_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(createEventId(now)).toMatch(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(timeOfId(createRunId(now + 5))).toBe(now + 5);
});

it("ids sort in the order they were made, also when the clock goes back", () => {
  const time = fc.integer({ min: 2e12, max: 2e12 + 3 });
  fc.assert(
    fc.property(fc.array(time, { minLength: 2, maxLength: 50 }), (times) => {
      const ids = times.map((now) => createId("run", now));
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

it("a hundred thousand ids of one ms differ and are in order", () => {
  const now = 3e12;
  let last = "";
  for (let i = 0; i < 100_000; i++) {
    const id = createRunId(now);
    expect(id > last).toBe(true);
    last = id;
  }
  expect(timeOfId(last)).toBe(now);
});

it("keeps to 48 bits of time", () => {
  expect(timeOfId(createRunId(2 ** 60))).toBe(2 ** 48 - 1);
});

it.each(["", "run_", "job_01ARZ3NDEKTSV4RRFFQ69G5FAV", "run_01ARZ3NDEKTSV4RRFFQ69G5FAU"])(
  "%s is no id of ours",
  (id) => {
    expect(timeOfId(id)).toBeUndefined();
  },
);
