import type { Ledger } from "../ledger.ts";
import type { Payment } from "../queues.ts";
import type { Handler } from "./interruptible.ts";

/** Tells the customer that the order is paid, once. */
export function notify(ledger: Ledger): Handler<Payment> {
  return async (job) => {
    const { orderId, userId } = job.data;
    await ledger.once("notifications", orderId, { userId, at: new Date().toISOString() });
    await job.updateProgress(100);
    return { notified: userId };
  };
}
