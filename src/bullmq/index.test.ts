import * as bullmq from "bullmq";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as longhaul from "./index.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("everything that bullmq exports is here", () => {
  expect(Object.keys(longhaul)).toEqual(expect.arrayContaining(Object.keys(bullmq)));
});

test("the classes are BullMQ's, extended", () => {
  const pairs = [
    [longhaul.Queue, bullmq.Queue],
    [longhaul.Worker, bullmq.Worker],
    [longhaul.QueueEvents, bullmq.QueueEvents],
    [longhaul.QueueEventsProducer, bullmq.QueueEventsProducer],
    [longhaul.FlowProducer, bullmq.FlowProducer],
    [longhaul.JobScheduler, bullmq.JobScheduler],
    [longhaul.Job, bullmq.Job],
  ];
  for (const [ours, theirs] of pairs) expect(Object.getPrototypeOf(ours)).toBe(theirs);
});

describe("without a connection", () => {
  test("all classes meet in the store that LONGHAUL_URL names", async () => {
    vi.stubEnv("LONGHAUL_URL", ":memory:");
    const queue = new longhaul.Queue<number, number>("squares");
    const events = new longhaul.QueueEvents("squares");
    const worker = new longhaul.Worker<number, number>("squares", async ({ data }) => data ** 2);
    const flow = new longhaul.FlowProducer();
    const producer = new longhaul.QueueEventsProducer("squares");

    const { job } = await flow.add({ name: "four", queueName: "squares", data: 4 });
    await expect(job.waitUntilFinished(events)).resolves.toBe(16);
    const custom = new Promise((resolve) => events.on("tick" as never, resolve as never));
    await producer.publishEvent({ eventName: "tick", n: 1 });
    await expect(custom).resolves.toMatchObject({ n: "1" });
    const scheduler = await queue.jobScheduler;
    expect(scheduler).toBeInstanceOf(longhaul.JobScheduler);
    await expect(scheduler.getSchedulersCount()).resolves.toBe(0);

    await Promise.all([worker, events, flow, producer, queue].map((thing) => thing.close()));
  });
});

test("a connection to a server gets BullMQ's backend for it", async () => {
  const redis = { host: "localhost", port: 1, retryStrategy: () => null };
  const queue = new longhaul.Queue("a", { connection: redis });
  queue.on("error", () => {});
  expect(queue.getBackend()).toBeInstanceOf(bullmq.RedisQueueBackend);
  const postgres = { host: "localhost", port: 1, database: "jobs" };
  const other = new longhaul.Queue("a", { connection: postgres });
  expect(other.getBackend()).toBeInstanceOf(bullmq.PostgresQueueBackend);
  await Promise.all([queue.close(), other.close()]);
});

describe("a wrong option is refused where it is written", () => {
  test.each([
    ["BULLMQ_BAD_CONNECTION", () => new longhaul.Queue("a", { connection: "jobs.db" })],
    ["BULLMQ_BAD_CONNECTION", () => new longhaul.QueueEvents("a", { connection: { url: "x:y" } })],
    ["BULLMQ_BAD_CONNECTION", () => new longhaul.FlowProducer({ connection: 5 as never })],
    ["BULLMQ_BAD_WORKER_OPTION", () => new longhaul.Worker("a", null, { attempts: -1 })],
    [
      "BULLMQ_BAD_REPEAT",
      () => new longhaul.Queue("a", { defaultJobOptions: { repeat: { every: 5 } } as never }),
    ],
  ])("%s", (code, construct) => {
    expect(construct).toThrow(expect.objectContaining({ name: "LonghaulError", code }));
  });

  test("and BullMQ refuses what it refuses", () => {
    const connection = ":memory:";
    expect(() => new longhaul.Queue("", { connection })).toThrow("Queue name must be provided");
    expect(() => new longhaul.Worker("a", null, { connection, drainDelay: 0 })).toThrow(
      "drainDelay must be greater than 0",
    );
  });

  test("repeat in a flow", async () => {
    const flow = new longhaul.FlowProducer({ connection: ":memory:" });
    const opts = { repeat: { every: 5 } } as object;
    const children = [{ name: "b", queueName: "q", opts }];
    const tree = { name: "a", queueName: "q", children };
    await expect(flow.add(tree)).rejects.toThrow(/^b cannot be repeated: a job of a flow/);
    await flow.close();
  });
});
