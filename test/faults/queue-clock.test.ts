/** The machine's clock is set forward or back while work is under way: nothing starts early, stops for ever or storms. */
import { setTimeout as pause } from "node:timers/promises";
import type { Job, WorkerOptions } from "bullmq";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realNow, replaceClock, restoreClock } from "./programs/fixed-clock.ts";
import { checkFile } from "./queue-check-file.ts";
import {
  faultsKit,
  Queue,
  uniqueName,
  until,
  Worker,
  type Place,
  type TestQueue,
  type TestWorker,
} from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const TEN_YEARS = 10 * 365 * 24 * HOUR;
/** How soon work goes on that the jump has made due. */
const SOON_MS = 3 * SECOND;

let offset = 0;
const kit = faultsKit();
beforeEach(() => {
  offset = 0;
  replaceClock(() => realNow() + offset);
});
afterEach(restoreClock);

/** Sets the clock; negative is back. */
const jump = (by: number) => void (offset += by);

interface Start {
  readonly name: string;
  /** By the clock, not by the machine's. */
  readonly at: number;
}

interface Scene {
  readonly place: Place;
  readonly queue: TestQueue;
  readonly worker: TestWorker;
  readonly starts: Start[];
  readonly errors: Error[];
  completed(count: number): Promise<void>;
}

async function scene(
  options: Partial<WorkerOptions> = {},
  handle?: () => Promise<unknown>,
): Promise<Scene> {
  const place = kit.place();
  const { connection } = place;
  const queue = kit.closing(new Queue(uniqueName("clock"), { connection }));
  const starts: Start[] = [];
  const errors: Error[] = [];
  const worker = kit.closing(
    new Worker(
      queue.name,
      async ({ name }: Job) => {
        starts.push({ name, at: Date.now() });
        await handle?.();
      },
      { ...options, connection },
    ),
  );
  worker.on("error", (error) => errors.push(error));
  await worker.waitUntilReady();
  const completed = (count: number) =>
    until(
      `${count} jobs are completed`,
      async () => (await queue.getCompletedCount()) === count,
      SOON_MS,
    );
  return { place, queue, worker, starts, errors, completed };
}

/** Runs a job to its end: the worker is idle then, and waits. */
async function warmUp({ queue, completed, starts }: Scene): Promise<void> {
  await queue.add("first", {});
  await completed(1);
  starts.length = 0;
}

const problemsOf = ({ place, errors }: Scene): string[] => [
  ...errors.map(String),
  ...checkFile(place.path),
];

const jumps = [
  ["an hour forward", HOUR],
  ["an hour back", -HOUR],
  ["ten years back", -TEN_YEARS],
  ["ten years forward", TEN_YEARS],
] as const;

describe("delayed jobs", () => {
  test("that the jump makes due start soon, in due order", async () => {
    const it = await scene();
    await warmUp(it);
    await it.queue.add("second", {}, { delay: 50 * 60 * SECOND });
    await it.queue.add("first", {}, { delay: 30 * 60 * SECOND });
    await it.queue.add("later", {}, { delay: 2 * HOUR });
    jump(HOUR);
    await it.completed(3);
    expect(it.starts.map(({ name }) => name)).toEqual(["first", "second"]);
    expect(await it.queue.getDelayedCount()).toBe(1);
    expect(problemsOf(it)).toEqual([]);
  });

  test.each([-HOUR, -TEN_YEARS])("wait for the clock after a jump of %d ms", async (by) => {
    const it = await scene();
    await warmUp(it);
    const job = await it.queue.add("late", {}, { delay: 300 });
    const due = job.timestamp + 300;
    jump(by);
    // What is added now goes by the new time, and is not held up.
    await it.queue.add("new", {}, { delay: 100 });
    await it.completed(2);
    await pause(500);
    expect(it.starts.map(({ name }) => name)).toEqual(["new"]);
    jump(-by);
    await it.completed(3);
    expect(it.starts.at(-1)!.at).toBeGreaterThanOrEqual(due);
    expect(problemsOf(it)).toEqual([]);
  });
});

describe("an idle worker", () => {
  test.each(jumps)("takes jobs after a jump of %s", async (_, by) => {
    const it = await scene();
    await warmUp(it);
    jump(by);
    await it.queue.addBulk([
      { name: "a", data: {} },
      { name: "b", data: {}, opts: { priority: 1 } },
    ]);
    await it.queue.add("c", {}, { delay: 200 });
    await it.completed(4);
    expect(it.starts.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(problemsOf(it)).toEqual([]);
  });
});

describe("a job that is being worked on", () => {
  test.each(jumps)("is finished once, after a jump of %s", async (_, by) => {
    // Short locks, renewed in time, and checks as often.
    const options = { lockDuration: SECOND, stalledInterval: SECOND };
    const it = await scene(options, () => pause(3 * SECOND));
    let stalled = 0;
    it.worker.on("stalled", () => stalled++);
    const job = await it.queue.add("long", {});
    await until("it is started", () => it.starts.length === 1);
    jump(by);
    await until("it is completed", () => job.isCompleted(), 3 * SOON_MS);
    expect({ stalled, starts: it.starts.length }).toEqual({ stalled: 0, starts: 1 });
    expect(problemsOf(it)).toEqual([]);
  });

  test.each(jumps)("is given back when its process dies, after a jump of %s", async (_, by) => {
    const it = await scene();
    await it.worker.pause();
    const { connection, ledger } = it.place;
    const child = new Child("queue-worker", {
      ...{ connection, ledger, queue: it.queue.name, name: "dies", handler: "hold" },
    });
    await child.next("ready");
    await it.queue.add("orphan", { key: "orphan" });
    child.send({ type: "go" });
    await child.next("started");
    jump(by);
    void it.worker.resume();
    await child.kill();
    await it.completed(1);
    expect(problemsOf(it)).toEqual([]);
  });

  test.each([-HOUR, -TEN_YEARS])(
    "is found stalled although the last check seems to lie ahead (%d ms)",
    async (by) => {
      const it = await scene({ stalledInterval: 100 });
      await warmUp(it);
      jump(by);
      await it.worker.pause();
      const { connection, ledger } = it.place;
      const child = new Child("queue-worker", {
        ...{ connection, ledger, queue: it.queue.name, name: "sleeper", handler: "hold" },
        options: { lockDuration: 200, skipStalledCheck: true },
        clockOffset: by,
      });
      await child.next("ready");
      await it.queue.add("orphan", { key: "orphan" });
      child.send({ type: "go" });
      await child.next("started");
      child.signal("SIGSTOP");
      void it.worker.resume();
      await it.completed(2);
      expect(problemsOf(it)).toEqual([]);
    },
  );
});

describe("the limiter", () => {
  test.each(jumps)(
    "does not hold jobs back for longer than its window, after a jump of %s",
    async (_, by) => {
      const it = await scene({ limiter: { max: 2, duration: 500 } });
      await it.queue.addBulk(Array.from({ length: 6 }, (_, n) => ({ name: `${n}`, data: {} })));
      await until("the first window is used up", () => it.starts.length === 2);
      const at = performance.now();
      jump(by);
      await it.completed(6);
      expect(performance.now() - at).toBeGreaterThan(400);
      expect(problemsOf(it)).toEqual([]);
    },
  );

  test("is lifted after a manual limit and a jump back", async () => {
    const it = await scene({ limiter: { max: 100, duration: 500 } });
    await warmUp(it);
    await it.queue.rateLimit(300);
    jump(-TEN_YEARS);
    await it.queue.add("a", {});
    await it.completed(2);
    expect(problemsOf(it)).toEqual([]);
  });
});

describe("a scheduler", () => {
  test.each([HOUR, TEN_YEARS])("does not catch up run by run after a jump of %d ms", async (by) => {
    const it = await scene();
    await it.queue.upsertJobScheduler("tick", { every: SECOND });
    await until("it ran", () => it.starts.length >= 1, SOON_MS);
    jump(by);
    const before = it.starts.length;
    await until("it runs again", () => it.starts.length > before, SOON_MS);
    await pause(2 * SECOND);
    expect(it.starts.length - before).toBeLessThanOrEqual(5);
    expect(it.starts.length - before).toBeGreaterThanOrEqual(2);
    expect(problemsOf(it)).toEqual([]);
  });

  test("with a pattern runs at the next time of the new clock", async () => {
    const it = await scene();
    await it.queue.upsertJobScheduler("tick", { pattern: "* * * * * *" });
    await until("it ran", () => it.starts.length >= 1, SOON_MS);
    jump(HOUR);
    const before = it.starts.length;
    await until("it runs again", () => it.starts.length >= before + 2, 2 * SOON_MS);
    await pause(SECOND);
    expect(it.starts.length - before).toBeLessThanOrEqual(5);
    expect(problemsOf(it)).toEqual([]);
  });

  test.each([-HOUR, -TEN_YEARS])("is not early, and one, after a jump of %d ms", async (by) => {
    const it = await scene();
    await it.queue.upsertJobScheduler("tick", { every: SECOND });
    await until("it ran", () => it.starts.length >= 1, SOON_MS);
    jump(by);
    const before = it.starts.length;
    await pause(1500);
    // One may have been claimed already. The next run waits for its time.
    expect(it.starts.length - before).toBeLessThanOrEqual(1);
    expect(await it.queue.getDelayedCount()).toBe(1);
    jump(-by);
    await until("it runs again", () => it.starts.length > before, SOON_MS);
    expect(problemsOf(it)).toEqual([]);
  });
});
