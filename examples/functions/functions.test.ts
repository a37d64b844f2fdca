/** The four functions on a clock that the tests turn: five seconds, a morning, three days. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTestRuntime, TestEngine, type TestRuntime } from "longhaul/testing";
import { dailyReport, processOrder, sendFollowUp, sendWelcomeEmail } from "./inngest/functions.ts";
import { outbox } from "./lib/email.ts";
import { inngest } from "./lib/inngest.ts";
import { payments, stock } from "./lib/shop.ts";
import { users } from "./lib/users.ts";

const HOUR_MS = 3_600_000;
const functions = [sendWelcomeEmail, processOrder, dailyReport, sendFollowUp];

let runtime: TestRuntime;

beforeEach(async () => {
  runtime = await createTestRuntime({ functions });
});

afterEach(async () => {
  await runtime.close();
  outbox.length = 0;
  payments.length = 0;
  stock.set("pen", 100);
  users.clear();
  vi.restoreAllMocks();
});

const order = {
  id: "o1",
  items: [{ sku: "pen", quantity: 2 }],
  total: 9,
  customerEmail: "ada@example.com",
  paymentMethodId: "card",
};

/** As the application does it: with its own client. */
async function send(name: string, data: object): Promise<void> {
  await inngest.send({ name, data });
  await runtime.drain();
}

describe("send-welcome-email", () => {
  test("sends one when a user is created", async () => {
    await send("user/created", { userId: "u1", email: "ada@example.com", name: "Ada" });
    expect(await runtime.runs()).toMatchObject([{ state: "completed", output: { sent: true } }]);
    expect(outbox).toEqual([{ to: "ada@example.com", subject: "Welcome!", template: "welcome" }]);
  });

  test("tries four times in all when the mail service is down", async () => {
    // The client's logger has something to say about it, too.
    vi.spyOn(console, "error").mockReturnValue();
    let tries = 0;
    const down = () => {
      tries++;
      throw new Error("the mail service is down");
    };
    const engine = new TestEngine({ function: sendWelcomeEmail, steps: { "send-email": down } });
    const { error, run } = await engine.execute({ events: [{ name: "user/created" }] });
    expect([run.state, error?.message, tries]).toEqual(["failed", "the mail service is down", 4]);
  });
});

describe("process-order", () => {
  test("charges, reserves, and confirms five seconds later", async () => {
    await send("order/placed", order);
    const [run] = await runtime.runs({ function: processOrder });
    expect(run).toMatchObject({ state: "waiting" });
    expect(run?.stepIds).toEqual([
      "check-inventory",
      "charge-payment",
      "reserve-inventory",
      "wait-before-email",
    ]);
    expect([payments, stock.get("pen"), outbox]).toEqual([[{ id: "card-1", amount: 9 }], 98, []]);

    await runtime.advance("5s");
    expect(await runtime.run(run!.id)).toMatchObject({
      state: "completed",
      output: { status: "completed", orderId: "o1" },
    });
    expect(outbox).toMatchObject([
      { to: "ada@example.com", subject: "Order Confirmed", data: { payment: { id: "card-1" } } },
    ]);
  });

  test("stops before the payment when something is out of stock", async () => {
    stock.set("pen", 1);
    await send("order/placed", order);
    const [run] = await runtime.runs();
    expect(run?.output).toEqual({ status: "cancelled", reason: "out-of-stock" });
    expect(run?.stepIds).toEqual(["check-inventory"]);
    expect([payments, outbox]).toEqual([[], []]);
  });

  test("does not charge again when the reservation fails at first", async () => {
    let tries = 0;
    const steps = {
      "reserve-inventory": () => {
        if (tries++ < 2) throw new Error("the warehouse does not answer");
      },
    };
    const engine = new TestEngine({ function: processOrder, steps });
    const { result } = await engine.execute({ events: [{ name: "order/placed", data: order }] });
    expect(result).toEqual({ status: "completed", orderId: "o1" });
    expect([tries, payments.length, outbox.length]).toEqual([3, 1, 1]);
  });
});

describe("daily-report", () => {
  test("is sent at nine, every day", async () => {
    await runtime.advance("3d");
    const runs = await runtime.runs({ function: dailyReport, state: "completed" });
    const start = runtime.now - 72 * HOUR_MS;
    expect(runs.map(({ queuedAt }) => (queuedAt - start) / HOUR_MS)).toEqual([9, 33, 57]);
    expect(outbox.map(({ subject, data }) => [subject, data])).toEqual(
      [0, 1, 2].map((mails) => ["Daily Report", { mails, revenue: 0 }]),
    );
  });
});

describe("send-follow-up", () => {
  beforeEach(async () => {
    users.set("u1", { email: "ada@example.com", hasCompletedOnboarding: false });
    await send("user/signed-up", { userId: "u1" });
  });

  test("nudges a user who is still inactive after three days", async () => {
    await runtime.advance("2d 23h 59m");
    expect(await runtime.runs({ function: sendFollowUp })).toMatchObject([{ state: "waiting" }]);
    const mails = () => outbox.filter(({ template }) => template === "follow-up");
    expect(mails()).toEqual([]);
    await runtime.advance("1m");
    expect(mails()).toMatchObject([{ to: "ada@example.com" }]);
  });

  test("leaves a user alone who has completed the onboarding meanwhile", async () => {
    users.set("u1", { email: "ada@example.com", hasCompletedOnboarding: true });
    await runtime.advance("3d");
    const [run] = await runtime.runs({ function: sendFollowUp });
    expect(run).toMatchObject({ state: "completed", stepIds: ["wait-3-days", "check-user"] });
    expect(outbox.filter(({ template }) => template === "follow-up")).toEqual([]);
  });

  test("takes up where it was: a step that is done does not run", async () => {
    const engine = new TestEngine({ function: sendFollowUp });
    const { run } = await engine.execute({
      state: {
        "wait-3-days": null,
        "check-user": { email: "bob@example.com", hasCompletedOnboarding: false },
      },
    });
    expect(run.state).toBe("completed");
    expect(outbox).toMatchObject([{ to: "bob@example.com", template: "follow-up" }]);
  });
});
