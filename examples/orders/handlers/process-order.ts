import { calculateTotal, type Order } from "../order.ts";
import { jobIds, type Queues } from "../queues.ts";
import type { Settings } from "../settings.ts";
import type { Handler } from "./interruptible.ts";
import { simulate } from "./simulate.ts";

/** Validates an order, reserves its items and passes it on to the payments. */
export function processOrder({ payments }: Queues, { pace }: Settings): Handler<Order> {
  return async (job, stopping) => {
    const { orderId, userId, items } = job.data;
    await job.updateProgress(10);
    await simulate(
      job,
      { name: "Validating order", durationMs: pace(200), progress: 30 },
      stopping,
    );

    await simulate(
      job,
      { name: "Reserving inventory", durationMs: pace(800), progress: 60 },
      stopping,
    );
    reserveInventory(job.attemptsMade, items);

    await payments.add(
      "process-payment",
      { orderId, userId, amount: calculateTotal(items) },
      {
        jobId: jobIds.payment(orderId),
        delay: pace(1000),
        removeOnComplete: { age: 24 * 3600, count: 1000 },
        removeOnFail: { age: 7 * 24 * 3600 },
      },
    );
    await job.updateProgress(90);
    await job.log("Order validated, payment queued");
    return { orderId, status: "validated" };
  };
}

/** A warehouse with a slow link: `slow-link` products are reserved on the second attempt only. */
function reserveInventory(attemptsMade: number, items: Order["items"]): void {
  const slow = items.find(({ productId }) => productId.startsWith("slow-link"));
  if (slow !== undefined && attemptsMade === 0) {
    throw new Error(`the warehouse of ${slow.productId} did not answer`);
  }
}
