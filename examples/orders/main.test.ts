import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Entries } from "./ledger.ts";
import type { Order } from "./order.ts";
import { Program } from "./program.ts";

const samples = ["1001", "1002", "1003"];

let folder: string;
let program: Program;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longhaul-orders-"));
});

afterEach(async () => {
  await program[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  program = await Program.start(folder, env);
}

function order(orderId: string): Order {
  return { orderId, userId: "ada", items: [{ productId: "pen", quantity: 1, price: 5 }] };
}

/** What the ledger holds, by order. */
function readLedger<Kind extends keyof Entries>(kind: Kind): Map<string, Entries[Kind]> {
  const path = join(folder, ".longhaul/orders", kind);
  return new Map(
    readdirSync(path).map((file) => [
      file.replace(".json", ""),
      JSON.parse(readFileSync(join(path, file), "utf8")) as Entries[Kind],
    ]),
  );
}

/** Every order was paid once and announced once, and its payment job ended with that very payment. */
async function expectExactlyOnce(orderIds: readonly string[]): Promise<void> {
  const payments = readLedger("payments");
  expect([...payments.keys()].sort()).toEqual([...orderIds].sort());
  expect([...readLedger("notifications").keys()].sort()).toEqual([...orderIds].sort());
  for (const [orderId, { transactionId }] of payments) {
    const path = `/admin/queues/api/queues/payment%20processing/payment-${orderId}`;
    const { job } = (await (await fetch(program.origin + path)).json()) as BoardJob;
    expect(job.returnValue).toEqual({ success: true, transactionId });
  }
}

interface BoardJob {
  readonly job: { readonly returnValue: unknown; readonly attempts: number };
}

describe("the first start", () => {
  test("prints where things are and completes the sample orders", async () => {
    await start();
    expect(program.output).toMatch(
      /^Orders +http:.*\nDashboard +http:.*\/admin\/queues\nStore +file:/,
    );
    await program.completed(samples);
    await expectExactlyOnce(samples);
    // Order 1003 meets a warehouse that does not answer at first.
    expect(program.output).toMatch(
      /order-1003 +attempt 1 of 3 failed: the warehouse .* did not answer/,
    );
    await expect(program.status("1001")).resolves.toMatchObject({
      state: "completed",
      payment: { amount: 100 },
    });
  });

  test("is the only one that adds them", async () => {
    await start();
    await program.completed(samples);
    expect(await program.end("SIGTERM")).toEqual({ code: 0, signal: null });
    await start();
    await program.send(order("2001"));
    await program.completed(["2001"]);
    expect(program.output).not.toMatch(/sample orders|order-100\d/);
    await expectExactlyOnce([...samples, "2001"]);
  });
});

describe("over HTTP", () => {
  test("an order is taken, followed and not taken twice", async () => {
    await start();
    const taken = await program.send(order("2001"));
    expect([taken.status, taken.headers.get("location")]).toEqual([202, "/orders/2001"]);
    await expect(taken.json()).resolves.toEqual({
      ...{ orderId: "2001", state: "processing", stage: "order" },
    });
    const again = await program.send(order("2001"));
    expect(again.status).toBe(200);
    await expect(again.json()).resolves.toMatchObject({ orderId: "2001", state: "processing" });
    await program.completed(["2001", ...samples]);
    expect((await program.send(order("2001"))).status).toBe(200);
    await expectExactlyOnce([...samples, "2001"]);
  });

  test("what is no order is refused with reasons", async () => {
    await start();
    const refusals: [Partial<Order> | string, number, RegExp][] = [
      [{ items: [] }, 400, /userId must be.*items must be a list/],
      ["{", 400, /JSON/],
      ['"order"', 400, /JSON/],
      [JSON.stringify({ userId: "a".repeat(40_000) }), 413, /too large/],
    ];
    for (const [body, status, reason] of refusals) {
      const response = await program.send(body);
      expect([response.status, await response.text()]).toEqual([
        status,
        expect.stringMatching(reason),
      ]);
    }
    for (const path of ["/orders/9999", "/orders/..%2f1001", "/nothing"]) {
      expect((await fetch(program.origin + path)).status).toBe(404);
    }
  });

  test("the dashboard is there", async () => {
    await start();
    const page = await fetch(program.origin);
    expect([page.status, page.url]).toEqual([200, `${program.origin}/admin/queues`]);
    const listed = await fetch(`${program.origin}/admin/queues/api/queues`);
    const { queues } = (await listed.json()) as { queues: { name: string }[] };
    expect(queues.map(({ name }) => name).sort()).toEqual([
      ...["notifications", "order processing", "payment processing"],
    ]);
  });
});

describe("SIGKILL", () => {
  test("between the charge and the end of its job: the order is not charged again", async () => {
    await start({ ORDER_SPEED: "10" });
    // Half way is where the money has been taken and the job goes on for 300 ms.
    await program.printed(/payment-1001 +50 %/);
    await expect.poll(() => [...readLedger("payments").keys()]).toContain("1001");
    await program.end("SIGKILL");
    const charged = readLedger("payments").get("1001");
    await start({ ORDER_SPEED: "10" });
    await program.completed(samples);
    expect(readLedger("payments").get("1001")).toEqual(charged);
    await expectExactlyOnce(samples);
  });

  test("again and again: every order ends with one payment and one notification", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `k${n}`);
    await start();
    await Promise.all(ids.map((id) => program.send(order(id))));
    for (const moment of [
      /order-k\d+ +30 %/,
      /payment-k\d+ +20 %/,
      /payment-k\d+ +100 %/,
      /done/,
    ]) {
      await program.printed(moment);
      expect(await program.end("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
      await start();
    }
    const all = [...samples, ...ids];
    await program.completed(all);
    await expectExactlyOnce(all);
  });
});

describe("SIGTERM", () => {
  test("lets the running job finish, takes no other, and ends with 0", async () => {
    await start();
    await program.printed(/payment-1001 +20 %/);
    expect(await program.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(program.output).toMatch(/SIGTERM: finishing[^]*payment-1001 +done[^]*Stopped\n$/);
    expect(program.output).not.toMatch(/notification-/);
    await start();
    await program.completed(samples);
    await expectExactlyOnce(samples);
  });

  test("hands back what takes too long; the next start runs it without counting an attempt", async () => {
    await start({ ORDER_SPEED: "5", SHUTDOWN_GRACE_MS: "0" });
    await program.printed(/payment-1001 +20 %/);
    expect(await program.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(program.output).toMatch(/The jobs that were running are handed back\nStopped\n$/);
    await start();
    await program.completed(samples);
    await expectExactlyOnce(samples);
    const path = "/admin/queues/api/queues/payment%20processing/payment-1001";
    const { job } = (await (await fetch(program.origin + path)).json()) as BoardJob;
    expect(job.attempts).toBe(1);
  });
});

test("a port that is taken, or a setting that makes no sense, ends it with a reason", async () => {
  await start();
  const port = new URL(program.origin).port;
  await expect(Program.start(folder, { PORT: port })).rejects.toThrow(/EADDRINUSE/);
  await expect(Program.start(folder, { PORT: "http" })).rejects.toThrow(/PORT=http is not usable/);
});
