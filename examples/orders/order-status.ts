import type { Job } from "longhaul/bullmq";
import type { Entries, Ledger } from "./ledger.ts";
import { jobIds, type Queues } from "./queues.ts";

/** How far an order has come. */
export interface OrderStatus {
  readonly orderId: string;
  readonly state: "processing" | "failed" | "completed";
  /** Where it is, or what it stopped at. */
  readonly stage: "order" | "payment" | "notification";
  /** The state BullMQ gives for the job of that stage, while the job is kept. */
  readonly job?: string;
  /** The progress of that job. */
  readonly progress?: unknown;
  readonly failedReason?: string;
  readonly payment?: Entries["payments"];
}

/** Looks an order up: what has happened stands in the ledger, what is going on in the queues. */
export async function findOrderStatus(
  { orders, payments, notifications }: Queues,
  ledger: Ledger,
  orderId: string,
): Promise<OrderStatus | undefined> {
  const payment = await ledger.find("payments", orderId);
  const known = { orderId, ...(payment && { payment }) };
  if (await ledger.find("notifications", orderId)) {
    return { ...known, state: "completed", stage: "notification" };
  }
  const stages = [
    ["notification", await notifications.getJob(jobIds.notification(orderId))],
    ["payment", await payments.getJob(jobIds.payment(orderId))],
    ["order", await orders.getJob(jobIds.order(orderId))],
  ] as const;
  for (const [stage, job] of stages) {
    if (job !== undefined) return { ...known, stage, ...(await describeJob(job)) };
  }
  return payment && { ...known, state: "processing", stage: "payment" };
}

async function describeJob(job: Job): Promise<Pick<OrderStatus, "state" | "job" | "progress">> {
  const state = await job.getState();
  const shared = { job: state, progress: job.progress };
  if (state !== "failed") return { ...shared, state: "processing" };
  return {
    ...shared,
    state: "failed",
    ...(job.failedReason && { failedReason: job.failedReason }),
  };
}
