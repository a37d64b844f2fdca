import { expect, test } from "vitest";
import { MAX_TIMER_DELAY_MS } from "../core/clock.ts";
import { DEFAULT_START, VirtualClock } from "./virtual-clock.ts";

const DAY_MS = 24 * 3_600_000;

test("stands still until it is moved", async () => {
  const clock = new VirtualClock();
  expect(clock.now()).toBe(DEFAULT_START);
  await clock.advance(DAY_MS);
  expect(clock.now()).toBe(DEFAULT_START + DAY_MS);
});

test("calls timers in order of time, then of setting, each at its own time", async () => {
  const clock = new VirtualClock(0);
  const fired: [string, number][] = [];
  const note = (name: string) => () => fired.push([name, clock.now()]);
  clock.after(20, note("late"));
  clock.after(10, note("first of two"));
  clock.after(10, note("second of two"));
  clock.after(31, note("not yet"));
  await clock.advance(30);
  expect(fired).toEqual([
    ["first of two", 10],
    ["second of two", 10],
    ["late", 20],
  ]);
  expect([clock.pendingTimers, clock.nextDue]).toEqual([1, 31]);
});

test("does not go past what a timer sets while it is settling", async () => {
  const clock = new VirtualClock(0);
  const fired: number[] = [];
  clock.after(10, () => {
    queueMicrotask(() => clock.after(5, () => fired.push(clock.now())));
  });
  await clock.advance(100);
  expect(fired).toEqual([15]);
});

test("waits for what settle waits for", async () => {
  const clock = new VirtualClock(0);
  const order: string[] = [];
  clock.after(10, () => order.push("timer"));
  await clock.advance(10, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    order.push("settled");
  });
  expect(order).toEqual(["settled", "timer", "settled", "settled"]);
});

test("a canceled timer is not called", async () => {
  const clock = new VirtualClock(0);
  const cancel = clock.after(10, () => expect.unreachable());
  cancel();
  cancel();
  await clock.advance(20);
  expect(clock.pendingTimers).toBe(0);
});

test("caps delays as the machine's timers do, and takes the past for now", () => {
  const clock = new VirtualClock(0);
  clock.after(Infinity, () => {});
  expect(clock.nextDue).toBe(MAX_TIMER_DELAY_MS);
  clock.after(-5, () => {});
  expect(clock.nextDue).toBe(0);
});

test("refuses times that are none", async () => {
  expect(() => new VirtualClock(Number.NaN)).toThrow(RangeError);
  expect(new VirtualClock(new Date(5)).now()).toBe(5);
  await expect(new VirtualClock().advance(-1)).rejects.toThrow(RangeError);
});
