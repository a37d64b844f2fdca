import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hookServer } from "../../test/support/hook-server.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { Queue } from "../bullmq/index.ts";
import { createLonghaul, type Longhaul } from "../runtime/longhaul.ts";
import { partsOf } from "../runtime/parts.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { type Alerts, type AlertsOptions, createAlerts } from "./alerts.ts";
import type { AlertDelivery, AlertTarget } from "./targets/target.ts";
import { webhook } from "./targets/webhook.ts";
import { verifyWebhook } from "./webhook-signature.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** A runtime on a file, whose clock the test turns, and a queue with as many waiting jobs as are asked for. */
function open(): { longhaul: Longhaul; clock: VirtualClock; queue: Queue } {
  const clock = new VirtualClock(Date.now());
  const connection = `file:${join(tempFolder(), "app.db")}`;
  const longhaul = createLonghaul({ url: connection, clock });
  onTestFinished(() => longhaul.close());
  const queue = new Queue("mail", { connection });
  onTestFinished(() => queue.close());
  return { longhaul, clock, queue };
}

const deep: AlertsOptions["rules"] = [
  { name: "deep", when: "depth", queue: "mail", threshold: 1, cooldownMs: HOUR },
];

/** A target that notes what it gets, and fails as often as it is told to. */
function list(
  name = "list",
  failures = 0,
): AlertTarget & { got: AlertDelivery[]; said: () => string[] } {
  const got: AlertDelivery[] = [];
  return {
    name,
    got,
    said: () => got.splice(0).map(({ type, data }) => `${type} ${data.count}`),
    send: (delivery) => {
      got.push(delivery);
      if (got.length <= failures) throw new Error("no network");
    },
  };
}

function start(where: Longhaul | string, options: AlertsOptions): Alerts {
  const alerts = createAlerts(where, options);
  onTestFinished(() => alerts.close());
  return alerts;
}

test("evaluates by itself: says it once, again after the cool-down, and when it is over", async () => {
  const { longhaul, clock, queue } = open();
  const target = list();
  const alerts = start(longhaul, {
    rules: [{ ...deep[0]!, cooldownMs: 10 * MINUTE }],
    targets: [target],
    intervalMs: MINUTE,
  });
  await alerts.start();
  const advance = (ms: number) => clock.advance(ms, () => alerts.whenQuiet());
  await advance(5 * MINUTE);
  expect(target.said()).toEqual([]);

  await queue.add("m", {});
  await advance(MINUTE);
  expect(target.said()).toEqual(["alert.firing 1"]);
  await advance(9 * MINUTE);
  expect(target.said()).toEqual([]);
  await advance(2 * MINUTE);
  expect(target.said()).toEqual(["alert.firing 2"]);
  await queue.drain();
  await advance(MINUTE);
  expect(target.said()).toEqual(["alert.resolved 2"]);
  await advance(20 * MINUTE);
  expect(target.said()).toEqual([]);

  await alerts.close();
  await longhaul.close();
  expect(clock.pendingTimers).toBe(0);
});

test("several on one file say each alert once, and a restart neither forgets nor repeats it", async () => {
  const { longhaul, clock, queue } = open();
  const targets = [list("a"), list("b")] as const;
  const both = [0, 1].map(() => start(longhaul, { rules: deep, targets }));
  await queue.add("m", {});
  for (let n = 0; n < 3; n++) {
    await Promise.all(both.map((alerts) => alerts.check()));
    await clock.advance(10_000);
  }
  expect(targets.map((target) => target.said())).toEqual([["alert.firing 1"], ["alert.firing 1"]]);
  await Promise.all(both.map((alerts) => alerts.close()));

  const next = start(longhaul, { rules: deep, targets });
  await next.check();
  await clock.advance(MINUTE);
  await next.check();
  expect(targets[0].said()).toEqual([]);
  await queue.drain();
  await next.check();
  expect(targets[0].said()).toEqual(["alert.resolved 1"]);
});

test("what could not be sent is sent again, later and later, under the same id", async () => {
  const { longhaul, clock, queue } = open();
  const server = await hookServer((_, index) => (index < 3 ? 503 : 200));
  const other = list("other");
  const target = webhook({ url: server.url, secret: SECRET, allowPrivate: true });
  const alerts = start(longhaul, { rules: deep, targets: [target, other] });
  await queue.add("m", {});
  await alerts.start();
  await alerts.whenQuiet();
  expect(server.received).toHaveLength(1);
  const at: number[] = [];
  while (server.received.length < 4) {
    const before = server.received.length;
    await clock.advance(1_000, () => alerts.whenQuiet());
    if (server.received.length > before) at.push(clock.now());
  }
  const [first, second] = [at[1]! - at[0]!, at[2]! - at[1]!];
  expect(first).toBeGreaterThanOrEqual(10_000);
  expect(second).toBeGreaterThanOrEqual(20_000);
  const ids = server.received.map(({ headers }) => headers["webhook-id"]);
  expect(new Set(ids).size).toBe(1);
  const { headers, body } = server.received[3]!;
  expect(verifyWebhook(SECRET, headers, body, { now: clock.now() })).toMatchObject({
    type: "alert.firing",
    data: { subject: { kind: "queue", name: "mail" }, value: 1 },
  });
  await clock.advance(5 * MINUTE, () => alerts.whenQuiet());
  expect(server.received).toHaveLength(4);
  // A target that fails does not hold up the others.
  expect(other.said()).toEqual(["alert.firing 1"]);
});

test("after its attempts, or at once where another would not help, an alert is given up and reported", async () => {
  const { longhaul, clock, queue } = open();
  const errors: { code: string; message: string }[] = [];
  const failing = list("failing", Infinity);
  const inside = webhook({ name: "inside", url: "http://127.0.0.1:9/x", secret: SECRET });
  const alerts = start(longhaul, {
    ...{ rules: deep, targets: [failing, inside], attempts: 2 },
    onError: (error) => errors.push(error as (typeof errors)[number]),
  });
  await queue.add("m", {});
  await alerts.start();
  await clock.advance(5 * MINUTE, () => alerts.whenQuiet());
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    [
      "ALERT_NOT_DELIVERED",
      "An alert of rule deep did not reach target inside in 1 attempts: The target inside is at a private address",
    ],
    [
      "ALERT_NOT_DELIVERED",
      "An alert of rule deep did not reach target failing in 2 attempts: no network",
    ],
  ]);
  expect(failing.got.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test("what hangs is given up, and what is being sent at the close goes out after the next start", async () => {
  const { longhaul, queue } = open();
  let begun = (): void => {};
  const started = new Promise<void>((resolve) => (begun = resolve));
  let ended = false;
  const hangs: AlertTarget = {
    name: "list",
    async send({ signal }) {
      signal.addEventListener("abort", () => (ended = true));
      begun();
      await new Promise(() => {});
    },
  };
  const alerts = start(longhaul, { rules: deep, targets: [hangs] });
  await queue.add("m", {});
  await alerts.start();
  await started;
  await alerts.close();
  expect(ended).toBe(true);
  await expect(alerts.start()).rejects.toMatchObject({ code: "STORE_CLOSED" });

  const target = list();
  const next = start(longhaul, { rules: deep, targets: [target] });
  await next.check();
  expect(target.got).toMatchObject([{ attempt: 1, data: { count: 1 } }]);
});

test("what was left behind by rules and targets that are no more is removed in time", async () => {
  const { longhaul, clock, queue } = open();
  const former = list("former", Infinity);
  const before = start(longhaul, { rules: deep, targets: [former] });
  await queue.add("m", {});
  await before.check();
  await before.close();
  const { store } = partsOf(longhaul);
  const rows = async (): Promise<unknown> =>
    (
      await store.query(
        "SELECT (SELECT count(*) FROM alert_delivery), (SELECT count(*) FROM alert)",
      )
    )[0];
  expect(await rows()).toEqual([1, 1]);

  const rules: AlertsOptions["rules"] = [{ name: "other", when: "stalled" }];
  for (const expected of [
    [1, 1],
    [0, 1],
    [0, 0],
  ]) {
    const next = start(longhaul, { rules, targets: [list()] });
    await next.start();
    expect(await rows()).toEqual(expected);
    await next.close();
    await clock.advance(20 * 24 * HOUR);
  }
});

test("an attempt that takes too long is one that failed", async () => {
  const { longhaul, queue } = open();
  const errors: Error[] = [];
  const slow: AlertTarget = { name: "slow", timeoutMs: 20, send: () => new Promise(() => {}) };
  const alerts = start(longhaul, {
    ...{ rules: deep, targets: [slow], attempts: 1 },
    onError: (error) => errors.push(error as Error),
  });
  await queue.add("m", {});
  await alerts.check();
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringMatching(/no answer within 20 ms$/),
  ]);
});

test("alerts can be a worker of a runtime", async () => {
  const { longhaul, queue } = open();
  await longhaul.close();
  const server = await hookServer();
  const target = webhook({ url: server.url, secret: SECRET, allowPrivate: true });
  await using runtime = createLonghaul({
    url: String(queue.opts.connection),
    workers: [({ connection }) => createAlerts(connection, { rules: deep, targets: [target] })],
  });
  await queue.add("m", {});
  await runtime.start();
  expect((await server.next()).headers["webhook-id"]).toMatch(/^msg_[0-9a-f]{32}$/);
});

test.each<[Partial<Record<keyof AlertsOptions, unknown>>, string]>([
  [{ targets: [] }, "targets has to be a list"],
  [{ targets: [{ name: "x" }] }, "a target has to have a name and send()"],
  [{ targets: [list("x"), list("x")] }, "two targets are called x"],
  [{ intervalMs: 1 }, "intervalMs has to be at least 100"],
  [{ attempts: 0 }, "attempts has to be a whole number"],
])("refuses %j", (bad, reason) => {
  const options = { rules: deep, targets: [list()], ...bad } as AlertsOptions;
  expect(() => createAlerts(":memory:", options)).toThrow(reason);
});
