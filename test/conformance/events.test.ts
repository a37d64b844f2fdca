import { once } from "node:events";
import { withBackend } from "bullmq";
import { afterEach, describe, expect, test } from "vitest";
import { createSqliteBackend } from "../../src/queue/index.ts";
import { eventsOf, queueKit, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();
const { QueueEvents, QueueEventsProducer } = withBackend(createSqliteBackend);
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const resource of open.splice(0)) await resource.close();
});

/** BullMQ's own reader of a queue's events. */
function listen(queue: TestQueue, lastEventId?: string) {
  const options = lastEventId === undefined ? {} : { lastEventId };
  const events = new QueueEvents(queue.name, { connection: kit.connection, ...options });
  open.push(events);
  return events;
}

function producer(queue: TestQueue) {
  const events = new QueueEventsProducer(queue.name, { connection: kit.connection });
  open.push(events);
  return events;
}

/** Events with their ids, as the backend hands them to BullMQ. */
async function read(queue: TestQueue, after: string): Promise<[id: string, event: string][]> {
  const answer = (await queue.getBackend().readEvents(after, 1)) as
    [stream: string, entries: [string, string[]][]][] | null;
  return (answer?.[0]?.[1] ?? []).map(([id, fields]) => [id, fields[1]!]);
}

const names = async (queue: TestQueue) => (await eventsOf(queue)).map(({ event }) => event);

describe("what a job goes through is told in order", () => {
  test("when it completes", async () => {
    const queue = kit.queue();
    const { id } = await queue.add("greet", {});
    await (await take(kit.worker(queue)))!.moveToCompleted({ hello: "wörld" }, TOKEN, false);
    expect(await eventsOf(queue)).toEqual([
      { event: "added", jobId: id, name: "greet" },
      { event: "waiting", jobId: id },
      { event: "active", jobId: id, prev: "waiting" },
      { event: "completed", jobId: id, returnvalue: '{"hello":"wörld"}', prev: "active" },
      { event: "drained" },
    ]);
  });

  test("when it fails for good", async () => {
    const queue = kit.queue();
    const { id } = await queue.add("job", {}, { attempts: 2 });
    const worker = kit.worker(queue);
    for (const reason of ["once", "twice"]) {
      await (await take(worker))!.moveToFailed(new Error(reason), TOKEN, false);
    }
    expect((await eventsOf(queue)).slice(2)).toEqual([
      { event: "active", jobId: id, prev: "waiting" },
      { event: "waiting", jobId: id, prev: "active" },
      { event: "active", jobId: id, prev: "waiting" },
      { event: "failed", jobId: id, failedReason: "twice", prev: "active" },
      { event: "retries-exhausted", jobId: id, attemptsMade: "2" },
      { event: "drained" },
    ]);
  });

  test("when it reports progress, logs and is removed", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {}, { delay: 5000 });
    await job.updateProgress({ half: true });
    await job.log("a line");
    await job.remove();
    expect(await eventsOf(queue)).toEqual([
      { event: "added", jobId: job.id, name: "job" },
      { event: "delayed", jobId: job.id, delay: String(job.timestamp + 5000) },
      { event: "progress", jobId: job.id, data: '{"half":true}' },
      { event: "removed", jobId: job.id, prev: "delayed" },
    ]);
  });

  test("when it exists already", async () => {
    const queue = kit.queue();
    await queue.add("job", {}, { jobId: "mine" });
    await queue.add("job", {}, { jobId: "mine" });
    expect((await eventsOf(queue)).at(-1)).toEqual({ event: "duplicated", jobId: "mine" });
  });

  test("draining is told once, when the last job is done", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.addBulk([1, 2, 3].map((n) => ({ name: `job${n}`, data: {} })));
    for (let job = await take(worker); job; job = await take(worker)) {
      await job.moveToCompleted(1, TOKEN, false);
    }
    expect((await names(queue)).filter((name) => name === "drained")).toHaveLength(1);
  });

  test("control characters in what jobs carry do not disturb it", async () => {
    const queue = kit.queue();
    const name = "a\u001eb\u001fc\u001bd";
    await queue.add(name, {});
    await (await take(kit.worker(queue)))!.moveToFailed(new Error(name), TOKEN, false);
    const events = await eventsOf(queue);
    expect(events[0]).toMatchObject({ name });
    expect(events[3]).toMatchObject({ failedReason: name });
  });
});

describe("reading", () => {
  test("goes on after any event, also within one commit", async () => {
    const queue = kit.queue();
    await queue.addBulk([1, 2, 3].map(() => ({ name: "job", data: {} })));
    await queue.add("late", {});
    const all = await read(queue, "0");
    expect(all.map(([, event]) => event)).toEqual([1, 2, 3, 4].flatMap(() => ["added", "waiting"]));
    for (const [index, [id]] of all.entries()) {
      expect(await read(queue, id)).toEqual(all.slice(index + 1));
    }
    expect(await read(queue, "0-0")).toEqual(all);
    const [commit] = all.at(-1)![0].split("-");
    expect((await read(queue, commit!)).map(([id]) => id)).toEqual([`${commit}-1`]);
  });

  test("an id that is none is refused", async () => {
    const queue = kit.queue();
    await expect(queue.getBackend().readEvents("yesterday", 1)).rejects.toThrow("yesterday");
  });

  test("a very long stream comes in parts", async () => {
    const queue = kit.queue();
    const jobs = Array.from({ length: 300 }, () => ({ name: "job", data: {} }));
    for (let bulk = 0; bulk < 3; bulk++) await queue.addBulk(jobs);
    const first = await read(queue, "0");
    expect(first).toHaveLength(1200);
    expect(await read(queue, first.at(-1)![0])).toHaveLength(600);
  });

  test("ids only grow, also when all events are gone", async () => {
    const queue = kit.queue();
    await queue.add("job", {});
    const [[last]] = (await read(queue, "0")).slice(-1) as [[string, string]];
    await queue.trimEvents(0);
    expect(await read(queue, "0")).toEqual([]);
    await queue.add("job", {});
    const [[next]] = (await read(queue, last)) as [[string, string]];
    expect(Number(next.split("-")[0])).toBeGreaterThan(Number(last.split("-")[0]));
  });

  test("waits for the first event", async () => {
    const queue = kit.queue();
    const events = listen(queue, "0-0");
    const added = once(events, "added");
    await queue.add("job", {});
    expect((await added)[0]).toEqual({ jobId: "1", name: "job" });
  });
});

describe("BullMQ's QueueEvents", () => {
  test("hear of what happens from now on, with values as they were", async () => {
    const queue = kit.queue();
    await queue.add("before", {});
    const events = listen(queue);
    await events.waitUntilReady();
    const heard: unknown[] = [];
    events.on("added", (args) => heard.push(args));
    events.on("delayed", (args) => heard.push(args));
    events.on("progress", (args) => heard.push(args));
    const drained = once(events, "drained");
    const late = await queue.add("late", {}, { delay: 1000 });
    const worker = kit.worker(queue);
    const job = (await take(worker))!;
    await job.updateProgress({ at: 1 });
    const completed = once(events, "completed");
    await job.moveToCompleted([1, 2], TOKEN, false);
    expect((await completed)[0]).toMatchObject({ returnvalue: [1, 2] });
    await drained;
    expect(heard).toEqual([
      { jobId: late.id, name: "late" },
      { jobId: late.id, delay: late.timestamp + 1000 },
      { jobId: job.id, data: { at: 1 } },
    ]);
  });

  test("let a job be awaited", async () => {
    const queue = kit.queue();
    const events = listen(queue);
    await events.waitUntilReady();
    const job = await queue.add("job", {});
    const finished = job.waitUntilFinished(events);
    await (await take(kit.worker(queue)))!.moveToCompleted("done", TOKEN, false);
    expect(await finished).toBe("done");
    expect(await job.waitUntilFinished(events)).toBe("done");

    const bad = await queue.add("bad", {});
    const badFinished = bad.waitUntilFinished(events);
    const job2 = (await take(kit.worker(queue)))!;
    await Promise.all([
      expect(badFinished).rejects.toThrow("broken"),
      job2.moveToFailed(new Error("broken"), TOKEN, false),
    ]);
  });

  test("hear custom events", async () => {
    const queue = kit.queue();
    const events = listen(queue);
    await events.waitUntilReady();
    const heard = once(events as never, "greeting");
    await producer(queue).publishEvent({ eventName: "greeting", text: "hi\u001f", n: 5 } as never);
    expect((await heard)[0]).toEqual({ text: "hi\u001f", n: "5" });
    expect(await eventsOf(queue)).toEqual([{ event: "greeting", text: "hi\u001f", n: "5" }]);
  });
});

describe("trimming", () => {
  test("keeps the stream near its limit", async () => {
    const queue = kit.queue({ streams: { events: { maxLen: 20 } } });
    await queue.waitUntilReady();
    for (let n = 0; n < 60; n++) await queue.add("job", {});
    const { length } = await names(queue);
    expect(length).toBeGreaterThanOrEqual(20);
    expect(length).toBeLessThan(40);
  });

  test("by hand leaves about as many as asked for", async () => {
    const queue = kit.queue();
    for (let n = 0; n < 5; n++) await queue.add("job", {});
    expect(await queue.trimEvents(3)).toBe(6);
    expect(await names(queue)).toHaveLength(4);
    expect(await queue.trimEvents(0)).toBe(4);
    expect(await names(queue)).toEqual([]);
  });

  test("custom events keep to the limit they are published with", async () => {
    const queue = kit.queue();
    const events = producer(queue);
    for (let n = 0; n < 130; n++) await events.publishEvent({ eventName: "tick" }, 10);
    expect((await names(queue)).length).toBeLessThanOrEqual(111);
  });
});
