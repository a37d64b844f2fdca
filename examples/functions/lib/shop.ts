/** One line of an order. */
export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

/** What a payment provider answers. */
export interface Payment {
  readonly id: string;
  readonly amount: number;
}

/** Stands in for a warehouse: how many there are of each thing. */
export const stock = new Map<string, number>([
  ["pen", 100],
  ["ink", 100],
]);

/** Stands in for a payment provider: what was charged, oldest first. */
export const payments: Payment[] = [];

export async function checkInventory(items: readonly Item[]) {
  return { available: items.every(({ sku, quantity }) => (stock.get(sku) ?? 0) >= quantity) };
}

export async function reserveInventory(items: readonly Item[]): Promise<void> {
  for (const { sku, quantity } of items) stock.set(sku, (stock.get(sku) ?? 0) - quantity);
}

export async function chargeCard(paymentMethodId: string, amount: number): Promise<Payment> {
  const payment = { id: `${paymentMethodId}-${payments.length + 1}`, amount };
  payments.push(payment);
  return payment;
}
