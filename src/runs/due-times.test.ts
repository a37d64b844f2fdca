import { expect, test } from "vitest";
import { Gate } from "../../test/support/gate.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { DueTimes } from "./due-times.ts";

/** What is due at each look; after the last, nothing is. */
function setUp(...answers: (number | Error)[]) {
  const clock = new VirtualClock(0);
  const looks: number[] = [];
  const errors: unknown[] = [];
  const dueTimes = new DueTimes({
    clock,
    advance: async (now) => {
      looks.push(now);
      const answer = answers.shift() ?? Infinity;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    advanced: () => {},
    report: (error) => errors.push(error),
  });
  return { clock, looks, errors, dueTimes };
}

test("looks again when the next thing is due, and only then", async () => {
  const { clock, looks, dueTimes } = setUp(100, 250);
  await dueTimes.advance();
  await clock.advance(1_000);
  expect(looks).toEqual([0, 100, 250]);
});

test("what comes earlier sets the timer back, what comes later does not", async () => {
  const { clock, looks, dueTimes } = setUp(500);
  await dueTimes.advance();
  dueTimes.lower(700);
  dueTimes.lower(200);
  await clock.advance(300);
  expect(looks).toEqual([0, 200]);
});

test("what is left of a bite is taken at once", async () => {
  const { looks, dueTimes } = setUp(0, 0);
  await dueTimes.advance();
  expect(looks).toEqual([0, 0, 0]);
});

test("a failure is reported, and tried again a second later", async () => {
  const { clock, looks, errors, dueTimes } = setUp(new Error("busy"));
  await dueTimes.advance();
  await clock.advance(1_000);
  expect(errors).toMatchObject([{ message: "busy" }]);
  expect(looks).toEqual([0, 1_000]);
});

test("after its end it looks no more", async () => {
  const { clock, looks, dueTimes } = setUp(100);
  await dueTimes.advance();
  await dueTimes.stop();
  dueTimes.lower(10);
  await dueTimes.advance();
  await clock.advance(1_000);
  expect(looks).toEqual([0]);
  expect(clock.pendingTimers).toBe(0);
});

test("its end comes when what is being done is done", async () => {
  const gate = new Gate<number>();
  const dueTimes = new DueTimes({
    clock: new VirtualClock(0),
    advance: () => gate.pass(),
    advanced: () => {},
    report: () => {},
  });
  const advanced = dueTimes.advance();
  let isStopped = false;
  const stopped = dueTimes.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  gate.open(Infinity);
  await Promise.all([advanced, stopped]);
});

test("a look finds what came due while the timers stood still", async () => {
  let now = 0;
  const looks: number[] = [];
  const dueTimes = new DueTimes({
    // As in a machine that slept: the time has gone on, and no timer has rung.
    clock: { now: () => now, after: () => () => {} },
    advance: async () => (looks.push(now) === 1 ? 100 : Infinity),
    advanced: () => {},
    report: () => {},
  });
  await dueTimes.advance();
  now = 99;
  dueTimes.look();
  now = 8 * 3_600_000;
  dueTimes.look();
  dueTimes.look();
  await dueTimes.stop();
  dueTimes.look();
  expect(looks).toEqual([0, now]);
});
