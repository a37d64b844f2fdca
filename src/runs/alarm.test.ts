import { expect, test } from "vitest";
import { MAX_TIMER_DELAY_MS } from "../core/clock.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Alarm } from "./alarm.ts";

function setUp() {
  const clock = new VirtualClock(0);
  const rings: number[] = [];
  const alarm = new Alarm(clock, () => rings.push(clock.now()));
  return { clock, rings, alarm };
}

test("rings once, at the time it was set to last", async () => {
  const { clock, rings, alarm } = setUp();
  alarm.set(100);
  alarm.set(50);
  alarm.set(50);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1_000);
  expect(rings).toEqual([50]);
  expect(alarm.at).toBe(Infinity);
});

test("does not ring when it is unset", async () => {
  const { clock, rings, alarm } = setUp();
  alarm.set(100);
  alarm.set(Infinity);
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(1_000);
  expect(rings).toEqual([]);
});

test("waits longer than a timer can", async () => {
  const { clock, rings, alarm } = setUp();
  alarm.set(MAX_TIMER_DELAY_MS * 3);
  await clock.advance(MAX_TIMER_DELAY_MS * 4);
  expect(rings).toEqual([MAX_TIMER_DELAY_MS * 3]);
});
