import type { FlowJob, JobType } from "bullmq";
import { describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

const child = (queue: TestQueue, name: string): FlowJob => ({ name, queueName: queue.name });

/** Puts jobs in a state, a second apart. */
async function fill(queue: TestQueue, state: string, count: number): Promise<string[]> {
  const worker = kit.worker(queue, { lockDuration: 1 });
  const opts = { delayed: { delay: 60_000 }, prioritized: { priority: 3 } }[state] ?? {};
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    vi.advanceTimersByTime(1000);
    ids.push((await queue.add("job", {}, opts)).id!);
    if (state === "completed") await (await take(worker))!.moveToCompleted(n, TOKEN, false);
    if (state === "failed") await (await take(worker))!.moveToFailed(new Error("no"), TOKEN, false);
    if (state === "active") await take(worker);
  }
  return ids;
}

describe.each(["wait", "delayed", "prioritized", "active", "completed", "failed"] as const)(
  "%s jobs",
  (state) => {
    test("are cleaned once they are old enough, the oldest first", async () => {
      stopClock();
      const queue = kit.queue();
      const ids = await fill(queue, state, 5);
      vi.advanceTimersByTime(10);
      expect(await queue.clean(5000, 0, state)).toEqual([]);
      expect(await queue.clean(1500, 2, state)).toEqual(ids.slice(0, 2));
      expect(await queue.clean(1500, 10, state)).toEqual([ids[2]]);
      expect(await queue.getJobCountByTypes(state as JobType)).toBe(2);
      expect(await queue.clean(0, 0, state)).toEqual(ids.slice(3));
      expect(await queue.getJobCountByTypes(state as JobType)).toBe(0);
      expect(await queue.getJob(ids[0]!)).toBeUndefined();
      const cleaned = (await eventsOf(queue)).filter(({ event }) => event === "cleaned");
      expect(cleaned.map(({ count }) => count)).toEqual(["0", "2", "1", "2"]);
    });

    test("leave nothing behind for the next job", async () => {
      stopClock();
      const queue = kit.queue();
      const [id] = await fill(queue, state, 1);
      await queue.addJobLog(id!, "line");
      vi.advanceTimersByTime(10);
      await queue.clean(0, 0, state);
      const next = await queue.add("next", {});
      expect(await queue.getJobLogs(next.id!)).toEqual({ logs: [], count: 0 });
    });
  },
);

test("a job that was worked on is as old as that", async () => {
  const now = stopClock();
  const queue = kit.queue();
  await queue.add("job", {}, { attempts: 2 });
  vi.setSystemTime(now + 5000);
  await (await take(kit.worker(queue)))!.moveToFailed(new Error("once more"), TOKEN, false);
  expect(await queue.clean(1000, 0, "wait")).toEqual([]);
  vi.setSystemTime(now + 6001);
  expect(await queue.clean(1000, 0, "wait")).toHaveLength(1);
});

test("jobs that a worker has are not cleaned", async () => {
  stopClock();
  const queue = kit.queue();
  await queue.add("job", {});
  const job = (await take(kit.worker(queue)))!;
  vi.advanceTimersByTime(10);
  expect(await queue.clean(0, 0, "active")).toEqual([]);
  await job.moveToCompleted(1, TOKEN, false);
});

test("the next job of a scheduler is not cleaned, and does not count", async () => {
  stopClock();
  const queue = kit.queue();
  await queue.upsertJobScheduler("tick", { every: 60_000, offset: 10_000 });
  await queue.add("job", {}, { delay: 120_000 });
  vi.advanceTimersByTime(10);
  expect(await queue.clean(0, 1, "delayed")).toHaveLength(1);
  expect(await queue.clean(0, 1, "delayed")).toEqual([]);
  expect(await queue.getDelayedCount()).toBe(1);
});

test("a deduplication id of a cleaned job is free", async () => {
  stopClock();
  const queue = kit.queue();
  await queue.add("job", {}, { deduplication: { id: "one" } });
  vi.advanceTimersByTime(10);
  await queue.clean(0, 0, "wait");
  expect(await queue.getDeduplicationJobId("one")).toBeNull();
});

test("paused is no state any more", async () => {
  const queue = kit.queue();
  await queue.add("job", {});
  await queue.pause();
  expect(await queue.clean(-1000, 0, "paused")).toEqual([]);
});

describe("children are cleaned", () => {
  test("and a parent in the same queue goes with the last one it waited for, and its own parent", async () => {
    const queue = kit.queue();
    const node = await kit.flow().add({
      ...child(queue, "top"),
      children: [{ ...child(queue, "middle"), children: [child(queue, "a"), child(queue, "b")] }],
    });
    await queue.clean(-1000, 1, "wait");
    expect(await node.job.getState()).toBe("waiting-children");
    await queue.clean(-1000, 0, "wait");
    expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, "waiting-children": 0 });
    expect(await queue.getJob(node.job.id!)).toBeUndefined();
  });

  test("and a parent in another queue runs", async () => {
    const queue = kit.queue();
    const parents = kit.queue();
    const node = await kit
      .flow()
      .add({ ...child(parents, "parent"), children: [child(queue, "a"), child(queue, "b")] });
    expect(await queue.clean(-1000, 0, "wait")).toHaveLength(2);
    expect(await node.job.getState()).toBe("waiting");
  });

  test("after they completed, and their parent keeps their values", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const node = await kit
      .flow()
      .add({ ...child(queue, "parent"), children: [child(queue, "a"), child(queue, "b")] });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    expect(await queue.clean(-1000, 0, "completed")).toHaveLength(1);
    expect(await node.job.getState()).toBe("waiting-children");
    await (await take(worker))!.moveToCompleted(2, TOKEN, false);
    expect(Object.values(await node.job.getChildrenValues())).toEqual([1, 2]);
  });
});

test("there is nothing to be found that is in no state", async () => {
  const queue = kit.queue();
  await queue.add("job", {});
  expect(await queue.removeOrphanedJobs()).toBe(0);
  expect(await queue.count()).toBe(1);
});
