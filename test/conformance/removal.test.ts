import type { FlowJob } from "bullmq";
import { describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

const child = (queue: TestQueue, name: string, opts: FlowJob["opts"] = {}): FlowJob => ({
  name,
  queueName: queue.name,
  opts,
});

/** What the event stream tells of jobs that were removed. */
const removedFrom = async (queue: TestQueue) =>
  (await eventsOf(queue))
    .filter(({ event }) => event === "removed")
    .map(({ jobId, prev }) => [jobId, prev]);

describe("a job is removed", () => {
  test("from any state", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("completed", {}, { jobId: "completed" });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    await queue.add("failed", {}, { jobId: "failed" });
    await (await take(worker))!.moveToFailed(new Error("no"), TOKEN, false);
    await queue.add("active", {}, { jobId: "active" });
    await take(worker, "0");
    await queue.add("wait", {}, { jobId: "wait" });
    await queue.add("delayed", {}, { jobId: "delayed", delay: 1000 });
    await queue.add("prioritized", {}, { jobId: "prioritized", priority: 1 });
    const flow = kit.flow();
    const parent = {
      name: "waiting-children",
      queueName: queue.name,
      opts: { jobId: "waiting-children" },
    };
    await flow.add({ ...parent, children: [child(kit.queue(), "a")] });

    const states = [
      "completed",
      "failed",
      "active",
      "wait",
      "delayed",
      "prioritized",
      "waiting-children",
    ];
    for (const state of states) expect(await queue.remove(state)).toBe(1);
    expect(await removedFrom(queue)).toEqual(states.map((state) => [state, state]));
    for (const state of states) expect(await queue.getJob(state)).toBeUndefined();
    expect(Object.values(await queue.getJobCounts()).every((count) => count === 0)).toBe(true);
  });

  test("with its log", async () => {
    const queue = kit.queue();
    const job = await queue.add("a", {}, { jobId: "a" });
    await job.log("line");
    await job.remove();
    await queue.add("a", {}, { jobId: "a" });
    expect(await queue.getJobLogs("a")).toEqual({ logs: [], count: 0 });
  });

  test("unless a worker has it; a lock that ran out does not count", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue, { lockDuration: 1000 });
    await queue.add("a", {});
    const job = (await take(worker))!;
    expect(await queue.remove(job.id!)).toBe(0);
    await expect(job.remove()).rejects.toThrow("is locked by another worker");
    vi.setSystemTime(now + 1001);
    expect(await queue.remove(job.id!)).toBe(1);
    await expect(job.moveToCompleted(1, TOKEN, false)).rejects.toMatchObject({ code: -1 });
    expect(await queue.getActiveCount()).toBe(0);
  });

  test("and one that does not exist is as good as removed", async () => {
    const queue = kit.queue();
    expect(await queue.remove("nobody")).toBe(1);
    expect(await removedFrom(queue)).toEqual([]);
  });

  test("unless it is the next one of a scheduler", async () => {
    const queue = kit.queue();
    const job = await queue.upsertJobScheduler("tick", { every: 60_000 });
    await expect(job.remove()).rejects.toMatchObject({
      code: -8,
      message: `Job ${job.id} belongs to a job scheduler and cannot be removed directly. removeJob`,
    });
    await queue.removeJobScheduler("tick");
    expect(await queue.remove(job.id!)).toBe(1);
  });
});

describe("a parent is removed", () => {
  /** A parent of four: one that completed, one ignored failure, one that waits, and one with a child of its own. */
  async function tree() {
    const queue = kit.queue();
    const others = kit.queue();
    const worker = kit.worker(others);
    const node = await kit.flow().add({
      name: "top",
      queueName: queue.name,
      children: [
        child(others, "completed"),
        child(others, "ignored", { ignoreDependencyOnFailure: true }),
        child(others, "waiting"),
        { ...child(queue, "middle"), children: [child(others, "leaf")] },
      ],
    });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    await (await take(worker))!.moveToFailed(new Error("no"), TOKEN, false);
    return { queue, others, worker, node };
  }

  test("with all below it", async () => {
    const { queue, others, node } = await tree();
    await node.job.remove();
    expect(await queue.count()).toBe(0);
    expect(await others.getJobs()).toEqual([]);
    const [completed, ignored, waiting, middle] = node.children!;
    expect(await removedFrom(others)).toEqual(
      expect.arrayContaining([
        [completed!.job.id, "completed"],
        [ignored!.job.id, "failed"],
        [waiting!.job.id, "wait"],
        [middle!.children![0]!.job.id, "wait"],
      ]),
    );
    expect(await removedFrom(queue)).toEqual([
      [middle!.job.id, "waiting-children"],
      [node.job.id, "waiting-children"],
    ]);
  });

  test("not if a worker has a child it waits for, however deep", async () => {
    const { queue, worker, node } = await tree();
    await take(worker);
    await take(worker);
    await expect(node.job.remove()).rejects.toThrow("is locked by another worker");
    expect(await queue.getWaitingChildrenCount()).toBe(2);
  });

  test("alone, if asked so: its children stay and finish", async () => {
    const { others, worker, node } = await tree();
    await node.job.remove({ removeChildren: false });
    expect(await others.getWaitingCount()).toBe(2);
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
  });

  test("without a job that took over the id of a former child", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const worker = kit.worker(others);
    const opts = { jobId: "again", removeOnComplete: true };
    const flow = kit.flow();
    const first = await flow.add({
      name: "first",
      queueName: queue.name,
      children: [child(others, "a", opts)],
    });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    const second = await flow.add({
      name: "second",
      queueName: queue.name,
      children: [child(others, "a", opts)],
    });
    await first.job.remove();
    await (await take(worker))!.moveToCompleted(2, TOKEN, false);
    expect(await second.job.getState()).toBe("waiting");
  });
});

describe("a child is removed", () => {
  test("and its parent no longer waits for it", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const node = await kit.flow().add({
      name: "parent",
      queueName: queue.name,
      children: [child(others, "a"), child(others, "b")],
    });
    const [a, b] = node.children!;
    await a!.job.remove();
    expect(await node.job.getState()).toBe("waiting-children");
    await b!.job.remove();
    expect(await node.job.getState()).toBe("waiting");
    expect((await eventsOf(queue)).at(-1)).toMatchObject({
      event: "waiting",
      prev: "waiting-children",
    });
  });

  test("after it completed, and its parent keeps the value", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const node = await kit
      .flow()
      .add({ name: "parent", queueName: queue.name, children: [child(others, "a")] });
    const job = (await take(kit.worker(others)))!;
    await job.moveToCompleted("kept", TOKEN, false);
    await others.remove(job.id!);
    expect(Object.values(await node.job.getChildrenValues())).toEqual(["kept"]);
  });
});

describe("the dependency of a child is removed", () => {
  async function family() {
    const queue = kit.queue();
    const others = kit.queue();
    const node = await kit
      .flow()
      .add({ name: "parent", queueName: queue.name, children: [child(others, "a")] });
    return { others, parent: node.job, child: node.children![0]!.job };
  }

  test("and its parent no longer waits for it; the child goes on", async () => {
    const { others, parent, child: job } = await family();
    expect(await job.removeChildDependency()).toBe(true);
    expect(await parent.getState()).toBe("waiting");
    expect(await job.getState()).toBe("waiting");
    expect((await others.getJob(job.id!))!.parentKey).toBeUndefined();
  });

  test("only while there is one", async () => {
    const { others, parent, child: job } = await family();
    await (await take(kit.worker(others)))!.moveToCompleted(1, TOKEN, false);
    expect(await job.removeChildDependency()).toBe(false);
    await parent.remove();
    await expect(job.removeChildDependency()).rejects.toMatchObject({ code: -1 });
  });

  test("only if both exist", async () => {
    const { parent, child: job } = await family();
    await parent.remove({ removeChildren: false });
    await expect(job.removeChildDependency()).rejects.toMatchObject({
      code: -5,
      message: `Missing key for parent job ${job.parentKey}. removeChildDependency`,
    });
  });
});

describe("unprocessed children are removed", () => {
  test("with theirs, but not those that are locked, failed or done", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const worker = kit.worker(others);
    const node = await kit.flow().add({
      name: "parent",
      queueName: queue.name,
      children: [
        child(others, "completed"),
        child(others, "failed"),
        child(others, "active"),
        child(others, "waiting"),
        child(others, "delayed", { delay: 1000 }),
        { ...child(queue, "middle"), children: [child(others, "leaf", { delay: 1000 })] },
      ],
    });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    await (await take(worker))!.moveToFailed(new Error("no"), TOKEN, false);
    const active = (await take(worker))!;
    await node.job.removeUnprocessedChildren();
    const left = await others.getJobs();
    expect(left.map(({ name }) => name).sort()).toEqual(["active", "completed", "failed"]);
    expect(await queue.getWaitingChildrenCount()).toBe(1);
    await active.moveToCompleted(1, TOKEN, false);
    expect(await node.job.getDependenciesCount()).toEqual({
      processed: 2,
      unprocessed: 1,
      ignored: 0,
      failed: 0,
    });
  });

  test("and the parent runs if it waits for none", async () => {
    const queue = kit.queue();
    const others = kit.queue();
    const node = await kit.flow().add({
      name: "parent",
      queueName: queue.name,
      children: [
        child(others, "a"),
        { ...child(queue, "middle"), children: [child(others, "leaf")] },
      ],
    });
    await node.job.removeUnprocessedChildren();
    expect(await node.job.getState()).toBe("waiting");
    expect(await others.count()).toBe(0);
    expect(await removedFrom(queue)).toEqual([[node.children![1]!.job.id, "waiting-children"]]);
  });

  test("of a parent whose children made it their child", async () => {
    const queue = kit.queue();
    const parent = { id: "b", queue: queue.qualifiedName };
    await queue.add("b", {}, { jobId: "b" });
    await queue.add("a", {}, { jobId: "a", parent });
    await queue.add("b", {}, { jobId: "b", parent: { id: "a", queue: queue.qualifiedName } });
    expect(await queue.remove("a")).toBe(1);
    expect(await queue.count()).toBe(0);
  });
});
