import { expect, it } from "vitest";
import type { Clock } from "../core/clock.ts";
import { DEFAULT_RETENTION, type RetentionOptions, startRetention } from "./retention.ts";

/** A clock that moves when it is told to, and lets what it wakes come to rest. */
class TestClock implements Clock {
  time = 1_000_000;
  readonly timers = new Map<() => void, number>();

  now(): number {
    return this.time;
  }

  after(delayMs: number, callback: () => void): () => void {
    this.timers.set(callback, this.time + delayMs);
    return () => this.timers.delete(callback);
  }

  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > end) break;
      this.timers.delete(next[0]);
      this.time = next[1];
      next[0]();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.time = end;
  }
}

type Sweep = RetentionOptions["store"]["sweep"];

function start(sweep: Sweep, policy?: RetentionOptions["policy"]) {
  const clock = new TestClock();
  const errors: unknown[] = [];
  const retention = startRetention({
    clock,
    policy,
    store: { sweep },
    onError: (error) => errors.push(error),
  });
  return { clock, errors, retention };
}

it("sweeps every minute, with the policy it is given over the default one", async () => {
  const sweeps: Parameters<Sweep>[0][] = [];
  const { clock, retention } = start(
    (params) => {
      sweeps.push(params);
      return Promise.resolve(false);
    },
    { keepRuns: 5 },
  );
  await clock.pass(59_999);
  expect(sweeps).toEqual([]);
  await clock.pass(120_001);
  expect(sweeps).toEqual([
    { now: 1_060_000, ...DEFAULT_RETENTION, keepRuns: 5 },
    { now: 1_120_000, ...DEFAULT_RETENTION, keepRuns: 5 },
    { now: 1_180_000, ...DEFAULT_RETENTION, keepRuns: 5 },
  ]);
  await retention.close();
});

it("takes bite after bite while more is left, with pauses", async () => {
  const times: number[] = [];
  const { clock, retention } = start(({ now }) => {
    times.push(now);
    return Promise.resolve(times.length < 3);
  });
  await clock.pass(61_000);
  expect(times).toEqual([1_060_000, 1_060_020, 1_060_040]);
  await retention.close();
});

it("tells of a failure and goes on", async () => {
  let count = 0;
  const { clock, errors, retention } = start(() => {
    count += 1;
    return count === 1 ? Promise.reject(new Error("disk full")) : Promise.resolve(false);
  });
  await clock.pass(120_000);
  expect(errors).toEqual([new Error("disk full")]);
  expect(count).toBe(2);
  await retention.close();
});

it("close waits for the bite that is being taken, and leaves no timer", async () => {
  let finish: (more: boolean) => void = () => {};
  const { clock, errors, retention } = start(() => new Promise((resolve) => (finish = resolve)));
  await clock.pass(60_000);
  let closed = false;
  const closing = retention.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  finish(true);
  await closing;
  await retention.close();
  expect(clock.timers.size).toBe(0);
  expect(errors).toEqual([]);
});

it("a failure after close is nobody's business", async () => {
  let fail: (error: Error) => void = () => {};
  const { clock, errors, retention } = start(() => new Promise((_, reject) => (fail = reject)));
  await clock.pass(60_000);
  const closing = retention.close();
  fail(new Error("store closed"));
  await closing;
  expect(errors).toEqual([]);
  expect(clock.timers.size).toBe(0);
});

it("closed before its first sweep, it never sweeps", async () => {
  const { clock, retention } = start(() => Promise.reject(new Error("swept")));
  await retention.close();
  expect(clock.timers.size).toBe(0);
});
