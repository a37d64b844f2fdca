/** The repeating jobs, workers and shutdown of seed 002 (BullMQ-powered job queues). */
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Job } from "../../src/bullmq/index.ts";
import { Stage } from "../compat/stage.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage(":memory:");
});

afterEach(async () => {
  await stage.close();
});

test("repeat: { cron } and repeat: { every } become schedules", async () => {
  const queue = stage.queue("scheduled");
  await queue.add("daily-cleanup", {}, { repeat: { cron: "0 0 * * *" } });
  await queue.add("health-check", {}, { repeat: { every: 5 * 60 * 1000 } });
  const schedulers = await queue.getJobSchedulers();
  expect(schedulers.map(({ name, pattern, every }) => ({ name, pattern, every }))).toEqual(
    expect.arrayContaining([
      { name: "daily-cleanup", pattern: "0 0 * * *", every: undefined },
      { name: "health-check", pattern: undefined, every: 300_000 },
    ]),
  );
  const midnight = schedulers.find(({ name }) => name === "daily-cleanup")?.next as number;
  expect(midnight).toBeGreaterThan(Date.now());
  expect(new Date(midnight).toTimeString()).toMatch(/^00:00:00/);
});

test("a repeated job runs again and again, and carries its data and options", async () => {
  const queue = stage.queue("scheduled");
  const runs: unknown[] = [];
  const worker = stage.worker(async ({ data, opts }) => runs.push([data, opts.attempts]), {
    name: "scheduled",
  });
  const enough = new Promise<void>((resolve) =>
    worker.on("completed", () => runs.length === 3 && resolve()),
  );
  await queue.add("health-check", { url: "/up" }, { repeat: { every: 20 }, attempts: 2 });
  await enough;
  expect(runs.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => [{ url: "/up" }, 2]));
});

test("a typed worker for images, shut down with all others", async () => {
  interface ImageJobData {
    type: "resize" | "compress";
    imageUrl: string;
  }
  const queue = stage.queue<ImageJobData>("image-processing");
  const imageWorker = stage.worker<ImageJobData>(
    async (job: Job<ImageJobData>) => {
      switch (job.data.type) {
        case "resize":
        case "compress":
          break;
      }
      return { success: true, processedAt: new Date() };
    },
    { name: "image-processing", concurrency: 5 },
  );
  const completed = once(imageWorker, "completed");
  await queue.add("resize", { type: "resize", imageUrl: "a.png" }, { attempts: 3, backoff: 1000 });
  const [job] = await completed;
  const stored = await queue.getJob(job.id);
  // Results are JSON.
  expect(stored?.returnvalue).toEqual({ success: true, processedAt: expect.any(String) });
  await Promise.all([imageWorker].map((worker) => worker.close()));
});

test("a job that was done already is skipped", async () => {
  const queue = stage.queue("email");
  const cache = new Map<string, boolean>();
  const events = await stage.events("email");
  stage.worker(
    async (job) => {
      if (cache.get(`email:sent:${job.id}`)) return { skipped: true };
      cache.set(`email:sent:${job.id}`, true);
      return { success: true };
    },
    { name: "email" },
  );
  const job = await queue.add("send", {});
  await expect(job.waitUntilFinished(events)).resolves.toEqual({ success: true });
  const completed = once(events, "completed");
  await job.retry("completed");
  await completed;
  await expect(job.waitUntilFinished()).resolves.toEqual({ skipped: true });
});
