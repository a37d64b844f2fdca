/** The parts that need no queue. main.test.ts runs the whole program. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Ledger } from "./ledger.ts";
import { BadOrder, calculateTotal, parseOrder } from "./order.ts";
import { readSettings } from "./settings.ts";

describe("an order", () => {
  const item = { productId: "pen", quantity: 2, price: 25.1 };

  test("is taken as it comes, without what does not belong to it", () => {
    const body = { orderId: "a-1", userId: "ada", items: [{ ...item, gift: true }], coupon: "x" };
    expect(parseOrder(body)).toEqual({ orderId: "a-1", userId: "ada", items: [item] });
  });

  test("without an id gets one", () => {
    const [first, second] = [1, 2].map(() => parseOrder({ userId: "ada", items: [item] }));
    expect(first?.orderId).toMatch(/^[\w-]{36}$/);
    expect(first?.orderId).not.toBe(second?.orderId);
  });

  test.each([
    [undefined, /send a JSON object/],
    [[item], /send a JSON object/],
    [{ items: [item] }, /^userId must be 1 to 64 letters/],
    [{ orderId: "../etc", userId: "ada", items: [item] }, /^orderId must be/],
    [{ userId: "ada", items: [] }, /items must be a list of 1 to 100/],
    [{ userId: "ada", items: [5] }, /items\[0\] must be an object/],
    [{ userId: "ada", items: [{ ...item, quantity: 0.5 }] }, /items\[0\].quantity must be a whole/],
    [{ userId: "ada", items: [item, { ...item, price: -1 }] }, /items\[1\].price must be a number/],
    [{ userId: 5, items: [{}] }, /userId.*; items\[0\].productId.*quantity.*price/],
  ])("is refused as %j", (body, message) => {
    expect(() => parseOrder(body)).toThrow(BadOrder);
    expect(() => parseOrder(body)).toThrow(message);
  });

  test("costs the sum of its items, to the cent", () => {
    expect(calculateTotal([item, { productId: "ink", quantity: 3, price: 0.1 }])).toBe(50.5);
  });
});

describe("the ledger", () => {
  let folder: string;
  let ledger: Ledger;
  const at = "2026-01-01T00:00:00.000Z";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "longhaul-ledger-"));
    ledger = new Ledger(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("knows what was recorded, also after a restart", async () => {
    await expect(ledger.find("payments", "1")).resolves.toBeUndefined();
    const payment = { transactionId: "t1", amount: 5, at };
    await expect(ledger.once("payments", "1", payment)).resolves.toEqual(payment);
    await expect(new Ledger(folder).find("payments", "1")).resolves.toEqual(payment);
  });

  test("keeps the first of many that come at once, and leaves no drafts", async () => {
    const attempts = Array.from({ length: 20 }, (_, n) => {
      const ledger = new Ledger(folder);
      return ledger.once("payments", "1", { transactionId: `t${n}`, amount: 5, at });
    });
    const results = await Promise.all(attempts);
    expect(new Set(results.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect(readdirSync(join(folder, "payments"))).toEqual(["1.json"]);
  });
});

describe("settings", () => {
  test("have defaults", () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      shutdownGraceMs: 10_000,
    });
    expect(readSettings({}).pace(200)).toBe(200);
  });

  test("come from the environment", () => {
    const settings = readSettings({ PORT: "0", ORDER_SPEED: "4", SHUTDOWN_GRACE_MS: "0" });
    expect(settings).toMatchObject({ port: 0, shutdownGraceMs: 0 });
    expect(settings.pace(200)).toBe(50);
  });

  test.each([
    [{ PORT: "http" }],
    [{ PORT: "70000" }],
    [{ ORDER_SPEED: "0" }],
    [{ SHUTDOWN_GRACE_MS: "-1" }],
  ])("%j is refused", (env) => {
    expect(() => readSettings(env)).toThrow(/is not usable here/);
  });
});
