import { UnrecoverableError } from "bullmq";
import { afterEach, describe, expect, test } from "vitest";
import { type DeadLetter, FlowProducer, Queue, retryDeadLetters, Worker } from "./index.ts";
import type { QueueOptions, WorkerOptions } from "./types.ts";

const connection = ":memory:";
const open: { close(): Promise<void> }[] = [];
let count = 0;

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

/** A queue whose jobs are taken and failed by hand, and its dead letters. */
function setUp(options: Partial<WorkerOptions> = {}, queueOptions: Partial<QueueOptions> = {}) {
  const name = `work-${++count}`;
  const queue = new Queue(name, { connection, ...queueOptions });
  const letters = new Queue<DeadLetter>(`${name}-dead`, { connection });
  const worker = new Worker(name, null, {
    ...{ connection, autorun: false, deadLetterQueue: letters.name },
    ...options,
  });
  open.push(queue, letters, worker);
  const fail = async (error: Error = new Error("no")) => {
    const job = await worker.getNextJob("token", { block: false });
    await job.moveToFailed(error, "token");
    return job;
  };
  return { queue, letters, worker, fail };
}

test("a job that has used up its attempts lies in the dead-letter queue, as it was", async () => {
  const { queue, letters, fail } = setUp();
  const { id, timestamp } = await queue.add("mail", { to: "ada" }, { attempts: 2, priority: 3 });
  await fail();
  expect(await letters.count()).toBe(0);
  const error = new Error("mailbox full");
  await fail(error);
  const [letter, ...others] = await letters.getJobs();
  expect(others).toEqual([]);
  expect(letter!.name).toBe("mail");
  expect(letter!.data).toEqual({
    originalQueue: queue.name,
    originalJobId: id,
    name: "mail",
    data: { to: "ada" },
    opts: { attempts: 2, priority: 3 },
    error: "mailbox full",
    stack: error.stack,
    failedAt: new Date(Date.parse(letter!.data.failedAt)).toISOString(),
    attemptsMade: 2,
    timestamp,
  });
  expect(await queue.getFailedCount()).toBe(1);
});

test("so does one that is not to be tried again, and one of which nothing is kept", async () => {
  const { queue, letters, fail } = setUp();
  await queue.add("mail", 1, { attempts: 5, removeOnFail: true });
  await fail(new UnrecoverableError("no such address"));
  const [letter] = await letters.getJobs();
  expect(letter!.data).toMatchObject({ data: 1, error: "no such address", attemptsMade: 1 });
  expect(await queue.getFailedCount()).toBe(0);
});

test("and one that stalled too often, by the hand of the worker that finds it", async () => {
  const { queue, letters } = setUp();
  await queue.add("mail", 7);
  const lost = { connection, autorun: false, lockDuration: 1, stalledInterval: 1 };
  const first = new Worker(queue.name, null, { ...lost, maxStalledCount: 0 });
  open.push(first);
  await first.getNextJob("lost", { block: false });
  // The first look makes it a suspect, a later one finds its lock run out.
  while ((await queue.getActiveCount()) > 0) {
    await first.getBackend().moveStalledJobsToWait();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const second = new Worker(queue.name, async () => 1, {
    ...{ connection, deadLetterQueue: letters.name },
  });
  open.push(second);
  await new Promise((resolve) => second.once("failed", resolve));
  const [letter] = await letters.getJobs();
  expect(letter!.data).toMatchObject({
    data: 7,
    error: "job stalled more than allowable limit",
  });
});

test("a failed child fails its parent, and both are dead letters", async () => {
  const { queue, letters, fail } = setUp();
  const flows = new FlowProducer({ connection });
  open.push(flows);
  const opts = { failParentOnFailure: true };
  await flows.add({
    ...{ name: "parent", queueName: queue.name },
    children: [{ name: "child", queueName: queue.name, opts }],
  });
  await fail();
  const second = await fail(new UnrecoverableError("child failed"));
  expect(second.name).toBe("parent");
  expect((await letters.getJobs([], 0, -1, true)).map(({ name }) => name)).toEqual([
    "child",
    "parent",
  ]);
});

test("a completed job leaves no letter, and letters may have options", async () => {
  const { queue, letters, worker, fail } = setUp({
    deadLetterQueue: { name: `work-${count + 1}-dead`, jobOptions: { attempts: 4, priority: 2 } },
  });
  await queue.addBulk([
    { name: "good", data: 1 },
    { name: "bad", data: 2 },
  ]);
  const job = await worker.getNextJob("token", { block: false });
  await job.moveToCompleted("fine", "token", false);
  await fail();
  const [letter, ...others] = await letters.getJobs();
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ name: "bad", opts: { attempts: 4, priority: 2 } });
});

describe("retryDeadLetters", () => {
  test("runs a job again that still stands failed, with its attempts anew", async () => {
    const { queue, letters, fail } = setUp();
    const { id } = await queue.add("mail", 1, { attempts: 1 });
    await fail();
    expect(await retryDeadLetters(letters.name, { connection })).toEqual([
      { queue: queue.name, jobId: id },
    ]);
    expect(await letters.count()).toBe(0);
    const job = (await queue.getJob(id!))!;
    expect(await job.getState()).toBe("waiting");
    expect(job).toMatchObject({ attemptsMade: 0, data: 1 });
    expect(await retryDeadLetters(letters.name, { connection })).toEqual([]);
  });

  test("adds a job again that is gone, under its id and with its options", async () => {
    const { queue, letters, fail } = setUp();
    const opts = { attempts: 1, removeOnFail: true, delay: 0, priority: 4 };
    const { id } = await queue.add("mail", { to: "bob" }, opts);
    await fail();
    expect(await queue.getJob(id!)).toBeUndefined();
    await retryDeadLetters(letters.name, { connection });
    const job = (await queue.getJob(id!))!;
    expect(job).toMatchObject({ name: "mail", data: { to: "bob" }, attemptsMade: 0 });
    expect(job.opts).toMatchObject({ attempts: 1, removeOnFail: true, priority: 4 });
    await fail();
    expect((await letters.getJobs())[0]!.data.originalJobId).toBe(id);
  });

  test("takes another id when the old one is taken, and leaves the other job alone", async () => {
    const { queue, letters, fail } = setUp();
    await queue.add("mail", "old", { jobId: "order-1", timestamp: 1, removeOnFail: true });
    await fail();
    await queue.add("mail", "new", { jobId: "order-1" });
    const [retried] = await retryDeadLetters(letters.name, { connection });
    expect(retried!.jobId).not.toBe("order-1");
    expect((await queue.getJob("order-1"))!.data).toBe("new");
    expect((await queue.getJob(retried!.jobId))!.data).toBe("old");
  });

  test("only drops the letter of a job that was retried by hand meanwhile", async () => {
    const { queue, letters, fail } = setUp();
    await queue.add("mail", 1);
    const job = await fail();
    await job.retry();
    expect(await retryDeadLetters(letters.name, { connection })).toHaveLength(1);
    expect(await queue.getJobCounts("waiting", "failed")).toEqual({ waiting: 1, failed: 0 });
    expect(await letters.count()).toBe(0);
  });

  test("takes what the filter chooses, in order and no more than asked", async () => {
    const { queue, letters, fail } = setUp();
    await queue.addBulk(Array.from({ length: 250 }, (_, data) => ({ name: "mail", data })));
    for (let n = 0; n < 250; n++) await fail();
    const even = (letter: DeadLetter) => (letter.data as number) % 2 === 0;
    const some = await retryDeadLetters(letters.name, { connection, filter: even, count: 3 });
    const jobs = await Promise.all(some.map(({ jobId }) => queue.getJob(jobId)));
    expect(jobs.map((job) => job!.data)).toEqual([0, 2, 4]);
    expect(await retryDeadLetters(letters.name, { connection, filter: even })).toHaveLength(122);
    expect(await letters.count()).toBe(125);
    expect(await queue.getFailedCount()).toBe(125);
  });

  test("leaves what is no letter, and letters that a worker has", async () => {
    const { queue, letters, fail } = setUp();
    await letters.add("note", { text: "not a letter" } as never);
    await queue.add("mail", 1);
    await fail();
    const reader = new Worker(letters.name, null, { connection, autorun: false });
    open.push(reader);
    await reader.getNextJob("a", { block: false });
    await reader.getNextJob("b", { block: false });
    await letters.add("note", { text: "another" } as never);
    expect(await retryDeadLetters(letters.name, { connection })).toEqual([]);
    expect(await letters.getJobCounts("waiting", "active")).toEqual({ waiting: 1, active: 2 });
  });
});

test.each([
  [5, /must be the name of a queue/],
  ["", /must be the name of a queue/],
  ["a:b", /must be the name of a queue/],
  ["orders", /cannot be its own/],
  [{ name: "dead", keep: 5 }, /knows no keep/],
  [{ name: "dead", jobOptions: { jobId: "x" } }, /jobOptions knows no jobId/],
])("deadLetterQueue %j is refused", (deadLetterQueue, message) => {
  const make = () =>
    new Worker("orders", null, { connection, deadLetterQueue: deadLetterQueue as never });
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining({ code: "BULLMQ_BAD_WORKER_OPTION" }));
});
