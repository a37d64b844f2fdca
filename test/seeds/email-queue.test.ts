/** The BullMQ part of seed 001 (background jobs and queues), example by example. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Job, Queue, Worker } from "../../src/bullmq/index.ts";
import { Stage } from "../compat/stage.ts";

interface EmailJobData {
  to: string;
  subject: string;
  template: string;
  data: Record<string, unknown>;
}

const email: EmailJobData = { to: "ada", subject: "Welcome", template: "welcome", data: {} };

let stage: Stage;

beforeEach(() => {
  stage = new Stage(":memory:");
});

afterEach(async () => {
  await stage.close();
});

test("adding: retention by age and count, delay, repeat, bulk with priority and staggered delays", async () => {
  const emailQueue = stage.queue<EmailJobData>("email");
  const welcome = await emailQueue.add("welcome-email", email, {
    attempts: 3,
    backoff: { type: "exponential", delay: 1000 },
    removeOnComplete: { age: 24 * 3600, count: 1000 },
    removeOnFail: { age: 7 * 24 * 3600 },
  });
  await expect(emailQueue.getJob(welcome.id as string)).resolves.toMatchObject({
    opts: { attempts: 3, removeOnComplete: { age: 86_400, count: 1000 } },
  });

  const reminder = await emailQueue.add("reminder", email, { delay: 5000 });
  await expect(reminder.getState()).resolves.toBe("delayed");

  const report = await emailQueue.add("daily-report", email, {
    repeat: { pattern: "0 9 * * *", tz: "America/New_York" },
  });
  await expect(emailQueue.getJobSchedulers()).resolves.toMatchObject([
    {
      key: report.repeatJobKey,
      name: "daily-report",
      pattern: "0 9 * * *",
      tz: "America/New_York",
    },
  ]);

  const emails = [email, email, email];
  await emailQueue.addBulk(
    emails.map((data, index) => ({
      name: "bulk-email",
      data,
      opts: { priority: 10, delay: index * 100 },
    })),
  );
  await expect(emailQueue.getJobCounts("wait", "prioritized", "delayed")).resolves.toEqual({
    ...{ wait: 1, prioritized: 1, delayed: 4 },
  });
});

test("worker: concurrency, limiter, progress, completed and failed listeners, graceful close", async () => {
  const emailQueue = stage.queue<EmailJobData>("email");
  const progress: unknown[] = [];
  const emailWorker = new Worker(
    emailQueue.name,
    async (job: Job<EmailJobData>) => {
      await job.updateProgress(10);
      if (job.data.to === "nobody") throw new Error("no such address");
      await job.updateProgress(100);
      return { messageId: `to-${job.data.to}` };
    },
    { connection: ":memory:", concurrency: 5, limiter: { max: 100, duration: 60_000 } },
  );
  emailWorker.on("progress", (_job, value) => progress.push(value));
  const completed = once(emailWorker, "completed");
  const failed = once(emailWorker, "failed");
  await emailQueue.add("good", email);
  await emailQueue.add("bad", { ...email, to: "nobody" });
  const [, result] = await completed;
  const [failedJob, error] = await failed;
  expect(result).toEqual({ messageId: "to-ada" });
  expect([failedJob.name, error.message]).toEqual(["bad", "no such address"]);
  expect(progress).toEqual(expect.arrayContaining([10, 100]));
  await emailWorker.close();
  await emailQueue.add("after", email);
  await expect(emailQueue.getWaitingCount()).resolves.toBe(1);
});

test("flow: an order waits for its children", async () => {
  const queues = ["orders", "inventory", "payments", "email"].map((name) => stage.queue(name));
  await stage.flow().add({
    name: "process-order",
    queueName: stage.name("orders"),
    data: { orderId: "123" },
    children: [
      { name: "validate-inventory", queueName: stage.name("inventory"), data: { orderId: "123" } },
      { name: "charge-payment", queueName: stage.name("payments"), data: { orderId: "123" } },
      {
        name: "send-confirmation",
        queueName: stage.name("email"),
        data: { orderId: "123" },
        opts: { delay: 30 },
      },
    ],
  });
  await expect(queues[0]?.getWaitingChildrenCount()).resolves.toBe(1);
  const order: string[] = [];
  for (const name of ["inventory", "payments", "email"]) {
    stage.worker(async (job) => order.push(job.name), { name });
  }
  const orders = stage.worker(async (job) => order.push(job.name), { name: "orders" });
  await once(orders, "completed");
  expect(order).toHaveLength(4);
  expect(order.slice(2)).toEqual(["send-confirmation", "process-order"]);
});

test("custom backoff and a dead letter queue", async () => {
  const main = stage.queue("main");
  const deadLetterQueue = stage.queue("dead-letter");
  const asked: number[] = [];
  const worker = stage.worker(
    async () => {
      throw new Error("broken");
    },
    {
      name: "main",
      settings: {
        backoffStrategy: (attemptsMade) => {
          asked.push(attemptsMade);
          return [1, 5, 30][Math.min(attemptsMade - 1, 2)] as number;
        },
      },
    },
  );
  const buried = new Promise<void>((resolve, reject) => {
    worker.on("failed", (job, error) => {
      if (!job || job.attemptsMade < (job.opts.attempts as number)) return;
      deadLetterQueue
        .add("failed-job", {
          originalQueue: "main",
          originalJobId: job.id,
          data: job.data,
          error: error.message,
          failedAt: new Date().toISOString(),
        })
        .then(() => resolve(), reject);
    });
  });
  const job = await main.add("job", { n: 1 }, { attempts: 3, backoff: { type: "custom" } });
  await buried;
  expect(asked).toEqual([1, 2]);
  await expect(deadLetterQueue.getWaiting()).resolves.toMatchObject([
    { data: { originalJobId: job.id, error: "broken", data: { n: 1 } } },
  ]);
});

test("the anti-pattern that blocks a request works too", async () => {
  const queue = new Queue(stage.name("process"), { connection: ":memory:" });
  stage.worker(async ({ data }) => ({ processed: data }), { name: "process" });
  const job = await queue.add("process", { body: 1 });
  await expect(job.waitUntilFinished()).resolves.toEqual({ processed: { body: 1 } });
  await queue.close();
});

test("an idempotent handler finds what it did the first time", async () => {
  const queue = stage.queue<{ orderId: string; amount: number }>("charges");
  const events = await stage.events("charges");
  const payments = new Map<string, { key: string | undefined }>();
  let charges = 0;
  stage.worker<{ orderId: string; amount: number }>(
    async (job) => {
      const existing = payments.get(job.data.orderId);
      if (existing) return existing;
      charges++;
      payments.set(job.data.orderId, { key: job.id });
      throw new Error("crashed after charging");
    },
    { name: "charges" },
  );
  const job = await queue.add("charge", { orderId: "1", amount: 5 }, { attempts: 2 });
  await expect(job.waitUntilFinished(events)).resolves.toEqual({ key: job.id });
  expect(charges).toBe(1);
});
