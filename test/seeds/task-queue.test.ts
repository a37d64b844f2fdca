/** What the task manager of seed 003 asks of BullMQ: its options, its updates, aborting a job. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Stage } from "../compat/stage.ts";

interface TaskProgress {
  percentage: number;
  current: number;
  total: number;
  message: string;
}

let stage: Stage;

beforeEach(() => {
  stage = new Stage(":memory:");
});

afterEach(async () => {
  await stage.close();
});

test("the manager's defaults: 10 completed kept, 5 failed kept, 3 attempts, exponential backoff", async () => {
  const queue = stage.queue<{ n: number }>("tasks", {
    defaultJobOptions: {
      ...{ removeOnComplete: 10, removeOnFail: 5, attempts: 3 },
      backoff: { type: "exponential", delay: 1 },
    },
  });
  const worker = stage.worker<{ n: number }>(
    async ({ data }) => {
      if (data.n % 2 === 1) throw new Error("odd");
    },
    { name: "tasks", concurrency: 3 },
  );
  let finished = 0;
  const all = new Promise<void>((resolve) => {
    const count = () => ++finished === 40 && resolve();
    worker.on("completed", count);
    worker.on("failed", (job) => job?.finishedOn !== undefined && count());
  });
  await queue.addBulk(Array.from({ length: 40 }, (_, n) => ({ name: "task", data: { n } })));
  await all;
  await expect(queue.getJobCounts("completed", "failed")).resolves.toEqual({
    completed: 10,
    failed: 5,
  });
});

test("every state and an object as progress reach a listener", async () => {
  const queue = stage.queue("scrape-reviews");
  const events = await stage.events("scrape-reviews");
  const updates: string[] = [];
  events.on("waiting", () => updates.push("waiting"));
  events.on("active", () => updates.push("active"));
  events.on("progress", ({ data }) => updates.push((data as unknown as TaskProgress).message));
  events.on("completed", () => updates.push("completed"));
  const completed = once(events, "completed");
  stage.worker(
    async (job) => {
      const progress: TaskProgress = { percentage: 50, current: 5, total: 10, message: "half" };
      await job.updateProgress(progress);
      return { reviews: 10 };
    },
    { name: "scrape-reviews" },
  );
  const job = await queue.add("scrape", {
    mapsUrl: "https://maps.example.org",
    shopId: "shop-123",
  });
  await completed;
  expect(updates).toEqual(["waiting", "active", "half", "completed"]);
  await expect(queue.getJob(job.id as string)).resolves.toMatchObject({
    progress: { percentage: 50 },
    returnvalue: { reviews: 10 },
  });
});

test("a job can be removed while it waits, not while it runs", async () => {
  const queue = stage.queue("scrape-reviews");
  const waiting = await queue.add("scrape", {}, { delay: 60_000 });
  await waiting.remove();
  await expect(queue.getJob(waiting.id as string)).resolves.toBeUndefined();

  let finish = () => {};
  const worker = stage.worker(
    async () => await new Promise<void>((resolve) => (finish = resolve)),
    { name: "scrape-reviews" },
  );
  const active = once(worker, "active");
  const running = await queue.add("scrape", {});
  await active;
  await expect(running.remove()).rejects.toThrow(/locked by another worker/);
  const completed = once(worker, "completed");
  finish();
  await completed;
});
