import { expect, it } from "vitest";
import { joinDebounce } from "./debounce.ts";

const options = { periodMs: 5000 };

it("debounce waits for a period of silence and keeps the newest event", () => {
  const first = joinDebounce(options, undefined, 1000, 1000);
  expect(first).toEqual({ openedAt: 1000, eventTs: 1000, replaces: true, dueAt: 6000 });
  const second = joinDebounce(options, first, 4000, 4000);
  expect(second).toEqual({ openedAt: 1000, eventTs: 4000, replaces: true, dueAt: 9000 });
});

it("debounce ignores an event that is older than the kept one", () => {
  const open = { openedAt: 1000, eventTs: 4000 };
  expect(joinDebounce(options, open, 3999, 5000)).toEqual({
    ...open,
    replaces: false,
    dueAt: undefined,
  });
  expect(joinDebounce(options, open, 4000, 5000)).toMatchObject({ replaces: true, dueAt: 10_000 });
});

it("debounce.timeout bounds the delay, from the first event", () => {
  const open = { openedAt: 1000, eventTs: 1000 };
  const bounded = { periodMs: 5000, timeoutMs: 8000 };
  expect(joinDebounce(bounded, open, 5000, 5000).dueAt).toBe(9000);
  expect(joinDebounce(bounded, undefined, 5000, 5000).dueAt).toBe(10_000);
  // The timer was late: at once.
  expect(joinDebounce(bounded, open, 9500, 9500).dueAt).toBe(9500);
  expect(joinDebounce({ periodMs: 5000, timeoutMs: 2000 }, undefined, 0, 0).dueAt).toBe(2000);
});
