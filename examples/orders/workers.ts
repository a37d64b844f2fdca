import { Worker } from "longhaul/bullmq";
import { interruptible } from "./handlers/interruptible.ts";
import { notify } from "./handlers/notify.ts";
import { processOrder } from "./handlers/process-order.ts";
import { processPayment } from "./handlers/process-payment.ts";
import type { Ledger } from "./ledger.ts";
import type { Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";

/**
 * How often a job may be found without the process that ran it. BullMQ gives up after once, in case
 * the job is what kills the process; these handlers are idempotent and harmless, so they go on.
 */
const maxStalledCount = 1000;

/** Starts a worker for each stage. When `stopping` is aborted, they hand back what they are doing. */
export function startWorkers(
  queues: Queues,
  ledger: Ledger,
  settings: Settings,
  stopping: AbortSignal,
): Worker[] {
  const orders = new Worker(
    queues.orders.name,
    interruptible(processOrder(queues, settings), stopping),
    {
      concurrency: 5,
      maxStalledCount,
      limiter: { max: 10, duration: 1000 },
    },
  );
  const payments = new Worker(
    queues.payments.name,
    interruptible(processPayment(queues, ledger, settings), stopping),
    {
      // Fewer at a time: the gateway of the payment provider has its limits.
      concurrency: 3,
      maxStalledCount,
      attempts: 3,
      backoff: { type: "exponential", delay: settings.pace(2000) },
    },
  );
  const notifications = new Worker(
    queues.notifications.name,
    interruptible(notify(ledger), stopping),
    {
      maxStalledCount,
      attempts: 5,
      backoff: { type: "exponential", delay: settings.pace(1000) },
    },
  );
  return [orders, payments, notifications];
}
