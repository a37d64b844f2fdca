/** Bull Board, the real one, on embedded queues: what its pages show and what its buttons do. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import express from "express";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Job, Queue } from "../../src/bullmq/index.ts";
import { Stage } from "../compat/stage.ts";

const basePath = "/admin/queues";

let stage: Stage;
let queue: Queue;
let server: Server;

beforeEach(async () => {
  stage = new Stage(":memory:");
  queue = stage.queue("email");
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(basePath);
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });
  const app = express();
  app.use(basePath, serverAdapter.getRouter());
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  await stage.close();
});

/** Calls the board's API on the queue; a body makes it what the board's page would send. */
async function call(method: string, path: string, body?: unknown) {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${basePath}${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

const onQueue = (method: string, path: string, body?: unknown) =>
  call(method, `/api/queues/${queue.name}/${path}`, body);

async function readQueues(query = "") {
  const response = await call("GET", `/api/queues?activeQueue=${queue.name}&${query}`);
  const { queues } = (await response.json()) as { queues: BoardQueue[] };
  return queues[0] as BoardQueue;
}

interface BoardQueue {
  name: string;
  isPaused: boolean;
  counts: Record<string, number>;
  jobs: { id: string; name: string; data: unknown; failedReason?: string }[];
}

async function addFailed(name: string): Promise<Job> {
  const worker = stage.worker(
    async () => {
      throw new Error("no such address");
    },
    { name: "email" },
  );
  const failed = once(worker, "failed");
  const job = await queue.add(name, { to: "nobody" });
  await failed;
  await worker.close();
  return job;
}

describe("shows", () => {
  test("its page", async () => {
    const page = await (await call("GET", "/")).text();
    expect(page).toContain("<title>");
  });

  test("queues, counts and jobs", async () => {
    await addFailed("broken");
    await queue.add("now", { to: "ada" });
    await queue.add("later", {}, { delay: 60_000 });
    await queue.add("important", {}, { priority: 1 });
    await expect(readQueues("status=failed")).resolves.toMatchObject({
      name: queue.name,
      isPaused: false,
      counts: { waiting: 1, prioritized: 1, delayed: 1, failed: 1 },
      jobs: [{ name: "broken", failedReason: "no such address" }],
    });
    await expect(readQueues("status=delayed")).resolves.toMatchObject({
      jobs: [{ name: "later" }],
    });
  });

  test("a job, its logs and its flow", async () => {
    const { job } = await stage.flow().add({
      ...{ name: "parent", queueName: queue.name, data: { n: 1 } },
      children: [{ name: "child", queueName: queue.name }],
    });
    await job.log("one line");
    await expect((await onQueue("GET", `${job.id}`)).json()).resolves.toMatchObject({
      job: { name: "parent", data: { n: 1 } },
      status: "waiting-children",
    });
    await expect((await onQueue("GET", `${job.id}/logs`)).json()).resolves.toEqual(["one line"]);
    const flow = await (await onQueue("GET", `${job.id}/flow`)).text();
    expect(flow).toContain("child");
  });

  test("schedulers and workers", async () => {
    const worker = stage.worker(async () => {}, { name: "email" });
    await worker.waitUntilReady();
    await queue.add("report", {}, { repeat: { pattern: "0 9 * * *", key: "report" } });
    const schedulers = await (await call("GET", "/api/job-schedulers")).text();
    expect(schedulers).toContain("0 9 * * *");
    await expect((await onQueue("GET", "workers")).json()).resolves.toMatchObject({
      workers: [{ id: expect.any(String), addr: expect.any(String) }],
    });
  });
});

describe("operates", () => {
  test("add, with any option", async () => {
    const body = { name: "sent", data: { to: "ada" }, options: { delay: 60_000, attempts: 2 } };
    await onQueue("POST", "add", body);
    await expect(queue.getDelayed()).resolves.toMatchObject([
      { name: "sent", data: { to: "ada" }, opts: { attempts: 2 } },
    ]);
  });

  test("retry one and retry all", async () => {
    const one = await addFailed("one");
    const other = await addFailed("other");
    await onQueue("PUT", `${one.id}/retry`);
    await expect(one.getState()).resolves.toBe("waiting");
    await expect(other.getState()).resolves.toBe("failed");
    await onQueue("PUT", "retry/failed");
    await expect(other.getState()).resolves.toBe("waiting");
  });

  test("promote one and promote all", async () => {
    const [one, other] = await queue.addBulk([
      { name: "one", data: {}, opts: { delay: 60_000 } },
      { name: "other", data: {}, opts: { delay: 60_000 } },
    ]);
    await onQueue("PUT", `${one?.id}/promote`);
    await expect(queue.getJobCounts("wait", "delayed")).resolves.toEqual({ wait: 1, delayed: 1 });
    await onQueue("PUT", "promote");
    await expect(other?.getState()).resolves.toBe("waiting");
  });

  test("pause and resume", async () => {
    await onQueue("PUT", "pause");
    await expect(queue.isPaused()).resolves.toBe(true);
    await expect(readQueues()).resolves.toMatchObject({ isPaused: true });
    await onQueue("PUT", "resume");
    await expect(queue.isPaused()).resolves.toBe(false);
  });

  test("clean a state, remove a job, empty the queue", async () => {
    const failed = await addFailed("broken");
    // The board spares what is younger than 5 seconds.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6000 });
    await onQueue("PUT", "clean/failed");
    await expect(queue.getJobCountByTypes("failed")).resolves.toBe(0);
    await expect(failed.getState()).resolves.toBe("unknown");
    const removed = await queue.add("a", {});
    await queue.add("b", {});
    await onQueue("PUT", `${removed.id}/clean`);
    await expect(queue.getWaiting()).resolves.toMatchObject([{ name: "b" }]);
    await onQueue("PUT", "empty");
    await expect(queue.count()).resolves.toBe(0);
  });

  test("edit data, delay and priority", async () => {
    const job = await queue.add("a", { n: 1 }, { delay: 60_000 });
    await onQueue("PATCH", `${job.id}/update-data`, { jobData: { n: 2 } });
    await onQueue("PATCH", `${job.id}/delay`, { runAt: Date.now() + 90_000 });
    await onQueue("PATCH", `${job.id}/priority`, { priority: 3 });
    expect((await queue.getDelayed())[0]?.delay).toBeGreaterThan(80_000);
    await expect(queue.getJob(job.id as string)).resolves.toMatchObject({
      ...{ data: { n: 2 }, priority: 3 },
    });
  });

  test("concurrency and rate limit of the whole queue", async () => {
    await onQueue("PUT", "concurrency", { concurrency: 4 });
    await expect(queue.getGlobalConcurrency()).resolves.toBe(4);
    await onQueue("PUT", "rate-limit", { max: 10, duration: 1000 });
    await expect(queue.getGlobalRateLimit()).resolves.toEqual({ max: 10, duration: 1000 });
    await onQueue("PUT", "rate-limit/release");
  });

  test("a scheduler: run now, change, remove", async () => {
    await queue.add("report", { n: 1 }, { repeat: { pattern: "0 9 * * *", key: "report" } });
    await onQueue("PUT", "job-schedulers/report/run");
    await expect(queue.getWaiting()).resolves.toMatchObject([{ name: "report", data: { n: 1 } }]);
    await onQueue("PATCH", "job-schedulers/report", { pattern: "0 10 * * *" });
    await expect(queue.getJobScheduler("report")).resolves.toMatchObject({ pattern: "0 10 * * *" });
    await onQueue("PUT", "job-schedulers/report/remove");
    await expect(queue.getJobSchedulersCount()).resolves.toBe(0);
  });

  test("obliterate", async () => {
    await queue.add("a", {});
    await onQueue("PUT", "pause");
    await onQueue("PUT", "obliterate", { force: true });
    await expect(queue.count()).resolves.toBe(0);
  });
});
