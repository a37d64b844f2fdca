import { afterEach, expect, test, vi } from "vitest";
import { MAX_TIMER_DELAY_MS, systemClock } from "./clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("follows fake timers that are installed after it was loaded", () => {
  vi.useFakeTimers({ now: 1_000 });
  const fired: number[] = [];
  systemClock.after(50, () => fired.push(systemClock.now()));
  vi.advanceTimersByTime(49);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual([1_050]);
});

test("tells the machine's time", () => {
  const before = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
});

test("a canceled callback is not called, also when the timers were exchanged meanwhile", () => {
  vi.useFakeTimers();
  const callback = vi.fn<() => void>();
  const cancel = systemClock.after(10, callback);
  const fake = globalThis.setTimeout;
  vi.useRealTimers();
  cancel();
  expect(globalThis.setTimeout).not.toBe(fake);
  expect(callback).not.toHaveBeenCalled();
});

test("caps what a timer cannot hold instead of firing at once", () => {
  vi.useFakeTimers();
  const callback = vi.fn<() => void>();
  systemClock.after(Number.MAX_SAFE_INTEGER, callback);
  vi.advanceTimersByTime(MAX_TIMER_DELAY_MS - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});

test("a delay in the past fires in the next turn", () => {
  vi.useFakeTimers();
  const callback = vi.fn<() => void>();
  systemClock.after(-5, callback);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});
