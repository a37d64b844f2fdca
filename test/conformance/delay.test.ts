import { describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, takeAll, TOKEN } from "./queue-kit.ts";

const kit = queueKit();

describe("moving an active job to the delayed ones", () => {
  test("it can be taken again when it is due, and not before", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {});
    const job = (await take(worker))!;
    await job.moveToDelayed(now + 1000, TOKEN);
    expect(job.delay).toBe(1000);
    expect(await job.getState()).toBe("delayed");
    expect((await eventsOf(queue)).at(-1)).toEqual({
      event: "delayed",
      jobId: job.id,
      delay: String(now + 1000),
    });
    vi.setSystemTime(now + 999);
    expect(await take(worker)).toBeUndefined();
    vi.setSystemTime(now + 1000);
    const again = await take(worker);
    expect(again).toMatchObject({ id: job.id, delay: 0, attemptsMade: 0, attemptsStarted: 2 });
    expect(await eventsOf(queue)).toContainEqual({
      event: "waiting",
      jobId: job.id,
      prev: "delayed",
    });
  });

  test("a failed attempt with backoff counts and keeps its reason", async () => {
    const now = stopClock();
    const queue = kit.queue();
    await queue.add("job", {}, { attempts: 2, backoff: 500 });
    const job = (await take(kit.worker(queue)))!;
    await job.moveToFailed(new Error("not yet"), TOKEN, false);
    const stored = await queue.getJob(job.id!);
    expect(stored).toMatchObject({
      attemptsMade: 1,
      attemptsStarted: 1,
      delay: 500,
      failedReason: "not yet",
    });
    expect(stored?.stacktrace).toHaveLength(1);
    expect((await eventsOf(queue)).at(-1)).toMatchObject({
      event: "delayed",
      delay: String(now + 500),
    });
  });

  test("another job may be taken in the same step", async () => {
    const queue = kit.queue();
    const backend = queue.getBackend();
    const worker = kit.worker(queue);
    await queue.addBulk([
      { name: "first", data: {} },
      { name: "second", data: {} },
    ]);
    const first = (await take(worker))!;
    const claimed = await backend.moveToDelayed(first.id!, Date.now(), 60_000, TOKEN, {
      fetchNext: true,
    });
    expect(claimed).toMatchObject([{ name: "second" }, expect.any(String), 0, 0]);
    const [, second = ""] = claimed;
    const none = await backend.moveToDelayed(second, Date.now(), 60_000, TOKEN, {
      fetchNext: true,
    });
    expect(none).toEqual([]);
  });

  test("only who holds the lock may do so", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const waiting = await queue.add("job", {});
    await expect(waiting.moveToDelayed(Date.now(), TOKEN)).rejects.toThrow(
      `Missing lock for job ${waiting.id}. moveToDelayed`,
    );
    await expect(waiting.moveToDelayed(Date.now(), "0")).rejects.toThrow(
      `Job ${waiting.id} is not in the active state. moveToDelayed`,
    );
    const job = (await take(worker))!;
    await expect(job.moveToDelayed(Date.now(), "another")).rejects.toThrow(
      `Lock mismatch for job ${job.id}. Cmd moveToDelayed from active`,
    );
    expect(await job.getState()).toBe("active");
    await expect(queue.getBackend().moveToDelayed("none", Date.now(), 1)).rejects.toMatchObject({
      code: -1,
      message: "Missing key for job none. moveToDelayed",
    });
  });
});

describe("the order of delayed jobs", () => {
  test("is that of their due times, then of their arrival", async () => {
    const now = stopClock();
    const queue = kit.queue();
    for (const [name, delay] of [
      ["c", 30],
      ["a", 10],
      ["d", 30],
      ["b", 20],
    ] as const) {
      await queue.add(name, {}, { delay });
    }
    vi.setSystemTime(now + 30);
    expect(await takeAll(kit.worker(queue))).toEqual(["a", "b", "c", "d"]);
  });

  test("due jobs go behind those that wait, each with its priority", async () => {
    const now = stopClock();
    const queue = kit.queue();
    await queue.add("delayed", {}, { delay: 10 });
    await queue.add("delayed, less urgent", {}, { delay: 5, priority: 2 });
    await queue.add("waiting", {});
    vi.setSystemTime(now + 10);
    await queue.add("urgent", {}, { priority: 1 });
    expect(await takeAll(kit.worker(queue))).toEqual([
      "waiting",
      "delayed",
      "urgent",
      "delayed, less urgent",
    ]);
  });
});

describe("changing a delay", () => {
  test("counts from now", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const job = await queue.add("job", {}, { delay: 1000 });
    vi.advanceTimersByTime(100);
    await job.changeDelay(200);
    expect(job.delay).toBe(200);
    expect((await queue.getJob(job.id!))?.delay).toBe(200);
    expect((await eventsOf(queue)).at(-1)).toMatchObject({
      event: "delayed",
      delay: String(now + 300),
    });
    vi.setSystemTime(now + 300);
    expect((await take(worker))?.id).toBe(job.id);
  });

  test("is refused for a job that is not delayed", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {});
    await expect(job.changeDelay(1)).rejects.toMatchObject({
      code: -3,
      message: `Job ${job.id} is not in the delayed state. changeDelay`,
    });
    await job.remove();
    await expect(job.changeDelay(1)).rejects.toMatchObject({
      code: -1,
      message: `Missing key for job ${job.id}. changeDelay`,
    });
  });
});

describe("promoting", () => {
  test("a delayed job waits at once, with its priority", async () => {
    const queue = kit.queue();
    await queue.add("waiting", {});
    await queue.add("prioritized", {}, { priority: 1 });
    const plain = await queue.add("plain", {}, { delay: 60_000 });
    const urgent = await queue.add("urgent", {}, { delay: 60_000, priority: 1 });
    await plain.promote();
    await urgent.promote();
    expect(plain.delay).toBe(0);
    expect((await queue.getJob(plain.id!))?.delay).toBe(0);
    expect(await eventsOf(queue)).toContainEqual({
      event: "waiting",
      jobId: plain.id,
      prev: "delayed",
    });
    expect(await takeAll(kit.worker(queue))).toEqual(["waiting", "plain", "prioritized", "urgent"]);
  });

  test("is refused for a job that is not delayed, or does not exist", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {});
    await expect(job.promote()).rejects.toThrow(
      `Job ${job.id} is not in the delayed state. promote`,
    );
    await expect(queue.getBackend().promote("none")).rejects.toMatchObject({ code: -3 });
  });

  test("all delayed jobs, in pages, in the order they were due", async () => {
    stopClock();
    const queue = kit.queue();
    const delays = Array.from({ length: 250 }, (_, i) => 1_000_000 - i);
    await queue.addBulk(
      delays.map((delay) => ({ name: String(delay), data: {}, opts: { delay } })),
    );
    const backend = queue.getBackend();
    expect(await backend.promoteJobs(120)).toBe(1);
    expect(await queue.getJobCounts("waiting", "delayed")).toEqual({ waiting: 120, delayed: 130 });
    expect(await backend.promoteJobs(130)).toBe(1);
    expect(await backend.promoteJobs(130)).toBe(0);
    expect(await takeAll(kit.worker(queue))).toEqual(delays.toReversed().map(String));
  });

  test("many at once puts priorities aside", async () => {
    const queue = kit.queue();
    await queue.add("waiting", {});
    const job = await queue.add("prioritized", {}, { delay: 60_000, priority: 3 });
    await queue.promoteJobs();
    expect(await queue.getJobCounts("waiting", "prioritized")).toEqual({
      waiting: 2,
      prioritized: 0,
    });
    expect((await queue.getJob(job.id!))?.priority).toBe(3);
  });
});
