import type { JobType } from "bullmq";
import { describe, expect, test, vi } from "vitest";
import { queueKit, stopClock, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

/** One job in every state a job can be in, named after it. */
async function jobsInEveryState(): Promise<TestQueue> {
  const queue = kit.queue();
  const worker = kit.worker(queue);
  for (const name of ["completed", "failed", "active"]) await queue.add(name, {}, { jobId: name });
  await (await take(worker))!.moveToCompleted({ n: 1 }, TOKEN, false);
  await (await take(worker))!.moveToFailed(new Error("broken"), TOKEN, false);
  await take(worker);
  await queue.add("waiting", {}, { jobId: "waiting" });
  await queue.add("prioritized", {}, { jobId: "prioritized", priority: 3 });
  await queue.add("delayed", {}, { jobId: "delayed", delay: 60_000 });
  const parentOpts = { addToWaitingChildren: true };
  const parent = { name: "parent", data: "{}", opts: {}, timestamp: 1 };
  await queue.getBackend().addJob(parent as never, "waiting-children", parentOpts);
  return queue;
}

const STATES = [
  "active",
  "completed",
  "delayed",
  "failed",
  "prioritized",
  "waiting",
  "waiting-children",
] as const;

describe("the state of a job", () => {
  test("is told by name, and by asking for each", async () => {
    const queue = await jobsInEveryState();
    const backend = queue.getBackend();
    for (const state of STATES) {
      expect(await queue.getJobState(state)).toBe(state);
      for (const other of STATES) {
        expect(await backend.isJobInState(other, state)).toBe(other === state);
      }
    }
    expect(await backend.isJobInState("wait", "waiting")).toBe(true);
    expect(await backend.isJobInState("paused", "waiting")).toBe(false);
    expect(await queue.getJobState("nobody")).toBe("unknown");
    await expect(backend.isJobInState("asleep", "waiting")).rejects.toThrow(
      "Unknown job state: asleep",
    );
  });

  test("is waiting in a paused queue", async () => {
    const queue = kit.queue();
    await queue.pause();
    const job = await queue.add("job", {});
    expect(await job.getState()).toBe("waiting");
    expect(await queue.getJobCounts("waiting", "paused" as JobType)).toEqual({
      waiting: 1,
      paused: 0,
    });
  });

  test("whether it finished is a number, with what it left if asked for", async () => {
    const queue = await jobsInEveryState();
    const backend = queue.getBackend();
    expect(await backend.isFinished("active")).toBe(0);
    expect(await backend.isFinished("completed")).toBe(1);
    expect(await backend.isFinished("failed")).toBe(2);
    expect(await backend.isFinished("nobody")).toBe(-1);
    expect(await backend.isFinished("waiting", true)).toEqual([0]);
    expect(await backend.isFinished("completed", true)).toEqual([1, '{"n":1}']);
    expect(await backend.isFinished("failed", true)).toEqual([2, "broken"]);
    expect(await backend.isFinished("nobody", true)).toEqual([
      -1,
      `Missing key for job ${backend.toKey("nobody")}. isFinished`,
    ]);
  });

  test("shows in what is read of it", async () => {
    stopClock();
    const queue = await jobsInEveryState();
    const now = Date.now();
    expect(await queue.getJob("completed")).toMatchObject({
      returnvalue: { n: 1 },
      finishedOn: now,
      processedOn: now,
      attemptsMade: 1,
      attemptsStarted: 1,
    });
    expect(await queue.getJob("failed")).toMatchObject({
      failedReason: "broken",
      finishedOn: now,
      attemptsMade: 1,
    });
    expect(await queue.getJob("active")).toMatchObject({
      processedOn: now,
      attemptsMade: 0,
      attemptsStarted: 1,
    });
    expect((await queue.getJob("active"))!.finishedOn).toBeUndefined();
    expect(await queue.getJob("delayed")).toMatchObject({ delay: 60_000, attemptsStarted: 0 });
    expect(await queue.getJob("nobody")).toBeUndefined();
  });
});

describe("counts", () => {
  test("are told by state", async () => {
    const queue = await jobsInEveryState();
    expect(await queue.getJobCounts()).toEqual(
      Object.fromEntries(STATES.map((state) => [state, 1])),
    );
    expect(await queue.getJobCounts("wait")).toEqual({ wait: 1 });
    expect(await queue.count()).toBe(4);
  });

  test("of delayed jobs can stop before a time", async () => {
    const now = stopClock();
    const queue = kit.queue();
    for (const delay of [1000, 2000, 3000]) await queue.add("job", {}, { delay });
    await queue.add("job", {});
    expect(await queue.getDelayedCount(now + 2000)).toBe(1);
    expect(await queue.getDelayedCount(now + 2001)).toBe(2);
    const backend = queue.getBackend();
    expect(await backend.getCounts(["waiting", "delayed"], now + 5000)).toEqual([1, 3]);
    await expect(queue.getDelayedCount(1.5)).rejects.toThrow("safe integer");
  });

  test("are told by priority, also in a paused queue", async () => {
    const queue = kit.queue();
    for (const priority of [undefined, 1, 2, 2, 9])
      await queue.add("job", {}, { priority: priority! });
    const expected = { 0: 1, 1: 1, 2: 2, 3: 0, 9: 1 };
    expect(await queue.getCountsPerPriority([0, 1, 2, 3, 9, 9])).toEqual(expected);
    await queue.pause();
    expect(await queue.getCountsPerPriority([0, 1, 2, 3, 9])).toEqual(expected);
  });

  test("of a queue that is not there are 0", async () => {
    const queue = kit.queue({ skipMetasUpdate: true });
    expect(await queue.getJobCountByTypes()).toBe(0);
    expect(await queue.getDelayedCount(5)).toBe(0);
    expect(await queue.getCountsPerPriority([0, 1])).toEqual({ 0: 0, 1: 0 });
    expect(await queue.getWaiting()).toEqual([]);
    expect(await queue.getJobState("1")).toBe("unknown");
    expect(await queue.getJob("1")).toBeUndefined();
  });
});

/** Fills one state with jobs; the ids in the order in which a getter names them, first things first. */
const FILLED: Record<string, (queue: TestQueue) => Promise<string[]>> = {
  async waiting(queue) {
    for (const jobId of ["b", "c", "d"]) await queue.add("job", {}, { jobId });
    await queue.add("job", {}, { jobId: "a", lifo: true });
    return ["a", "b", "c", "d"];
  },
  async prioritized(queue) {
    for (const [jobId, priority] of [
      ["c", 2],
      ["a", 1],
      ["d", 2],
      ["b", 1],
    ] as const) {
      await queue.add("job", {}, { jobId, priority });
    }
    return ["a", "b", "c", "d"];
  },
  async delayed(queue) {
    stopClock();
    for (const [jobId, delay] of [
      ["c", 9000],
      ["a", 1000],
      ["d", 9000],
      ["b", 2000],
    ] as const) {
      await queue.add("job", {}, { jobId, delay });
    }
    return ["a", "b", "c", "d"];
  },
  async active(queue) {
    await FILLED["waiting"]!(queue);
    const worker = kit.worker(queue);
    while (await take(worker));
    return ["a", "b", "c", "d"];
  },
  async completed(queue) {
    stopClock();
    await FILLED["waiting"]!(queue);
    const worker = kit.worker(queue);
    for (let job = await take(worker); job; job = await take(worker)) {
      await job.moveToCompleted(1, TOKEN, false);
      vi.advanceTimersByTime(job.id === "b" ? 0 : 5);
    }
    return ["a", "b", "c", "d"];
  },
  async failed(queue) {
    await FILLED["waiting"]!(queue);
    const worker = kit.worker(queue);
    for (let job = await take(worker); job; job = await take(worker)) {
      await job.moveToFailed(new Error("no"), TOKEN, false);
    }
    return ["a", "b", "c", "d"];
  },
  async repeat(queue) {
    for (const [id, minute] of [
      ["c", 30],
      ["a", 10],
      ["d", 40],
      ["b", 20],
    ] as const) {
      stopClock();
      vi.setSystemTime(0);
      await queue.upsertJobScheduler(id, { pattern: `0 ${minute} * * * *` });
    }
    return ["a", "b", "c", "d"];
  },
};

/** What indexes mean in Redis, in the words of `Array.slice`. */
function page<T>(list: readonly T[], start: number, end: number): T[] {
  const from = start < 0 ? Math.max(0, list.length + start) : start;
  return list.slice(from, end < 0 ? Math.max(0, list.length + end + 1) : end + 1);
}

describe("ranges", () => {
  test.each(Object.keys(FILLED))("of %s jobs start at either end", async (state) => {
    const queue = kit.queue();
    const ids = await FILLED[state]!(queue);
    const lastFirst = [...ids].reverse();
    for (let start = -6; start <= 6; start++) {
      for (let end = -6; end <= 6; end++) {
        const range = (asc: boolean) => queue.getRanges([state as JobType], start, end, asc);
        expect([start, end, ...(await range(true))]).toEqual([
          start,
          end,
          ...page(ids, start, end),
        ]);
        expect([start, end, ...(await range(false))]).toEqual([
          start,
          end,
          ...page(lastFirst, start, end),
        ]);
      }
    }
  });

  test("of lists come as BullMQ turns them around: the newest first", async () => {
    const queue = kit.queue();
    await FILLED["waiting"]!(queue);
    const backend = queue.getBackend();
    expect(await backend.getRanges(["wait", "paused" as JobType, "delayed"], 0, 1, true)).toEqual([
      ["b", "a"],
      [],
      [],
    ]);
    expect(await backend.getRanges(["waiting"], 0, 1, false)).toEqual([["d", "c"]]);
  });

  test("of several states are joined, each job once", async () => {
    const queue = await jobsInEveryState();
    const names = (await queue.getJobs(["waiting", "delayed", "waiting"])).map(({ id }) => id);
    expect(names).toEqual(["waiting", "delayed"]);
    expect(new Set((await queue.getJobs()).map(({ id }) => id))).toEqual(new Set(STATES));
  });

  test("deep in a long line are read from the nearer end", async () => {
    const queue = kit.queue();
    const jobs = Array.from({ length: 500 }, () => ({ name: "job", data: {} }));
    await queue.addBulk(jobs);
    const asc = await queue.getRanges(["waiting"], 440, 442, true);
    expect(asc).toEqual(["441", "442", "443"]);
    expect(await queue.getRanges(["waiting"], 440, 442, false)).toEqual(["60", "59", "58"]);
  });
});

describe("clients", () => {
  test("workers and event readers are known by name while they are open", async () => {
    const queue = kit.queue();
    const backend = queue.getBackend();
    await backend.setName(backend.clientName(":w:my worker"));
    expect(await queue.getWorkers()).toMatchObject([
      { name: queue.name, rawname: backend.clientName(":w:my_worker"), age: "0" },
    ]);
    await backend.setName(backend.clientName(":qe"));
    expect(await queue.getWorkersCount()).toBe(0);
    expect(await backend.getClientList()).toEqual([
      expect.stringMatching(`name=${backend.clientName(":qe")} age=0$`),
    ]);

    const other = kit.queue();
    expect(await other.getWorkers()).toEqual([]);
    await queue.close();
    expect(await other.getBackend().getClientList()).toEqual([""]);
  });
});
