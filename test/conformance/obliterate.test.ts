import type { FlowJob } from "bullmq";
import { describe, expect, test } from "vitest";
import { eventsOf, queueKit, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

const child = (queue: TestQueue, name: string): FlowJob => ({ name, queueName: queue.name });

/** A queue with a job in each state but active. */
async function busyQueue(): Promise<TestQueue> {
  const queue = kit.queue();
  const worker = kit.worker(queue);
  await queue.addBulk(["completed", "failed", "waiting"].map((name) => ({ name, data: {} })));
  await (await take(worker))!.moveToCompleted(1, TOKEN, false);
  await (await take(worker))!.moveToFailed(new Error("no"), TOKEN, false);
  await queue.add("delayed", {}, { delay: 60_000, deduplication: { id: "one", ttl: 60_000 } });
  await queue.add("prioritized", {}, { priority: 2 });
  await queue.upsertJobScheduler("tick", { every: 60_000 });
  await queue.setGlobalConcurrency(3);
  return queue;
}

describe("a queue is obliterated", () => {
  test("with all that belongs to it, and starts anew", async () => {
    const queue = await busyQueue();
    await queue.obliterate();
    expect(Object.values(await queue.getJobCounts()).every((count) => count === 0)).toBe(true);
    expect(await queue.getJobs()).toEqual([]);
    expect(await eventsOf(queue)).toEqual([]);
    expect(await queue.getJobSchedulersCount()).toBe(0);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
    expect(await queue.getGlobalConcurrency()).toBeNull();
    expect(await queue.isPaused()).toBe(false);
    expect((await queue.add("first", {})).id).toBe("1");
  });

  test("a few jobs at a time", async () => {
    const queue = await busyQueue();
    await queue.pause();
    const backend = queue.getBackend();
    expect(await backend.obliterate({ force: false, count: 4 })).toBe(1);
    expect(
      Object.values(await queue.getJobCounts()).reduce((sum, count) => sum + count),
    ).toBeLessThanOrEqual(2);
    expect(await backend.obliterate({ force: false, count: 4 })).toBe(0);
    expect(
      await backend.obliterate({ force: false, count: 4 }).catch((error: Error) => error.message),
    ).toBe("Cannot obliterate non-paused queue");
  });

  test("only by force while jobs are active", async () => {
    const queue = kit.queue();
    await queue.add("active", {});
    const job = (await take(kit.worker(queue)))!;
    await expect(queue.obliterate()).rejects.toThrow("Cannot obliterate queue with active jobs");
    await queue.obliterate({ force: true });
    await expect(job.moveToCompleted(1, TOKEN, false)).rejects.toMatchObject({ code: -1 });
    expect(await queue.getActiveCount()).toBe(0);
  });

  test("under a reader of its events, who sees those that follow", async () => {
    const queue = kit.queue();
    const backend = queue.getBackend();
    for (let n = 0; n < 3; n++) await queue.add("job", {});
    const stream = (await backend.readEvents("0", 1)) as [string, [string, string[]][]][];
    const last = stream[0]![1].at(-1)![0];
    await queue.obliterate();
    await queue.add("job", {});
    const next = (await backend.readEvents(last, 1)) as [string, [string, string[]][]][];
    expect(next[0]![1].map(([, fields]) => fields[1])).toEqual(["added", "waiting"]);
  });
});

describe("a flow is obliterated", () => {
  test("with its parent, if that is in the same queue", async () => {
    const queue = kit.queue();
    await kit
      .flow()
      .add({ ...child(queue, "parent"), children: [child(queue, "a"), child(queue, "b")] });
    await queue.obliterate();
    expect(await queue.count()).toBe(0);
  });

  test("without its parent, if that is in another: it runs", async () => {
    const queue = kit.queue();
    const parents = kit.queue();
    const node = await kit
      .flow()
      .add({ ...child(parents, "parent"), children: [child(queue, "a")] });
    await queue.obliterate();
    expect(await node.job.getState()).toBe("waiting");
  });

  test("without a parent whose children are in another: it waits on", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const node = await kit
      .flow()
      .add({ ...child(queue, "parent"), children: [child(others, "a")] });
    await queue.obliterate();
    expect(await node.job.getState()).toBe("waiting-children");
    await (await take(kit.worker(others)))!.moveToCompleted(1, TOKEN, false);
    expect(await node.job.getState()).toBe("waiting");
  });
});
