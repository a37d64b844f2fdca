import { describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

/** What the event stream tells of jobs that were not added. */
async function deduplicated(queue: TestQueue) {
  return (await eventsOf(queue)).filter(({ event }) => event === "deduplicated");
}

describe("without options", () => {
  const deduplication = { id: "one" };

  test("a second job is not added while the first waits", async () => {
    const queue = kit.queue();
    const first = await queue.add("first", {}, { deduplication });
    const second = await queue.add("second", {}, { deduplication });
    expect(second.id).toBe(first.id);
    expect(await queue.getWaitingCount()).toBe(1);
    expect(await deduplicated(queue)).toEqual([
      {
        event: "deduplicated",
        jobId: first.id,
        deduplicationId: "one",
        deduplicatedJobId: String(Number(first.id) + 1),
      },
    ]);
  });

  test("a custom id of the second job is told", async () => {
    const queue = kit.queue();
    await queue.add("first", {}, { jobId: "a", deduplication });
    await queue.add("second", {}, { jobId: "b", deduplication });
    expect(await deduplicated(queue)).toMatchObject([{ jobId: "a", deduplicatedJobId: "b" }]);
  });

  test.each(["completed", "failed"])("a job that %s frees the id", async (state) => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const first = await queue.add("first", {}, { deduplication });
    const job = await take(worker);
    expect(await queue.getDeduplicationJobId("one")).toBe(first.id);
    if (state === "completed") await job!.moveToCompleted(1, TOKEN, false);
    else await job!.moveToFailed(new Error("no"), TOKEN, false);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
    const second = await queue.add("second", {}, { deduplication });
    expect(second.id).not.toBe(first.id);
  });

  test("a failed attempt does not free the id", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const first = await queue.add("first", {}, { deduplication, attempts: 2 });
    await (await take(worker))!.moveToFailed(new Error("once more"), TOKEN, false);
    expect(await first.getState()).toBe("waiting");
    expect((await queue.add("second", {}, { deduplication })).id).toBe(first.id);
  });

  test("a removed job frees the id", async () => {
    const queue = kit.queue();
    const first = await queue.add("first", {}, { deduplication });
    await first.remove();
    expect((await queue.add("second", {}, { deduplication })).id).not.toBe(first.id);
  });

  test("other ids and other queues are free", async () => {
    const [queue, other] = [kit.queue(), kit.queue()];
    await queue.add("first", {}, { deduplication });
    await queue.add("second", {}, { deduplication: { id: "two" } });
    await other.add("third", {}, { deduplication });
    expect(await queue.getWaitingCount()).toBe(2);
    expect(await other.getWaitingCount()).toBe(1);
  });

  test("an id that exists is a duplicate first, and not deduplicated", async () => {
    const queue = kit.queue();
    await queue.add("first", {}, { jobId: "a", deduplication });
    await queue.add("second", {}, { jobId: "a", deduplication });
    expect((await eventsOf(queue)).map(({ event }) => event)).toEqual([
      "added",
      "waiting",
      "duplicated",
    ]);
  });

  test("a holder that vanished is no holder", async () => {
    const queue = kit.queue();
    const first = await queue.add("first", {}, { jobId: "vanished", deduplication });
    kit.sql("DELETE FROM job WHERE id = 'vanished' RETURNING pk");
    const second = await queue.add("second", {}, { deduplication });
    expect(second.id).not.toBe(first.id);
    expect(await queue.getDeduplicationJobId("one")).toBe(second.id);
  });
});

describe("freeing an id by hand", () => {
  test("a queue frees it whoever holds it", async () => {
    const queue = kit.queue();
    await queue.add("first", {}, { deduplication: { id: "one" } });
    expect(await queue.removeDeduplicationKey("one")).toBe(1);
    expect(await queue.removeDeduplicationKey("one")).toBe(0);
    await queue.add("second", {}, { deduplication: { id: "one" } });
    expect(await queue.getWaitingCount()).toBe(2);
  });

  test("a job frees it only while it holds it", async () => {
    const queue = kit.queue();
    const first = await queue.add("first", {}, { deduplication: { id: "one" } });
    expect(await first.removeDeduplicationKey()).toBe(true);
    const second = await queue.add("second", {}, { deduplication: { id: "one" } });
    expect(await first.removeDeduplicationKey()).toBe(false);
    expect(await queue.getDeduplicationJobId("one")).toBe(second.id);
  });

  test("the former holder's end does not free the id of the next", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const first = await queue.add("first", {}, { deduplication: { id: "one" } });
    await first.removeDeduplicationKey();
    const second = await queue.add("second", {}, { deduplication: { id: "one" } });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    expect(await queue.getDeduplicationJobId("one")).toBe(second.id);
  });

  test("nothing is held in a queue that was never used", async () => {
    expect(await kit.queue({ skipMetasUpdate: true }).getDeduplicationJobId("one")).toBeNull();
  });
});

describe("with a ttl", () => {
  const deduplication = { id: "one", ttl: 1000 };

  test("the id is held for that time, although the job finished", async () => {
    stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const first = await queue.add("first", {}, { deduplication, removeOnComplete: true });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    vi.advanceTimersByTime(999);
    expect((await queue.add("second", {}, { deduplication })).id).toBe(first.id);
    vi.advanceTimersByTime(1);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
    expect((await queue.add("third", {}, { deduplication })).id).not.toBe(first.id);
  });

  test("a removed job frees it at once", async () => {
    const queue = kit.queue();
    const first = await queue.add("first", {}, { deduplication });
    await first.remove();
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
  });

  test("extend counts the time from the last job", async () => {
    stopClock();
    const queue = kit.queue();
    const options = { deduplication: { ...deduplication, extend: true } };
    const first = await queue.add("first", {}, options);
    for (const name of ["second", "third"]) {
      vi.advanceTimersByTime(900);
      expect((await queue.add(name, {}, options)).id).toBe(first.id);
    }
    vi.advanceTimersByTime(1000);
    expect((await queue.add("fourth", {}, options)).id).not.toBe(first.id);
  });

  test("expired ids do not pile up", async () => {
    stopClock();
    const queue = kit.queue();
    for (let i = 0; i < 50; i++) {
      await queue.add("job", {}, { deduplication: { id: `id-${i}`, ttl: 1 } });
      vi.advanceTimersByTime(2);
    }
    const rows = kit.sql("SELECT id FROM deduplication WHERE id LIKE 'id-%'");
    expect(rows.length).toBeLessThan(10);
  });
});

describe("replace", () => {
  test("takes the place of a delayed job", async () => {
    const queue = kit.queue();
    const options = { delay: 5000, deduplication: { id: "one", replace: true } };
    const first = await queue.add("first", {}, options);
    const second = await queue.add("second", {}, options);
    expect(second.id).not.toBe(first.id);
    expect(await queue.getJob(first.id!)).toBeUndefined();
    expect(await queue.getDelayedCount()).toBe(1);
    expect(await queue.getDeduplicationJobId("one")).toBe(second.id);
    expect(await eventsOf(queue)).toMatchObject([
      { event: "added", jobId: first.id },
      { event: "delayed", jobId: first.id },
      { event: "removed", jobId: first.id, prev: "delayed" },
      {
        event: "deduplicated",
        jobId: second.id,
        deduplicationId: "one",
        deduplicatedJobId: first.id,
      },
      { event: "added", jobId: second.id },
      { event: "delayed", jobId: second.id },
    ]);
  });

  test("leaves a job alone that is no longer delayed", async () => {
    const queue = kit.queue();
    const options = { deduplication: { id: "one", replace: true } };
    const first = await queue.add("first", {}, options);
    expect((await queue.add("second", {}, options)).id).toBe(first.id);
    expect(await queue.getWaitingCount()).toBe(1);
  });

  test.each([
    { extend: false, left: 400 },
    { extend: true, left: 1000 },
  ])("with extend $extend the id is held for $left ms more", async ({ extend, left }) => {
    stopClock();
    const queue = kit.queue();
    const options = { delay: 5000, deduplication: { id: "one", ttl: 1000, replace: true, extend } };
    await queue.add("first", {}, options);
    vi.advanceTimersByTime(600);
    const second = await queue.add("second", {}, options);
    vi.advanceTimersByTime(left - 1);
    expect(await queue.getDeduplicationJobId("one")).toBe(second.id);
    vi.advanceTimersByTime(1);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
  });

  test("releases a parent that waited for the replaced job", async () => {
    const queue = kit.queue();
    const opts = { delay: 5000, deduplication: { id: "one", replace: true } };
    await queue.add("first", {}, { ...opts, jobId: "adopted" });
    const { job: parent } = await kit.flow().add({
      name: "parent",
      queueName: queue.name,
      children: [{ name: "child", queueName: queue.name, opts: { jobId: "adopted" } }],
    });
    expect(await parent.getState()).toBe("waiting-children");
    await queue.add("instead", {}, opts);
    expect(await parent.getState()).toBe("waiting");
  });
});

describe("reschedule", () => {
  const deduplication = { id: "one", reschedule: true };

  test("delays a delayed job anew and keeps its data", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const first = await queue.add("first", { kept: true }, { delay: 1000, deduplication });
    vi.advanceTimersByTime(500);
    const second = await queue.add("second", { kept: false }, { delay: 3000, deduplication });
    expect(second.id).toBe(first.id);
    const job = await queue.getJob(first.id!);
    expect(job).toMatchObject({ name: "first", data: { kept: true }, delay: 3000 });
    expect((await eventsOf(queue)).slice(-2)).toMatchObject([
      { event: "deduplicated", jobId: first.id },
      { event: "delayed", jobId: first.id, delay: String(now + 3500) },
    ]);
    const worker = kit.worker(queue);
    vi.setSystemTime(now + 3499);
    expect(await take(worker)).toBeUndefined();
    vi.setSystemTime(now + 3500);
    expect((await take(worker))?.id).toBe(first.id);
  });

  test("a job without a delay makes it due now", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const first = await queue.add("first", {}, { delay: 1000, deduplication });
    await queue.add("second", {}, { deduplication });
    expect((await eventsOf(queue)).at(-1)).toMatchObject({ event: "delayed", delay: String(now) });
    expect((await take(kit.worker(queue)))?.id).toBe(first.id);
  });

  test("leaves a waiting job alone", async () => {
    const queue = kit.queue();
    await queue.add("first", {}, { deduplication });
    await queue.add("second", {}, { delay: 1000, deduplication });
    expect(await queue.getJobCounts("waiting", "delayed")).toEqual({ waiting: 1, delayed: 0 });
  });
});

describe("keepLastIfActive", () => {
  const deduplication = { id: "one", keepLastIfActive: true };

  test("the last job that came while one was active follows it", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const first = await queue.add("first", {}, { deduplication });
    const job = (await take(worker))!;
    await queue.add("second", { n: 2 }, { deduplication });
    const third = await queue.add("third", { n: 3 }, { deduplication, priority: 4 });
    expect(third.id).toBe(first.id);
    expect(await take(worker)).toBeUndefined();
    await job.moveToCompleted(1, TOKEN, false);
    const [next] = await queue.getPrioritized();
    expect(next).toMatchObject({ name: "third", data: { n: 3 }, priority: 4 });
    expect(await queue.getDeduplicationJobId("one")).toBe(next!.id);
    expect((await eventsOf(queue)).slice(-3)).toMatchObject([
      { event: "added", jobId: next!.id },
      { event: "waiting", jobId: next!.id },
      { event: "completed", jobId: first.id },
    ]);
  });

  test("it keeps its own id, and counts its delay from the end of the active one", async () => {
    const now = stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { deduplication });
    const job = (await take(worker))!;
    await queue.add("second", {}, { jobId: "mine", delay: 1000, deduplication });
    vi.advanceTimersByTime(600);
    await job.moveToFailed(new Error("no"), TOKEN, false);
    expect(await queue.getJobState("mine")).toBe("delayed");
    expect(await eventsOf(queue)).toContainEqual({
      event: "delayed",
      jobId: "mine",
      delay: String(now + 1600),
    });
  });

  test("it comes only when the active one is not tried again", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { deduplication, attempts: 2 });
    let job = (await take(worker))!;
    await queue.add("second", {}, { deduplication });
    await job.moveToFailed(new Error("once more"), TOKEN, false);
    expect(await queue.getJobCountByTypes("waiting")).toBe(1);
    job = (await take(worker))!;
    expect(job.name).toBe("first");
    await job.moveToFailed(new Error("no more"), TOKEN, false);
    expect((await take(worker))?.name).toBe("second");
  });

  test("a job that came while one waited is dropped", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { deduplication });
    await queue.add("second", {}, { deduplication });
    await (await take(worker))!.moveToCompleted(1, TOKEN, false);
    expect(await queue.getJobCountByTypes("waiting")).toBe(0);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
  });

  test("its ttl is ignored", async () => {
    stopClock();
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const options = { deduplication: { ...deduplication, ttl: 100 } };
    const first = await queue.add("first", {}, options);
    await take(worker);
    vi.advanceTimersByTime(1000);
    expect((await queue.add("second", {}, options)).id).toBe(first.id);
  });

  test("what is stashed outlives the key it was stashed under", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { deduplication });
    const job = (await take(worker))!;
    await queue.add("second", {}, { jobId: "mine", deduplication });
    expect(await queue.removeDeduplicationKey("one")).toBe(1);
    expect(await queue.getDeduplicationJobId("one")).toBeNull();
    await job.moveToCompleted(1, TOKEN, false);
    expect(await queue.getJobState("mine")).toBe("waiting");
    expect(await queue.getDeduplicationJobId("one")).toBe("mine");
  });

  test("what is stashed goes when the delayed holder is replaced", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    const both = { ...deduplication, replace: true };
    await queue.add("first", {}, { deduplication: both, attempts: 2, backoff: 5000 });
    const job = (await take(worker))!;
    await queue.add("stashed", {}, { deduplication: both });
    await job.moveToFailed(new Error("later"), TOKEN, false);
    expect(await queue.getDelayedCount()).toBe(1);
    const third = await queue.add("third", {}, { deduplication: both });
    const next = (await take(worker))!;
    expect(next.id).toBe(third.id);
    await next.moveToCompleted(1, TOKEN, false);
    expect(await queue.getJobCountByTypes("waiting", "delayed")).toBe(0);
  });

  test("an id given to another job meanwhile is not given twice", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("first", {}, { deduplication });
    const job = (await take(worker))!;
    await queue.add("second", {}, { jobId: "mine", deduplication });
    await queue.add("other", {}, { jobId: "mine" });
    await job.moveToCompleted(1, TOKEN, false);
    expect((await queue.getJob("mine"))?.name).toBe("other");
    expect(await eventsOf(queue)).toContainEqual({ event: "duplicated", jobId: "mine" });
  });
});
