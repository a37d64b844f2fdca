import type { Ledger } from "./ledger.ts";
import type { Order } from "./order.ts";
import { createOrder, type Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";

const samples: readonly Order[] = [
  {
    orderId: "1001",
    userId: "ada",
    items: [
      { productId: "notebook", quantity: 2, price: 25 },
      { productId: "fountain-pen", quantity: 1, price: 50 },
    ],
  },
  {
    orderId: "1002",
    userId: "grace",
    items: [{ productId: "compiler", quantity: 1, price: 129.5 }],
  },
  {
    orderId: "1003",
    userId: "katherine",
    items: [{ productId: "slow-link-orrery", quantity: 1, price: 349 }],
  },
];

/** Adds a few orders the first time the program runs. Adding them twice would do no harm. */
export async function addSamplesOnce(
  queues: Queues,
  ledger: Ledger,
  settings: Settings,
): Promise<number> {
  if (await ledger.find("samples", "added")) return 0;
  for (const order of samples) await createOrder(queues, order, settings);
  await ledger.once("samples", "added", { at: new Date().toISOString() });
  return samples.length;
}
