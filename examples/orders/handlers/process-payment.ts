import type { Ledger } from "../ledger.ts";
import { jobIds, type Payment, type Queues } from "../queues.ts";
import type { Settings } from "../settings.ts";
import type { Handler } from "./interruptible.ts";
import { simulate } from "./simulate.ts";

/**
 * Takes the money for an order, once. The process may die between charging and the end of the job;
 * then the job runs again, finds the charge in the ledger and goes on from there.
 */
export function processPayment(
  { notifications }: Queues,
  ledger: Ledger,
  { pace }: Settings,
): Handler<Payment> {
  return async (job, stopping) => {
    const { orderId, amount } = job.data;
    let payment = await ledger.find("payments", orderId);
    if (payment === undefined) {
      await job.updateProgress(0);
      const validating = {
        name: "Validating payment method",
        durationMs: pace(2000),
        progress: 20,
      };
      await simulate(job, validating, stopping);
      const charging = {
        name: "Waiting for the payment gateway",
        durationMs: pace(5000),
        progress: 50,
      };
      await simulate(job, charging, stopping);
      const at = new Date().toISOString();
      const charge = { transactionId: `txn_${Date.now()}`, amount, at };
      payment = await ledger.once("payments", orderId, charge);
    } else {
      await job.log("This order is paid already");
    }
    const verifying = { name: "Verifying transaction", durationMs: pace(3000), progress: 80 };
    await simulate(job, verifying, stopping);
    await notifications.add("payment-success", job.data, {
      jobId: jobIds.notification(orderId),
      removeOnComplete: { age: 24 * 3600, count: 1000 },
    });
    await job.updateProgress(100);
    return { success: true, transactionId: payment.transactionId };
  };
}
