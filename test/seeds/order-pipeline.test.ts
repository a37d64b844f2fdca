/**
 * The BullMQ example of seed 000 (e-commerce orders), with the import changed and the connection
 * dropped. A second is shortened, nothing else.
 */
import { once } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Job, Queue, QueueEvents, Worker } from "../../src/bullmq/index.ts";

const second = 20;

interface Item {
  productId: string;
  quantity: number;
  price: number;
}

let pipeline: ReturnType<typeof startPipeline>;

beforeAll(() => {
  vi.stubEnv("LONGHAUL_URL", ":memory:");
  pipeline = startPipeline();
});

afterAll(async () => {
  await Promise.all(pipeline.everything.map((thing) => thing.close()));
  vi.unstubAllEnvs();
});

function startPipeline() {
  const orderQueue = new Queue("order processing");
  const paymentQueue = new Queue("payment processing");
  const notificationQueue = new Queue("notifications");

  const orderWorker = new Worker(
    "order processing",
    async (job) => {
      try {
        const { orderId, userId, items } = job.data;
        await job.updateProgress(10);
        await job.log("Validating order...");
        if (items.length === 0) throw new Error("Empty order");
        await job.updateProgress(30);
        await job.log("Reserving inventory...");
        await job.updateProgress(60);
        await paymentQueue.add(
          "process-payment",
          { orderId, userId, amount: calculateTotal(items) },
          { delay: 1 * second, jobId: `payment-${orderId}` },
        );
        await job.updateProgress(90);
        await job.log("Order validation completed");
        return { orderId, status: "validated" };
      } catch (error) {
        await job.log(`Error: ${(error as Error).message}`);
        throw error;
      }
    },
    { concurrency: 5, limiter: { max: 10, duration: 1000 } },
  );

  let gatewayCalls = 0;
  const paymentWorker = new Worker(
    "payment processing",
    async (job) => {
      const { orderId, userId, amount } = job.data;
      await job.updateProgress(0);
      await job.log("Starting payment processing...");
      await simulateLongProcess("Validating payment method", 2 * second, job, 20);
      if (gatewayCalls++ === 0) throw new Error("gateway timeout");
      await simulateLongProcess("Processing with payment gateway", 5 * second, job, 50);
      await simulateLongProcess("Verifying transaction", 3 * second, job, 80);
      await notificationQueue.add("payment-success", { orderId, userId, amount });
      await job.updateProgress(100);
      return { success: true, transactionId: `txn_${Date.now()}` };
    },
    {
      concurrency: 3,
      attempts: 3,
      backoff: { type: "exponential", delay: 2 * second },
    },
  );

  const orderEvents = new QueueEvents("order processing");
  const paymentEvents = new QueueEvents("payment processing");
  return {
    orderQueue,
    paymentQueue,
    notificationQueue,
    orderEvents,
    paymentEvents,
    everything: [
      ...[orderWorker, paymentWorker, orderEvents, paymentEvents],
      ...[orderQueue, paymentQueue, notificationQueue],
    ],
  };
}

async function simulateLongProcess(stepName: string, duration: number, job: Job, progress: number) {
  await job.log(stepName);
  await new Promise((resolve) => setTimeout(resolve, duration));
  await job.updateProgress(progress);
}

function calculateTotal(items: Item[]): number {
  return items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
}

async function createOrder(orderData: { orderId: string; userId: string; items: Item[] }) {
  return await pipeline.orderQueue.add("process-order", orderData, {
    jobId: `order-${orderData.orderId}`,
    removeOnComplete: 50,
    removeOnFail: 10,
    attempts: 3,
    delay: 1 * second,
  });
}

test("an order is validated, paid on the second attempt, and announced", async () => {
  const { orderEvents, paymentEvents, orderQueue, paymentQueue, notificationQueue } = pipeline;
  const progress: unknown[] = [];
  orderEvents.on("progress", ({ data }) => progress.push(data));
  const validated = once(orderEvents, "completed");
  const paid = once(paymentEvents, "completed:payment-12345");
  await createOrder({
    orderId: "12345",
    userId: "user-67890",
    items: [
      { productId: "prod-1", quantity: 2, price: 25 },
      { productId: "prod-2", quantity: 1, price: 50 },
    ],
  });

  const [order] = await validated;
  expect(order).toMatchObject({
    jobId: "order-12345",
    returnvalue: { orderId: "12345", status: "validated" },
  });
  expect(progress).toEqual([10, 30, 60, 90]);
  await expect(orderQueue.getJobLogs("order-12345")).resolves.toMatchObject({ count: 3 });

  await paid;
  const payment = await paymentQueue.getJob("payment-12345");
  expect(payment).toMatchObject({
    attemptsMade: 2,
    progress: 100,
    data: { amount: 100 },
    returnvalue: { success: true },
  });
  await expect(notificationQueue.getWaiting()).resolves.toMatchObject([
    { name: "payment-success", data: { orderId: "12345", userId: "user-67890", amount: 100 } },
  ]);
});

test("the same order twice is one job", async () => {
  const order = { orderId: "twice", userId: "ada", items: [] };
  const first = await createOrder(order);
  const second = await createOrder(order);
  expect(second.id).toBe(first.id);
  await expect(pipeline.orderQueue.getDelayedCount()).resolves.toBe(1);
  await expect(first.waitUntilFinished(pipeline.orderEvents)).rejects.toThrow("Empty order");
  const { attemptsMade } = (await pipeline.orderQueue.getJob("order-twice")) as Job;
  expect(attemptsMade).toBe(3);
});
