import { afterAll, beforeAll, expect, test } from "vitest";
import "./register.ts";
// After register, as its documentation says.
import {
  FlowProducer,
  Queue,
  QueueEvents,
  RedisQueueBackend,
  UnrecoverableError,
  Worker,
} from "bullmq";
import type { JobsOptions, RetryDefaults } from "./types.ts";

const previousUrl = process.env.LONGHAUL_URL;

beforeAll(() => {
  process.env.LONGHAUL_URL = ":memory:";
});

afterAll(() => {
  if (previousUrl === undefined) delete process.env.LONGHAUL_URL;
  else process.env.LONGHAUL_URL = previousUrl;
});

/** BullMQ's types know nothing of what register adds. */
type Untyped = never;

test("BullMQ's own classes need no connection", async () => {
  const queue = new Queue("plain");
  const worker = new Worker("plain", async () => 42, undefined as Untyped);
  const events = new QueueEvents("plain");
  const flow = new FlowProducer();
  const { job } = await flow.add({ name: "a", queueName: "plain" });
  await expect(job.waitUntilFinished(events)).resolves.toBe(42);
  const another = await queue.add("b", {});
  await expect((another.waitUntilFinished as () => Promise<number>)()).resolves.toBe(42);
  await Promise.all([worker, events, flow, queue].map((thing) => thing.close()));
});

test("repeat makes a job scheduler, alone and in bulk, and is refused in a flow", async () => {
  const queue = new Queue("repeated");
  const opts: JobsOptions = { repeat: { cron: "0 0 1 1 *", key: "new-year" } };
  const job = await queue.add("a", {}, opts);
  expect(job.repeatJobKey).toBe("new-year");
  const bulk = await queue.addBulk([
    { name: "a", data: {}, opts },
    { name: "b", data: {} },
  ]);
  expect(bulk.map(({ repeatJobKey }) => repeatJobKey)).toEqual(["new-year", undefined]);
  await expect(queue.getJobSchedulersCount()).resolves.toBe(1);
  const flow = new FlowProducer();
  const node = { name: "c", queueName: "repeated", opts };
  await expect(flow.add(node)).rejects.toThrow("c cannot be repeated");
  await Promise.all([flow, queue].map((thing) => thing.close()));
});

test("attempts of a worker are defaults", async () => {
  const queue = new Queue("retried");
  const opts: RetryDefaults = { attempts: 3, backoff: 1 };
  const tries: unknown[] = [];
  const worker = new Worker(
    "retried",
    async (job) => {
      tries.push(job.opts.attempts);
      if (tries.length === 3) throw new UnrecoverableError("enough");
      throw new Error("again");
    },
    opts as Untyped,
  );
  const job = await queue.add("a", {});
  await expect((job.waitUntilFinished as () => Promise<void>)()).rejects.toThrow("enough");
  expect(tries).toEqual([3, 3, 3]);
  await Promise.all([worker, queue].map((thing) => thing.close()));
});

test("timeouts, limits of payloads and dead letters are there as well", async () => {
  const limited = { maxPayloadBytes: 10 };
  const queue = new Queue("added", limited as Untyped);
  const flow = new FlowProducer(limited as Untyped);
  const letters = new Queue("added-dead");
  const options = { timeout: 5, deadLetterQueue: "added-dead" };
  const worker = new Worker(
    "added",
    // Three parameters, so that BullMQ gives it a signal.
    (_job, _token, signal) =>
      new Promise((_, reject) =>
        signal!.addEventListener("abort", () => reject(signal!.reason as Error)),
      ),
    options as Untyped,
  );
  const refused = expect.objectContaining({ code: "BULLMQ_PAYLOAD_TOO_LARGE" });
  const large = "x".repeat(20);
  await expect(queue.add("a", large)).rejects.toThrow(refused);
  await expect(queue.upsertJobScheduler("s", { every: 9 }, { data: large })).rejects.toThrow(
    refused,
  );
  await expect(flow.add({ name: "a", queueName: "added", data: large })).rejects.toThrow(refused);
  const job = await queue.add("a", 1);
  await expect((job.waitUntilFinished as () => Promise<void>)()).rejects.toThrow("longer than");
  const [letter] = await letters.getJobs();
  expect(letter!.data).toMatchObject({ originalJobId: job.id, data: 1 });
  await Promise.all([worker, queue, flow, letters].map((thing) => thing.close()));
});

test("a server is used where the connection names one", async () => {
  const connection = { host: "localhost", port: 1, retryStrategy: () => null };
  const queue = new Queue("far", { connection });
  queue.on("error", () => {});
  expect(queue.getBackend()).toBeInstanceOf(RedisQueueBackend);
  await queue.close();
});
