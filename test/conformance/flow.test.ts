import type { FlowJob, Job, JobNode } from "bullmq";
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

/** A parent in one queue with children in another, and a worker for each. */
function family() {
  const parents = kit.queue();
  const children = kit.queue();
  return {
    parents,
    children,
    parentWorker: kit.worker(parents),
    childWorker: kit.worker(children),
    flow: kit.flow(),
  };
}

const child = (queue: TestQueue, name: string, opts: FlowJob["opts"] = {}): FlowJob => ({
  name,
  queueName: queue.name,
  opts,
});

const keyOf = (job: Job): string => `${job.queueQualifiedName}:${job.id}`;

const childrenOf = (node: JobNode): Job[] => node.children!.map(({ job }) => job);

async function complete(worker: TestWorker, value: unknown = "done"): Promise<Job> {
  const job = await take(worker);
  await job!.moveToCompleted(value, TOKEN, false);
  return job!;
}

async function fail(worker: TestWorker, reason = "no"): Promise<Job> {
  const job = await take(worker);
  await job!.moveToFailed(new Error(reason), TOKEN, false);
  return job!;
}

describe("a parent", () => {
  test("waits until all its children completed, and has their values", async () => {
    const { parents, children, parentWorker, childWorker, flow } = family();
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a"), child(children, "b")],
    });
    const [a, b] = childrenOf(node);
    expect(await node.job.getState()).toBe("waiting-children");
    expect(await take(parentWorker)).toBeUndefined();
    await complete(childWorker, { n: 1 });
    expect(await node.job.getState()).toBe("waiting-children");
    await complete(childWorker, null);
    expect(await node.job.getState()).toBe("waiting");
    const running = await take(parentWorker);
    expect(await running!.getChildrenValues()).toEqual({
      [keyOf(a!)]: { n: 1 },
      [keyOf(b!)]: null,
    });
    await running!.moveToCompleted("all", TOKEN, false);
    expect(await node.job.getState()).toBe("completed");
  });

  test("is told of in its own queue's events", async () => {
    const { parents, children, childWorker, flow } = family();
    const { job } = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a")],
    });
    await complete(childWorker);
    expect(await eventsOf(parents)).toEqual([
      { event: "added", jobId: job.id, name: "parent" },
      { event: "waiting-children", jobId: job.id },
      { event: "waiting", jobId: job.id, prev: "waiting-children" },
    ]);
  });

  test("goes ahead of jobs that wait", async () => {
    const { parents, children, parentWorker, childWorker, flow } = family();
    await flow.add({ name: "parent", queueName: parents.name, children: [child(children, "a")] });
    await parents.add("other", {});
    await complete(childWorker);
    expect(await takeAll(parentWorker)).toEqual(["parent", "other"]);
  });

  test("keeps its priority", async () => {
    const { parents, children, parentWorker, childWorker, flow } = family();
    const opts = { priority: 2 };
    await flow.add({
      name: "parent",
      queueName: parents.name,
      opts,
      children: [child(children, "a")],
    });
    await parents.add("before", {}, opts);
    await parents.add("first", {}, { priority: 1 });
    await complete(childWorker);
    expect(await takeAll(parentWorker)).toEqual(["first", "before", "parent"]);
  });

  test("has its delay counted from when its last child ended", async () => {
    const now = stopClock();
    const { parents, children, childWorker, flow } = family();
    const opts = { delay: 500 };
    const { job } = await flow.add({
      name: "parent",
      queueName: parents.name,
      opts,
      children: [child(children, "a")],
    });
    vi.setSystemTime(now + 1000);
    await complete(childWorker);
    expect(await job.getState()).toBe("delayed");
    expect((await eventsOf(parents)).at(-1)).toEqual({
      event: "delayed",
      jobId: job.id,
      delay: String(now + 1500),
    });
  });

  test("is found by a key whose id has colons", async () => {
    const { parents, children, childWorker } = family();
    const scheduled = await parents.upsertJobScheduler(
      "daily",
      { every: 60_000 },
      { name: "parent" },
    );
    expect(scheduled.id).toMatch(/^repeat:daily:\d+$/);
    const parent = { id: scheduled.id!, queue: parents.qualifiedName };
    await children.add("a", {}, { parent });
    expect(await scheduled.getDependenciesCount({ unprocessed: true })).toEqual({
      unprocessed: 1,
    });
    await complete(childWorker, 7);
    expect(Object.values(await scheduled.getChildrenValues())).toEqual([7]);
  });

  test("cannot complete while it has a child to wait for, and can fail", async () => {
    const { parents, children, parentWorker } = family();
    await parents.add("parent", {});
    const running = (await take(parentWorker))!;
    await children.add("late", {}, { parent: { id: running.id!, queue: parents.qualifiedName } });
    await expect(running.moveToCompleted(1, TOKEN, false)).rejects.toMatchObject({ code: -4 });
    await running.moveToFailed(new Error("gave up"), TOKEN, false);
    expect(await running.getState()).toBe("failed");
  });

  test("must exist", async () => {
    const { parents, children, flow } = family();
    const parent = { id: "nobody", queue: parents.qualifiedName };
    const message = `Missing key for parent job ${parents.qualifiedName}:nobody. addJob`;
    await expect(children.add("a", {}, { parent })).rejects.toMatchObject({ code: -5, message });
    const tree = { ...child(children, "a", { parent }), children: [child(children, "b")] };
    await expect(flow.add(tree)).rejects.toMatchObject({ code: -5, message });
    expect(await children.getJobCounts()).toMatchObject({ waiting: 0, "waiting-children": 0 });
  });
});

describe("a child that fails for good", () => {
  test("leaves its parent waiting, if it says nothing else", async () => {
    const { parents, children, childWorker, flow } = family();
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a")],
    });
    await fail(childWorker);
    expect(await node.job.getState()).toBe("waiting-children");
    expect(await node.job.getDependenciesCount()).toEqual({
      processed: 0,
      unprocessed: 1,
      ignored: 0,
      failed: 0,
    });
  });

  test("has no say while it has attempts left", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { attempts: 2, failParentOnFailure: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts)],
    });
    await fail(childWorker);
    expect(await node.job.getState()).toBe("waiting-children");
    await fail(childWorker);
    expect(await node.job.getState()).toBe("waiting");
  });

  test("with failParentOnFailure: its ancestors are failed one after the other by those who take them", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { failParentOnFailure: true };
    const middle = {
      ...child(parents, "middle", opts),
      children: [child(children, "a", opts), child(children, "b")],
    };
    const node = await flow.add({ name: "top", queueName: parents.name, children: [middle] });
    const [middleNode] = node.children!;
    const { job: failed } = middleNode!.children![0]!;
    await fail(childWorker);
    expect(await middleNode!.job.getState()).toBe("waiting");
    expect(await middleNode!.job.getDependencies()).toMatchObject({ failed: [keyOf(failed)] });

    const reasons: string[] = [];
    const worker = kit.worker(parents, {}, () => Promise.reject(new Error("not reached")));
    const bothFailed = new Promise<void>((resolve) => {
      worker.on("failed", (_, error) => {
        reasons.push(error.message);
        if (reasons.length === 2) resolve();
      });
    });
    void worker.run();
    await bothFailed;
    expect(reasons).toEqual([
      `child ${keyOf(failed)} failed`,
      `child ${keyOf(middleNode!.job)} failed`,
    ]);
    expect(await node.job.getState()).toBe("failed");
  });

  test("with failParentOnFailure: a delayed parent fails now, a running one cannot complete", async () => {
    const { parents, children, parentWorker, childWorker } = family();
    const late = await parents.add("late", {}, { delay: 60_000 });
    const opts = (job: Job) => ({
      failParentOnFailure: true,
      parent: { id: job.id!, queue: parents.qualifiedName },
    });
    await children.add("a", {}, opts(late));
    await fail(childWorker);
    expect(await late.getState()).toBe("waiting");
    await take(parentWorker);

    const running = (await parents.add("running", {})) && (await take(parentWorker))!;
    await children.add("b", {}, opts(running));
    await fail(childWorker);
    const message = `Cannot complete job ${running.id} because it has at least one failed child. moveToFinished`;
    await expect(running.moveToCompleted(1, TOKEN, false)).rejects.toMatchObject({
      code: -9,
      message,
    });
    await expect(running.moveToWaitingChildren(TOKEN)).rejects.toMatchObject({ code: -9 });
  });

  test("with continueParentOnFailure: the parent runs at once, and knows why", async () => {
    const { parents, children, parentWorker, childWorker, flow } = family();
    const opts = { continueParentOnFailure: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts), child(children, "b")],
    });
    await fail(childWorker, "broken");
    const running = (await take(parentWorker))!;
    const [a] = childrenOf(node);
    expect(await running.getIgnoredChildrenFailures()).toEqual({ [keyOf(a!)]: "broken" });
    await running.removeUnprocessedChildren();
    await running.moveToCompleted(1, TOKEN, false);
  });

  test("with ignoreDependencyOnFailure: the parent waits for the others, and knows why", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { ignoreDependencyOnFailure: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts), child(children, "b")],
    });
    await fail(childWorker, "broken");
    expect(await node.job.getState()).toBe("waiting-children");
    await complete(childWorker);
    expect(await node.job.getState()).toBe("waiting");
    expect(Object.values(await node.job.getIgnoredChildrenFailures())).toEqual(["broken"]);
  });

  test("with removeDependencyOnFailure: the parent forgets it", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { removeDependencyOnFailure: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts)],
    });
    await fail(childWorker);
    expect(await node.job.getState()).toBe("waiting");
    expect(await node.job.getDependencies()).toEqual({
      processed: {},
      unprocessed: [],
      ignored: {},
      failed: [],
    });
  });

  test("and is not kept: the parent need not wait for it", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { removeOnFail: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts)],
    });
    await fail(childWorker);
    expect(await node.job.getState()).toBe("waiting");
  });

  test.each([
    ["failParentOnFailure", "failed"],
    ["continueParentOnFailure", "ignored"],
    ["ignoreDependencyOnFailure", "ignored"],
  ] as const)("and is retried: with %s its parent waits for it again", async (option, kind) => {
    const { parents, children, childWorker, flow } = family();
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", { [option]: true }), child(children, "b")],
    });
    const failed = await fail(childWorker);
    expect(await node.job.getDependenciesCount({ [kind]: true })).toEqual({ [kind]: 1 });
    await failed.retry();
    expect(await node.job.getDependenciesCount({ [kind]: true, unprocessed: true })).toEqual({
      [kind]: 0,
      unprocessed: 2,
    });
  });
});

describe("a child that completed", () => {
  test("and is not kept: the parent has its value all the same", async () => {
    const { parents, children, childWorker, flow } = family();
    const opts = { removeOnComplete: true };
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", opts)],
    });
    await complete(childWorker, 42);
    expect(await children.getJob(childrenOf(node)[0]!.id!)).toBeUndefined();
    expect(Object.values(await node.job.getChildrenValues())).toEqual([42]);
  });

  test("and is retried: the parent waits for it again, and has the new value then", async () => {
    const { parents, children, childWorker, flow } = family();
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a"), child(children, "b")],
    });
    const done = await complete(childWorker, 1);
    await done.retry("completed");
    expect(await node.job.getDependenciesCount({ processed: true, unprocessed: true })).toEqual({
      processed: 0,
      unprocessed: 2,
    });
    await complete(childWorker, 2);
    await complete(childWorker, 3);
    expect(await node.job.getState()).toBe("waiting");
    expect(Object.values(await node.job.getChildrenValues())).toEqual([2, 3]);
  });
});

describe("a child that exists already", () => {
  test("becomes the child of a flow's parent", async () => {
    const { parents, children, childWorker, flow } = family();
    await children.add("a", {}, { jobId: "known" });
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", { jobId: "known" })],
    });
    expect(await node.job.getState()).toBe("waiting-children");
    expect((await eventsOf(children)).at(-1)).toEqual({ event: "duplicated", jobId: "known" });
    await complete(childWorker);
    expect(await node.job.getState()).toBe("waiting");
  });

  test("and is being worked on: the parent learns of its end", async () => {
    const { parents, children, childWorker, flow } = family();
    await children.add("a", {}, { jobId: "known" });
    const running = (await take(childWorker))!;
    const node = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child(children, "a", { jobId: "known" })],
    });
    await running.moveToCompleted("late", TOKEN, false);
    expect(Object.values(await node.job.getChildrenValues())).toEqual(["late"]);
    expect(await node.job.getState()).toBe("waiting");
  });

  test("and completed: its value counts, and the parent waits for the rest of the flow", async () => {
    const { parents, children, childWorker, flow } = family();
    await children.add("a", {}, { jobId: "known" });
    await complete(childWorker, "early");
    const known = child(children, "a", { jobId: "known" });
    const waiting = await flow.add({
      name: "p",
      queueName: parents.name,
      children: [known, child(children, "b")],
    });
    expect(await waiting.job.getState()).toBe("waiting-children");
    expect(Object.values(await waiting.job.getChildrenValues())).toEqual(["early"]);
    await complete(childWorker);
    expect(await waiting.job.getState()).toBe("waiting");
  });

  test("and completed: a parent that has no other child runs", async () => {
    const { parents, children, childWorker, flow } = family();
    await children.add("a", {}, { jobId: "known" });
    await complete(childWorker);
    const known = child(children, "a", { jobId: "known" });
    const node = await flow.add({ name: "parent", queueName: parents.name, children: [known] });
    expect(await node.job.getState()).toBe("waiting");
  });

  test("and has another parent: it stays where it is, and the new parent is not released", async () => {
    const { parents, children, childWorker, flow } = family();
    const known = child(children, "a", { jobId: "known" });
    const first = await flow.add({ name: "first", queueName: parents.name, children: [known] });
    const second = await flow.add({ name: "second", queueName: parents.name, children: [known] });
    expect(await second.job.getState()).toBe("waiting-children");
    expect(await second.job.getDependenciesCount({ unprocessed: true })).toEqual({
      unprocessed: 0,
    });
    const parent = { id: second.job.id!, queue: parents.qualifiedName };
    await expect(children.add("a", {}, { jobId: "known", parent })).rejects.toMatchObject({
      code: -7,
      message: `The parent job ${keyOf(second.job)} cannot be replaced. addJob`,
    });
    await complete(childWorker);
    expect(await first.job.getState()).toBe("waiting");
  });

  test("and has lost its parent: it takes the new one", async () => {
    const { parents, children, childWorker, flow } = family();
    const known = child(children, "a", { jobId: "known" });
    const first = await flow.add({ name: "first", queueName: parents.name, children: [known] });
    await first.job.remove({ removeChildren: false });
    const second = await flow.add({ name: "second", queueName: parents.name, children: [known] });
    await complete(childWorker);
    expect(await second.job.getState()).toBe("waiting");
  });
});

describe("a running job that waits for children", () => {
  async function running() {
    const all = family();
    await all.parents.add("parent", {});
    const job = (await take(all.parentWorker))!;
    const parent = { id: job.id!, queue: all.parents.qualifiedName };
    return { ...all, job, addChild: (name: string) => all.children.add(name, {}, { parent }) };
  }

  test("moves, and comes back when they are done", async () => {
    const { parents, parentWorker, childWorker, job, addChild } = await running();
    await addChild("a");
    expect(await job.moveToWaitingChildren(TOKEN)).toBe(true);
    expect(await job.getState()).toBe("waiting-children");
    expect((await eventsOf(parents)).at(-1)).toEqual({
      event: "waiting-children",
      jobId: job.id,
      prev: "active",
    });
    await complete(childWorker);
    const again = (await take(parentWorker))!;
    expect(again.id).toBe(job.id);
    expect(again.attemptsMade).toBe(0);
    expect(again.attemptsStarted).toBe(2);
    expect(await again.moveToWaitingChildren(TOKEN)).toBe(false);
    await again.moveToCompleted(1, TOKEN, false);
  });

  test("does not move without any, or without the one it asks for", async () => {
    const { children, childWorker, job, addChild } = await running();
    expect(await job.moveToWaitingChildren(TOKEN)).toBe(false);
    const done = await addChild("done");
    await complete(childWorker);
    await addChild("open");
    const wanted = { child: { id: done.id!, queue: children.qualifiedName } };
    expect(await job.moveToWaitingChildren(TOKEN, wanted)).toBe(false);
    expect(await job.getState()).toBe("active");
  });

  test("has to exist, to be held, and to be active", async () => {
    const { parents, job, addChild } = await running();
    await addChild("a");
    const backend = parents.getBackend();
    await expect(backend.moveToWaitingChildren("none", TOKEN)).rejects.toMatchObject({ code: -1 });
    await expect(backend.moveToWaitingChildren(job.id!, "other")).rejects.toMatchObject({
      code: -6,
    });
    await backend.moveToWaitingChildren(job.id!, TOKEN);
    await expect(backend.moveToWaitingChildren(job.id!, TOKEN)).rejects.toMatchObject({ code: -2 });
    await expect(backend.moveToWaitingChildren(job.id!, "0")).rejects.toMatchObject({
      code: -3,
      message: `Job ${job.id} is not in the active state. moveToWaitingChildren`,
    });
  });
});

describe("children are listed", () => {
  async function large() {
    const all = family();
    const names = Array.from({ length: 30 }, (_, n) => child(all.children, `child-${n}`));
    const node = await all.flow.add({
      name: "parent",
      queueName: all.parents.name,
      children: names,
    });
    return { ...all, node };
  }

  test("a page at a time, each once, though children complete meanwhile", async () => {
    const { node, childWorker } = await large();
    const seen: string[] = [];
    let cursor = 0;
    do {
      const page = await node.job.getDependencies({ unprocessed: { cursor, count: 8 } });
      expect(Object.keys(page).sort()).toEqual(["nextUnprocessedCursor", "unprocessed"]);
      seen.push(...page.unprocessed!);
      cursor = page.nextUnprocessedCursor!;
      await complete(childWorker);
    } while (cursor);
    expect(seen).toEqual(childrenOf(node).map(keyOf));
    const { processed, nextProcessedCursor } = await node.job.getDependencies({ processed: {} });
    expect(Object.keys(processed!)).toEqual(seen.slice(0, 4));
    expect(nextProcessedCursor).toBe(0);
  });

  test("with the jobs themselves", async () => {
    const { node, parents, childWorker } = await large();
    const done = await complete(childWorker, { ok: true });
    const pending = await parents.getDependencies(node.job.id!, "pending", 0, 4);
    expect(pending.total).toBe(29);
    expect(pending.items.map(({ id }) => id)).toEqual(childrenOf(node).slice(1, 6).map(keyOf));
    expect(pending.jobs.map(({ name }) => name)).toEqual([
      "child-1",
      "child-2",
      "child-3",
      "child-4",
      "child-5",
    ]);
    const processed = await parents.getDependencies(node.job.id!, "processed", 0, -1);
    expect(processed).toMatchObject({ total: 1, items: [{ id: keyOf(done), v: { ok: true } }] });
    const none = { items: [], jobs: [], total: 0 };
    expect(await parents.getDependencies("nobody", "processed", 0, -1)).toEqual(none);
  });

  test("as a tree", async () => {
    const { node, parents, flow } = await large();
    const found = await flow.getFlow({ id: node.job.id!, queueName: parents.name, maxChildren: 5 });
    expect(found.children!.map(({ job }) => job.name)).toEqual([
      "child-0",
      "child-1",
      "child-2",
      "child-3",
      "child-4",
    ]);
  });
});
