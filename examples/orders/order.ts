import { randomUUID } from "node:crypto";

/** One line of an order. */
export interface Item {
  readonly productId: string;
  readonly quantity: number;
  readonly price: number;
}

/** What a customer orders. */
export interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly items: readonly Item[];
}

/** Why something is no order: one sentence for each problem. */
export class BadOrder extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "BadOrder";
    this.problems = problems;
  }
}

const MAX_ITEMS = 100;
const idPattern = /^[\w-]{1,64}$/;

/** What an order costs, in full cents. */
export function calculateTotal(items: readonly Item[]): number {
  const cents = items.reduce(
    (sum, { quantity, price }) => sum + quantity * Math.round(price * 100),
    0,
  );
  return cents / 100;
}

/**
 * Reads an order that somebody sent. Without an `orderId` it gets a new one.
 *
 * @throws {BadOrder}
 */
export function parseOrder(body: unknown): Order {
  if (!isObject(body)) throw new BadOrder(["send a JSON object (content-type: application/json)"]);
  const { orderId = randomUUID(), userId, items } = body;
  const problems = [
    ...(isId(orderId) ? [] : ["orderId must be 1 to 64 letters, digits, - or _"]),
    ...(isId(userId) ? [] : ["userId must be 1 to 64 letters, digits, - or _"]),
    ...problemsOfItems(items),
  ];
  if (problems.length > 0) throw new BadOrder(problems);
  return { orderId, userId, items: (items as Item[]).map(copyItem) } as Order;
}

function problemsOfItems(items: unknown): string[] {
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_ITEMS) {
    return [`items must be a list of 1 to ${MAX_ITEMS}`];
  }
  return items.flatMap((item: unknown, index) => {
    const at = `items[${index}]`;
    if (!isObject(item)) return [`${at} must be an object`];
    const { productId, quantity, price } = item;
    return [
      ...(isId(productId) ? [] : [`${at}.productId must be 1 to 64 letters, digits, - or _`]),
      ...(isWithin(quantity, 1, 1000) && Number.isInteger(quantity)
        ? []
        : [`${at}.quantity must be a whole number from 1 to 1000`]),
      ...(isWithin(price, 0, 1_000_000) ? [] : [`${at}.price must be a number from 0 to 1000000`]),
    ];
  });
}

function copyItem({ productId, quantity, price }: Item): Item {
  return { productId, quantity, price };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Ids become job ids and file names. */
function isId(value: unknown): value is string {
  return typeof value === "string" && idPattern.test(value);
}

function isWithin(value: unknown, lowest: number, highest: number): value is number {
  return typeof value === "number" && value >= lowest && value <= highest;
}
