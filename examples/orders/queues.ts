import { Queue } from "longhaul/bullmq";
import type { Order } from "./order.ts";
import type { Settings } from "./settings.ts";

/** The data of a payment job and of the notification after it. */
export interface Payment {
  readonly orderId: string;
  readonly userId: string;
  readonly amount: number;
}

/** The stages of the pipeline. */
export type Queues = ReturnType<typeof openQueues>;

/** Opens the three queues on the store that LONGHAUL_URL names, by default a file. */
export function openQueues() {
  return {
    orders: new Queue<Order>("order processing"),
    payments: new Queue<Payment>("payment processing"),
    notifications: new Queue<Payment>("notifications"),
  };
}

/** Job ids come from the order's, so adding a job twice adds it once. */
export const jobIds = {
  order: (orderId: string) => `order-${orderId}`,
  payment: (orderId: string) => `payment-${orderId}`,
  notification: (orderId: string) => `notification-${orderId}`,
};

/** Puts an order into the pipeline. */
export async function createOrder({ orders }: Queues, order: Order, { pace }: Settings) {
  return await orders.add("process-order", order, {
    jobId: jobIds.order(order.orderId),
    removeOnComplete: 50,
    removeOnFail: 10,
    attempts: 3,
    backoff: { type: "exponential", delay: pace(1000) },
    delay: pace(1000),
  });
}
