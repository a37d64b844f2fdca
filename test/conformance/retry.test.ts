import { describe, expect, test, vi } from "vitest";
import {
  eventsOf,
  queueKit,
  stopClock,
  take,
  takeAll,
  TOKEN,
  type TestQueue,
  type TestWorker,
} from "./queue-kit.ts";

const kit = queueKit();

async function fail(worker: TestWorker, reason = "no") {
  const job = (await take(worker))!;
  await job.moveToFailed(new Error(reason), TOKEN, false);
  return job;
}

async function complete(worker: TestWorker, value: unknown = 1) {
  const job = (await take(worker))!;
  await job.moveToCompleted(value, TOKEN, false);
  return job;
}

describe("retrying at once", () => {
  test("a failed attempt goes to the back of the line", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { attempts: 2 });
    await queue.add("second", {});
    const job = await fail(worker, "once more");
    expect(await queue.getJob(job.id!)).toMatchObject({
      attemptsMade: 1,
      attemptsStarted: 1,
      failedReason: "once more",
    });
    expect((await eventsOf(queue)).at(-1)).toEqual({
      event: "waiting",
      jobId: job.id,
      prev: "active",
    });
    expect(await takeAll(worker)).toEqual(["second", "first"]);
  });

  test("a lifo job goes to the front", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("second", {});
    await queue.add("first", {}, { attempts: 2, lifo: true });
    await fail(worker);
    expect(await takeAll(worker)).toEqual(["first", "second"]);
  });

  test("a prioritized job goes to the back of its priority", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { attempts: 2, priority: 2, lifo: true });
    await queue.add("second", {}, { priority: 2 });
    await queue.add("third", {}, { priority: 3 });
    await fail(worker);
    expect(await takeAll(worker)).toEqual(["second", "first", "third"]);
  });

  test("jobs that became due meanwhile go first", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("retried", {}, { attempts: 2 });
    await queue.add("due", {}, { delay: 10 });
    const job = (await take(worker))!;
    vi.setSystemTime(now + 10);
    await job.moveToFailed(new Error("no"), TOKEN, false);
    expect(await takeAll(worker)).toEqual(["due", "retried"]);
  });

  test("is refused without the lock, and for a job that is not active", async () => {
    const queue = kit.queue();
    const backend = queue.getBackend();
    const job = await queue.add("job", {});
    await expect(backend.retryJob("none", false)).rejects.toMatchObject({
      code: -1,
      message: "Missing key for job none. retryJob",
    });
    await expect(backend.retryJob(job.id!, false, TOKEN)).rejects.toMatchObject({ code: -2 });
    await expect(backend.retryJob(job.id!, false)).rejects.toMatchObject({
      code: -3,
      message: `Job ${job.id} is not in the active state. retryJob`,
    });
    await take(kit.worker(queue));
    await expect(backend.retryJob(job.id!, false, "another")).rejects.toMatchObject({
      code: -6,
      message: `Lock mismatch for job ${job.id}. Cmd retryJob from active`,
    });
  });
});

describe("handing an active job back", () => {
  test("it is next again, and no attempt was made", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.addBulk([
      { name: "first", data: {} },
      { name: "second", data: {} },
    ]);
    const job = (await take(worker))!;
    expect(await job.moveToWait(TOKEN)).toBe(0);
    expect((await eventsOf(queue)).at(-1)).toEqual({
      event: "waiting",
      jobId: job.id,
      prev: "active",
    });
    expect(await take(worker)).toMatchObject({ id: job.id, attemptsMade: 0, attemptsStarted: 2 });
  });

  test("a prioritized job is the first of its priority", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { priority: 2 });
    await queue.add("second", {}, { priority: 2 });
    const job = (await take(worker))!;
    await queue.add("urgent", {}, { priority: 1 });
    await job.moveToWait(TOKEN);
    expect(await takeAll(worker)).toEqual(["urgent", "first", "second"]);
  });

  test("tells for how long the limiter holds jobs back", async () => {
    stopClock();
    const queue = kit.queue();
    await queue.add("job", {});
    const job = (await take(kit.worker(queue)))!;
    await queue.rateLimit(500);
    vi.advanceTimersByTime(100);
    expect(await job.moveToWait(TOKEN)).toBe(400);
  });

  test("a job that is not active stays where it is", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {}, { delay: 60_000 });
    expect(await queue.getBackend().moveJobFromActiveToWait(job.id!)).toBe(0);
    expect(await job.getState()).toBe("delayed");
    await expect(queue.getBackend().moveJobFromActiveToWait("none")).rejects.toMatchObject({
      code: -1,
    });
    await expect(job.moveToWait(TOKEN)).rejects.toMatchObject({ code: -2 });
  });
});

describe("running a finished job again", () => {
  test("a failed one forgets its reason and waits, its attempts counted on", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {});
    const job = await fail(worker);
    await job.retry();
    expect(await job.getState()).toBe("waiting");
    const stored = await queue.getJob(job.id!);
    expect(stored).toMatchObject({ attemptsMade: 1, attemptsStarted: 1 });
    expect(stored?.failedReason).toBeUndefined();
    expect(stored?.finishedOn).toBeUndefined();
    expect(stored?.processedOn).toBeUndefined();
    expect((await eventsOf(queue)).at(-1)).toEqual({
      event: "waiting",
      jobId: job.id,
      prev: "failed",
    });
    expect(await complete(worker, "fine")).toMatchObject({ id: job.id });
    expect(await queue.getJob(job.id!)).toMatchObject({
      attemptsMade: 2,
      attemptsStarted: 2,
      returnvalue: "fine",
    });
  });

  test("a completed one forgets its value", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {});
    const job = await complete(worker, "done");
    await job.retry("completed");
    expect((await queue.getJob(job.id!))?.returnvalue).toBeNull();
    expect(await queue.getJobCounts("completed", "waiting")).toEqual({ completed: 0, waiting: 1 });
    expect((await eventsOf(queue)).at(-1)).toMatchObject({ event: "waiting", prev: "completed" });
  });

  test("attempts can start over", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {});
    const job = await fail(worker);
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
    expect(await queue.getJob(job.id!)).toMatchObject({ attemptsMade: 0, attemptsStarted: 0 });
  });

  test.each([
    { opts: {}, order: ["second", "retried", "prioritized"] },
    { opts: { lifo: true }, order: ["retried", "second", "prioritized"] },
    { opts: { priority: 4 }, order: ["second", "prioritized", "retried"] },
    { opts: { priority: 4, lifo: true }, order: ["second", "prioritized", "retried"] },
  ])("with $opts it takes its place", async ({ opts, order }) => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("retried", {}, opts);
    const job = await fail(worker);
    await queue.add("second", {});
    await queue.add("prioritized", {}, { priority: 4 });
    await job.retry();
    expect(await takeAll(worker)).toEqual(order);
  });

  test("is refused for one that is not in that state, or does not exist", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {});
    await expect(job.retry("failed")).rejects.toMatchObject({
      code: -3,
      message: `Job ${job.id} is not in the failed state. reprocessJob`,
    });
    await job.remove();
    await expect(job.retry("completed")).rejects.toMatchObject({
      code: -1,
      message: `Missing key for job ${job.id}. reprocessJob`,
    });
  });

  test("its parent waits for it again", async () => {
    const queue = kit.queue();
    const children = kit.queue();
    const worker = kit.worker(children);
    const { job: parent } = await kit.flow().add({
      name: "parent",
      queueName: queue.name,
      children: [
        { name: "ignored", queueName: children.name, opts: { ignoreDependencyOnFailure: true } },
        { name: "done", queueName: children.name },
        { name: "last", queueName: children.name },
      ],
    });
    const jobs = [await fail(worker), await complete(worker)];
    expect(await parent.getDependenciesCount()).toMatchObject({
      processed: 1,
      ignored: 1,
      unprocessed: 1,
    });
    await jobs[0]!.retry("failed");
    await jobs[1]!.retry("completed");
    expect(await parent.getDependenciesCount()).toMatchObject({
      processed: 0,
      ignored: 0,
      unprocessed: 3,
    });
  });
});

describe("running many finished jobs again", () => {
  async function failed(queue: TestQueue, names: readonly string[]) {
    const worker = kit.worker(queue);
    await queue.addBulk(names.map((name) => ({ name, data: {} })));
    for (const _ of names) {
      await fail(worker);
      vi.advanceTimersByTime(1);
    }
    return worker;
  }

  test("in pages, the oldest first", async () => {
    stopClock();
    const queue = kit.queue();
    const worker = await failed(queue, ["a", "b", "c"]);
    const backend = queue.getBackend();
    expect(await backend.retryFinishedJobs("failed", 2)).toBe(1);
    expect(await queue.getJobCounts("failed", "waiting")).toEqual({ failed: 1, waiting: 2 });
    expect(await backend.retryFinishedJobs("failed", 2)).toBe(0);
    expect((await queue.getWaiting()).map((job) => [job.attemptsMade, job.failedReason])).toEqual([
      [1, undefined],
      [1, undefined],
      [1, undefined],
    ]);
    expect(await takeAll(worker)).toEqual(["a", "b", "c"]);
  });

  test("those that finished until a time", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = await failed(queue, ["a", "b", "c"]);
    await queue.retryJobs({ timestamp: now + 1 });
    expect(await takeAll(worker)).toEqual(["a", "b"]);
  });

  test("puts priorities aside", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {}, { priority: 3 });
    const job = await complete(worker);
    await queue.retryJobs({ state: "completed" });
    expect(await job.getState()).toBe("waiting");
    expect((await queue.getJob(job.id!))?.priority).toBe(3);
  });
});
