import type { FlowJob } from "bullmq";
import { expect, test } from "vitest";
import { queueKit, take, takeAll, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

const child = (queue: TestQueue, name: string): FlowJob => ({ name, queueName: queue.name });

test("jobs that wait are removed, others stay", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue);
  await queue.addBulk(["completed", "active"].map((name) => ({ name, data: {} })));
  await (await take(worker))!.moveToCompleted(1, TOKEN, false);
  const active = (await take(worker))!;
  await queue.add("delayed", {}, { delay: 60_000 });
  await queue.addBulk([1, 2, 3].map((n) => ({ name: `waiting-${n}`, data: {} })));
  await queue.add("prioritized", {}, { priority: 1 });
  await queue.drain();
  const counts = { waiting: 0, prioritized: 0, delayed: 1, active: 1, completed: 1 };
  expect(await queue.getJobCounts()).toMatchObject(counts);
  await active.moveToCompleted(1, TOKEN, false);
  await queue.drain(true);
  expect(await queue.getDelayedCount()).toBe(0);
  expect((await queue.getJobs()).map(({ name }) => name).sort()).toEqual(["active", "completed"]);
});

test("a drained queue goes on", async () => {
  const queue = kit.queue();
  await queue.add("delayed", {}, { delay: 5 });
  await queue.add("waiting", {});
  await queue.drain(true);
  await queue.add("next", {}, { delay: 1 });
  await expect.poll(() => takeAll(kit.worker(queue))).toEqual(["next"]);
});

test("the next job of each scheduler stays", async () => {
  const queue = kit.queue();
  await queue.upsertJobScheduler("later", { every: 60_000, startDate: Date.now() + 60_000 });
  await queue.upsertJobScheduler("now", { every: 60_000 }, { name: "now" });
  const worker = kit.worker(queue);
  await queue.add("delayed", {}, { delay: 60_000 });
  await queue.add("waiting", {});
  await queue.drain(true);
  expect(await queue.getDelayedCount()).toBe(1);
  expect(await takeAll(worker)).toEqual(["now"]);
});

test("what jobs held is free: deduplication ids and logs", async () => {
  const queue = kit.queue();
  const job = await queue.add("job", {}, { jobId: "a", deduplication: { id: "one" } });
  await job.log("line");
  await queue.drain();
  expect(await queue.getDeduplicationJobId("one")).toBeNull();
  await queue.add("job", {}, { jobId: "a" });
  expect(await queue.getJobLogs("a")).toEqual({ logs: [], count: 0 });
});

test("parents that waited for nothing but drained jobs go with them; in other queues they run", async () => {
  const queue = kit.queue();
  const others = kit.queue();
  const flow = kit.flow();
  const here = await flow.add({
    ...child(queue, "here"),
    children: [child(queue, "a"), child(queue, "b")],
  });
  const there = await flow.add({ ...child(others, "there"), children: [child(queue, "a")] });
  const mixed = await flow.add({
    ...child(queue, "mixed"),
    children: [child(queue, "a"), child(others, "b")],
  });
  await queue.drain();
  expect(await queue.getJob(here.job.id!)).toBeUndefined();
  expect(await there.job.getState()).toBe("waiting");
  expect(await mixed.job.getDependenciesCount({ unprocessed: true })).toEqual({ unprocessed: 1 });
});
