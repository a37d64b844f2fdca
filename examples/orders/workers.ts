import { Worker } from "longhaul/bullmq";
import { interruptible } from "./handlers/interruptible.ts";
import { notify } from "./handlers/notify.ts";
import { processOrder } from "./handlers/process-order.ts";
import { processPayment } from "./handlers/process-payment.ts";
import type { Ledger } from "./ledger.ts";
import type { Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";

/** Starts a worker for each stage. */
export function startWorkers(queues: Queues, ledger: Ledger, settings: Settings): Worker[] {
  const orders = new Worker(queues.orders.name, interruptible(processOrder(queues, settings)), {
    concurrency: 5,
    limiter: { max: 10, duration: 1000 },
  });
  const payments = new Worker(
    queues.payments.name,
    interruptible(processPayment(queues, ledger, settings)),
    {
      // Fewer at a time: the gateway of the payment provider has its limits.
      concurrency: 3,
      attempts: 3,
      backoff: { type: "exponential", delay: settings.pace(2000) },
    },
  );
  const notifications = new Worker(queues.notifications.name, interruptible(notify(ledger)), {
    attempts: 5,
    backoff: { type: "exponential", delay: settings.pace(1000) },
  });
  return [orders, payments, notifications];
}
