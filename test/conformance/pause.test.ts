import { describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, takeAll } from "./queue-kit.ts";

const kit = queueKit();

describe("a paused queue", () => {
  test("gives no jobs out until it is resumed", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("before", {});
    await queue.pause();
    await queue.add("after", {});
    await queue.add("prioritized", {}, { priority: 1 });
    expect(await queue.isPaused()).toBe(true);
    expect(await take(worker)).toBeUndefined();
    await queue.resume();
    expect(await queue.isPaused()).toBe(false);
    expect(await takeAll(worker)).toEqual(["before", "after", "prioritized"]);
  });

  test("its jobs still count as waiting", async () => {
    const queue = kit.queue();
    await queue.pause();
    const job = await queue.add("job", {});
    expect(await job.getState()).toBe("waiting");
    expect(await queue.getJobCounts("waiting")).toEqual({ waiting: 1 });
  });

  test("due jobs wait, but are not given out", async () => {
    const now = stopClock();
    const queue = kit.queue();
    await queue.add("job", {}, { delay: 10 });
    await queue.pause();
    vi.setSystemTime(now + 10);
    expect(await take(kit.worker(queue))).toBeUndefined();
    expect(await queue.getJobCounts("waiting", "delayed")).toEqual({ waiting: 1, delayed: 0 });
  });

  test("tells when it is paused and resumed, even again", async () => {
    const queue = kit.queue();
    for (const step of ["pause", "pause", "resume", "resume"] as const) await queue[step]();
    expect((await eventsOf(queue)).map(({ event }) => event)).toEqual([
      "paused",
      "paused",
      "resumed",
      "resumed",
    ]);
  });

  test("wakes a worker that waits when it is resumed", async () => {
    const queue = kit.queue();
    await queue.pause();
    await queue.add("job", {});
    const worker = kit.worker(queue, {}, async () => "done");
    const completed = new Promise((resolve) => worker.on("completed", (job) => resolve(job.name)));
    void worker.run();
    await queue.resume();
    expect(await completed).toBe("job");
  });
});

describe("metadata", () => {
  test("fields are set, counted, read and removed", async () => {
    const queue = kit.queue({ skipMetasUpdate: true });
    const backend = queue.getBackend();
    expect(await backend.getQueueMeta()).toEqual({});
    expect(await backend.setQueueMeta({ a: 1, b: "two" })).toBe(2);
    expect(await backend.setQueueMeta({ a: 3, c: 4 })).toBe(1);
    expect(await backend.getQueueMeta()).toMatchObject({ a: "3", b: "two", c: "4" });
    expect(await backend.getQueueMetaFields(["c", "none"])).toEqual(["4", null]);
    expect(await backend.removeQueueMetaFields(["a", "c", "none"])).toBe(2);
    expect(await backend.hasQueueMetaField("a")).toBe(false);
    expect(await backend.getQueueMetaField("b")).toBe("two");
  });

  test("global concurrency bounds the active jobs", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.setGlobalConcurrency(1);
    expect(await queue.isMaxed()).toBe(false);
    await queue.addBulk([
      { name: "first", data: {} },
      { name: "second", data: {} },
    ]);
    const first = (await take(worker))!;
    expect(await queue.isMaxed()).toBe(true);
    expect(await take(worker)).toBeUndefined();
    await first.moveToCompleted(1, "token", false);
    expect((await take(worker))?.name).toBe("second");
    await queue.removeGlobalConcurrency();
    expect(await queue.isMaxed()).toBe(false);
  });

  test("a queue that was never used is neither paused nor maxed", async () => {
    const queue = kit.queue({ skipMetasUpdate: true });
    expect(await queue.isPaused()).toBe(false);
    expect(await queue.isMaxed()).toBe(false);
  });
});
