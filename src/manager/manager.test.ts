import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Gate } from "../../test/support/gate.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { type Job, Queue } from "../bullmq/index.ts";
import { Countdown } from "../bullmq/job-timeout.ts";
import { createQueueManager, queueManager, QueueManager, type TaskUpdate } from "./index.ts";
import type { QueueManagerOptions, TaskOptions, TaskProcessor } from "./types.ts";

let count = 0;

/** Lets so many turns of the event loop pass, in which workers claim and park. */
async function turns(n: number): Promise<void> {
  for (let turn = 0; turn < n; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A manager of a test's own, and another that only adds and controls, as in another process. */
function setUp<Data, Result>(
  processor: TaskProcessor<Data, Result>,
  options: TaskOptions<Data, Result> = {},
  managerOptions: QueueManagerOptions = {},
) {
  const task = `task-${++count}`;
  const errors: Error[] = [];
  const store = { connection: ":memory:", onError: (error: Error) => void errors.push(error) };
  const manager = createQueueManager({ ...store, ...managerOptions });
  const other = createQueueManager({ ...store, ...managerOptions, workers: false });
  manager.registerTask(task, { ...options, processor });
  other.registerTask(task, options);
  const updates: [id: string, update: TaskUpdate][] = [];
  const waiting = new Set<() => void>();
  other.onTaskUpdate((_, id, update) => {
    updates.push([id, update]);
    for (const wake of waiting) wake();
  });
  /** Resolves when such an update of the job has come. */
  const seen = async (id: string, status: TaskUpdate["status"]) => {
    for (;;) {
      const found = updates.find((update) => update[0] === id && update[1].status === status);
      if (found) return found[1];
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
  onTestFinished(async () => {
    await manager.close();
    await other.close();
    expect(errors).toEqual([]);
  });
  return { task, manager, other, updates, seen };
}

test("a job is added, processed and watched", async () => {
  const { task, manager, seen, updates } = setUp<{ n: number }, number>(
    async ({ id, data, updateProgress, signal }) => {
      expect(id).toBe("1");
      expect(signal.aborted).toBe(false);
      await updateProgress({ percentage: 50, current: 5, total: 10, message: "Half of it" });
      return data.n * 2;
    },
  );
  const id = await manager.addJob(task, { n: 21 });
  await seen(id, "completed");
  expect(updates.map(([, update]) => update)).toEqual([
    { status: "waiting" },
    { status: "active" },
    {
      status: "active",
      progress: { percentage: 50, current: 5, total: 10, message: "Half of it" },
    },
    { status: "completed", result: 42 },
  ]);
  expect(await manager.getJobState(task, id)).toBe("completed");
  expect(await manager.getJob(task, id)).toMatchObject({
    returnvalue: 42,
    opts: {
      attempts: 3,
      backoff: { type: "exponential", delay: 2000 },
      removeOnComplete: 10,
      removeOnFail: 5,
    },
  });
});

test("settings of the manager, the task and the job go before each other", async () => {
  const { task, other } = setUp(
    async () => {},
    { attempts: 5 },
    { workers: false, defaults: { attempts: 4, removeOnFail: false } },
  );
  const id = await other.addJob(task, {}, { removeOnFail: true, priority: 7 });
  expect((await other.getJob(task, id))?.opts).toMatchObject({
    ...{ attempts: 5, removeOnFail: true, priority: 7, removeOnComplete: 10 },
  });
});

test("a job that fails for good says why, and lies in the dead-letter queue", async () => {
  const { task, manager, seen } = setUp(
    async () => {
      throw new Error("no reviews there");
    },
    { attempts: 1, deadLetterQueue: "manager-dead" },
  );
  const id = await manager.addJob(task, { shop: 1 });
  expect(await seen(id, "failed")).toEqual({ status: "failed", error: "no reviews there" });
  const letters = new Queue("manager-dead", { connection: ":memory:" });
  onTestFinished(() => letters.close());
  expect((await letters.getJobs()).map(({ data }) => data)).toMatchObject([
    { originalQueue: task, originalJobId: id, data: { shop: 1 }, error: "no reviews there" },
  ]);
});

test("tasks may share a queue, with one worker and their own processors", async () => {
  const manager = createQueueManager({ connection: ":memory:" });
  onTestFinished(() => manager.close());
  const queueName = `shared-${++count}`;
  for (const name of ["up", "down"])
    manager.registerTask(name, { queueName, processor: async () => name });
  const results = new Map<string, unknown>();
  const all = new Promise<void>((resolve) =>
    manager.onTaskUpdate((task, _, { status, result }) => {
      if (status === "completed") results.set(task, result);
      if (results.size === 2) resolve();
    }),
  );
  await manager.addJob("up", {});
  await manager.addJob("down", {});
  await all;
  expect([...results]).toEqual([
    ["up", "up"],
    ["down", "down"],
  ]);
  expect(() =>
    manager.registerTask("left", { queueName, concurrency: 9, processor: async () => {} }),
  ).toThrow(expect.objectContaining({ code: "MANAGER_BAD_TASK" }));
});

describe("a paused job", () => {
  test("that waits does not run before it is resumed, and spends no attempt", async () => {
    const started: string[] = [];
    const { task, manager, other, seen } = setUp(
      async ({ id }) => {
        started.push(id);
        await gates[id]?.pass();
      },
      { concurrency: 1 },
    );
    const gates: Record<string, Gate> = { 1: new Gate() };
    await other.addJob(task, {});
    await gates["1"]!.reached;
    const id = await other.addJob(task, {});
    const last = await other.addJob(task, {});
    expect(await other.pauseJob(task, id)).toBe(true);
    expect(await manager.getJobState(task, id)).toBe("paused");
    gates["1"]!.open();
    await seen(last, "completed");
    expect(started).toEqual(["1", last]);
    expect(await manager.getJobState(task, id)).toBe("paused");
    expect(await other.resumeJob(task, id)).toBe(true);
    await seen(id, "completed");
    expect(await manager.getJob(task, id)).toMatchObject({ attemptsMade: 1 });
    expect(await other.resumeJob(task, id)).toBe(false);
    expect(await other.pauseJob(task, id)).toBe(false);
  });

  test("that is delayed keeps its delay when it is resumed early", async () => {
    const { task, other } = setUp(async () => {});
    const id = await other.addJob(task, {}, { delay: 60_000 });
    await other.pauseJob(task, id);
    expect(await other.getJobState(task, id)).toBe("paused");
    await other.resumeJob(task, id);
    expect(await other.getJobState(task, id)).toBe("delayed");
  });

  test("that became due while it was paused runs when it is resumed", async () => {
    const { task, other, seen } = setUp(async () => "ran");
    const id = await other.addJob(task, {}, { delay: 60_000 });
    await other.pauseJob(task, id);
    const job = (await other.getJob(task, id))!;
    await job.promote();
    // One that came later is through, so this one had its turn.
    await seen(await other.addJob(task, {}), "completed");
    expect(await other.getJobState(task, id)).toBe("paused");
    await other.resumeJob(task, id);
    expect(await seen(id, "completed")).toMatchObject({ result: "ran" });
  });

  test("that runs stops at its next progress until it is resumed", async () => {
    const before = new Gate();
    const passed: number[] = [];
    const { task, other, seen, updates } = setUp(async ({ updateProgress }) => {
      await before.pass();
      for (const percentage of [10, 20]) {
        await updateProgress({ percentage });
        passed.push(percentage);
      }
    });
    const id = await other.addJob(task, {});
    await before.reached;
    await other.pauseJob(task, id);
    before.open();
    while (!updates.some(([, { progress }]) => progress)) await turns(1);
    expect(await other.getJobState(task, id)).toBe("paused");
    expect(passed).toEqual([]);
    await other.resumeJob(task, id);
    await seen(id, "completed");
    expect(passed).toEqual([10, 20]);
  });

  test("has its timeout held while it is paused", async () => {
    const hold = vi.spyOn(Countdown.prototype, "hold");
    const release = vi.spyOn(Countdown.prototype, "release");
    onTestFinished(() => void vi.restoreAllMocks());
    const before = new Gate();
    const { task, other, seen } = setUp(
      async ({ updateProgress }) => {
        await before.pass();
        release.mockClear();
        await updateProgress({ percentage: 10 });
        expect(release).toHaveBeenCalledOnce();
      },
      { timeout: 60_000, attempts: 1 },
    );
    const id = await other.addJob(task, {});
    await before.reached;
    await other.pauseJob(task, id);
    expect(hold).not.toHaveBeenCalled();
    const held = new Promise<void>((resolve) => hold.mockImplementationOnce(() => resolve()));
    before.open();
    await held;
    expect(release).not.toHaveBeenCalled();
    await other.resumeJob(task, id);
    await seen(id, "completed");
  });

  test("is handed back when its process stops, and starts again elsewhere", async () => {
    const reached = new Gate();
    const reasons: unknown[] = [];
    const { task, manager, other, seen } = setUp(async ({ updateProgress, signal }) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await reached.pass();
      await updateProgress({ percentage: 1 });
    });
    const id = await other.addJob(task, {});
    await reached.reached;
    await other.pauseJob(task, id);
    reached.open();
    await manager.close();
    expect(reasons).toMatchObject([{ code: "MANAGER_JOB_HANDED_BACK" }]);
    expect(await other.getJobState(task, id)).toBe("paused");
    const next = createQueueManager({ connection: ":memory:" });
    onTestFinished(() => next.close());
    next.registerTask(task, { processor: async () => "again" });
    await other.resumeJob(task, id);
    expect(await seen(id, "completed")).toMatchObject({ result: "again" });
    expect(await next.getJob(task, id)).toMatchObject({ attemptsMade: 1 });
  });
});

describe("removing", () => {
  test("a running job aborts it, and it is gone", async () => {
    const reached = new Gate();
    const reasons: unknown[] = [];
    const { task, manager, other, seen, updates } = setUp(async ({ signal, updateProgress }) => {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await reached.pass();
      await aborted;
      reasons.push(signal.reason);
      await updateProgress({ percentage: 99 }).catch((error: unknown) => reasons.push(error));
    });
    reached.open();
    const id = await other.addJob(task, {});
    await reached.reached;
    expect(await other.removeJob(task, id)).toBe(true);
    expect(await other.getJobState(task, id)).toBe("unknown");
    expect(await manager.getJob(task, id)).toBeUndefined();
    await seen(id, "removed");
    await manager.close();
    expect(reasons).toMatchObject([
      { code: "MANAGER_JOB_REMOVED" },
      { code: "MANAGER_JOB_REMOVED" },
    ]);
    expect(updates.map(([, { status }]) => status)).not.toContain("failed");
    expect(await other.removeJob(task, id)).toBe(false);
  });

  test("a job whose processor does not wait for its progress harms nobody", async () => {
    const reached = new Gate();
    const { task, other, manager } = setUp(async ({ signal, updateProgress }) => {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await reached.pass();
      await aborted;
      // An error that nobody hears of would fail this test file.
      void updateProgress({ percentage: 99 });
    });
    reached.open();
    const id = await other.addJob(task, {});
    await reached.reached;
    expect(await other.removeJob(task, id)).toBe(true);
    await manager.close();
  });

  test("a waiting or paused job needs no worker", async () => {
    const { task, other } = setUp(async () => {}, {}, { workers: false });
    const waiting = await other.addJob(task, {});
    const paused = await other.addJob(task, {});
    await other.pauseJob(task, paused);
    for (const id of [waiting, paused]) {
      expect(await other.removeJob(task, id)).toBe(true);
      expect(await other.getJobState(task, id)).toBe("unknown");
    }
  });

  test("a job that is paused in its processor ends the wait", async () => {
    const reached = new Gate();
    const { task, other, manager } = setUp(async ({ updateProgress }) => {
      await reached.pass();
      await updateProgress({ percentage: 10 });
    });
    const id = await other.addJob(task, {});
    await reached.reached;
    await other.pauseJob(task, id);
    reached.open();
    expect(await other.removeJob(task, id)).toBe(true);
    expect(await manager.getJobState(task, id)).toBe("unknown");
  });

  test("leaves nothing behind for the next job of that id", async () => {
    const { task, other, seen } = setUp(async () => "fresh");
    await other.addJob(task, {}, { jobId: "mine", delay: 60_000 });
    await other.pauseJob(task, "mine");
    await other.removeJob(task, "mine");
    await other.addJob(task, {}, { jobId: "mine" });
    expect(await seen("mine", "completed")).toMatchObject({ result: "fresh" });
  });
});

describe("races", () => {
  const moments = [...Array(12).keys()];

  test.each(moments)(
    "paused %i turns after it was added, it does not get past a progress",
    async (n) => {
      let passed = 0;
      const { task, other, manager, seen } = setUp(async ({ updateProgress }) => {
        await hold.pass();
        await updateProgress({ percentage: 1 });
        passed++;
        return passed;
      });
      const hold = new Gate();
      const id = await other.addJob(task, {});
      await turns(n);
      expect(await other.pauseJob(task, id)).toBe(true);
      hold.open();
      await turns(20);
      expect(await manager.getJobState(task, id)).toBe("paused");
      expect(passed).toBe(0);
      await other.resumeJob(task, id);
      expect(await seen(id, "completed")).toMatchObject({ result: 1 });
    },
  );

  test.each(moments)("resumed %i turns after it was paused, it ends", async (n) => {
    const { task, other, seen } = setUp(async () => "ended");
    const id = await other.addJob(task, {}, { delay: 60_000 });
    await other.pauseJob(task, id);
    await (await other.getJob(task, id))!.promote();
    await turns(n);
    await other.resumeJob(task, id);
    expect(await seen(id, "completed")).toMatchObject({ result: "ended" });
  });

  test.each(moments)("removed %i turns after it was added, it is gone", async (n) => {
    const { task, other, manager } = setUp(
      ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    );
    const id = await other.addJob(task, {});
    await turns(n);
    if (n % 2 === 1) await other.pauseJob(task, id);
    expect(await other.removeJob(task, id)).toBe(true);
    expect(await manager.getJobState(task, id)).toBe("unknown");
  });
});

test("two processes on one file see each other", async () => {
  const connection = `file:${tempFolder()}/jobs.db`;
  const { task, other, seen } = setUp(async () => "over there", {}, { connection });
  const id = await other.addJob(task, {});
  expect(await seen(id, "completed")).toMatchObject({ result: "over there" });
});

test("what cannot work is refused", async () => {
  const connection = ":memory:";
  const manager = createQueueManager({ connection });
  onTestFinished(() => manager.close());
  const bad = (code: string) => expect.objectContaining({ code });
  expect(() => createQueueManager({ redis: "x" } as never)).toThrow(bad("MANAGER_BAD_OPTION"));
  expect(() => createQueueManager({ defaults: { retries: 3 } as never })).toThrow(
    bad("MANAGER_BAD_OPTION"),
  );
  const processor = async () => {};
  expect(() => manager.registerTask("", { processor })).toThrow(bad("MANAGER_BAD_TASK"));
  expect(() => manager.registerTask("a", {})).toThrow(bad("MANAGER_BAD_TASK"));
  expect(() => manager.registerTask("a", { processor, retries: 3 } as never)).toThrow(
    bad("MANAGER_BAD_TASK"),
  );
  manager.registerTask("a", { processor });
  expect(() => manager.registerTask("a", { processor })).toThrow(bad("MANAGER_BAD_TASK"));
  await expect(manager.addJob("b", {})).rejects.toThrow(bad("MANAGER_UNKNOWN_TASK"));
  await manager.close();
  await expect(manager.addJob("a", {})).rejects.toThrow(bad("MANAGER_CLOSED"));
  expect(() => manager.registerTask("c", { processor })).toThrow(bad("MANAGER_CLOSED"));
});

test("the ready-made manager looks at the environment when its first task is registered", async () => {
  const url = `file:${tempFolder()}/late.db`;
  vi.stubEnv("LONGHAUL_URL", url);
  vi.stubEnv("REDIS_HOST", "nowhere.invalid");
  onTestFinished(() => void vi.unstubAllEnvs());
  queueManager.registerTask("late", { processor: async () => "done" });
  onTestFinished(() => queueManager.close());
  const id = await queueManager.addJob("late", {});
  const queue = new Queue("late", { connection: url });
  onTestFinished(() => queue.close());
  await expect(((await queue.getJob(id)) as Job).waitUntilFinished()).resolves.toBe("done");
});

test("a class of one's own registers its tasks as taskQueue's", async () => {
  class Tasks extends QueueManager {
    constructor() {
      super({ connection: ":memory:" });
      this.taskQueue.registerTask<{ n: number }, number>("own", {
        queueName: `own-${++count}`,
        processor: async ({ data }) => data.n + 1,
      });
    }
  }
  const tasks = new Tasks();
  onTestFinished(() => tasks.close());
  const done = new Promise((resolve) =>
    tasks.onTaskUpdate((task, _, { result }) => {
      if (result !== undefined) resolve([task, result]);
    }),
  );
  await tasks.addJob("own", { n: 1 });
  expect(await done).toEqual(["own", 2]);
});
