import { expect, test } from "vitest";
import { silent } from "../../test/support/inngest-kit.ts";
import { defaultBackoff, readBackoff } from "./options/backoff.ts";
import { EventSchemas, eventType, Inngest, invoke, staticSchema } from "./index.ts";
import type { Untyped } from "./types/json.ts";

const inngest = new Inngest({ id: "app", logger: silent });
const handler = (): void => {};
const plan = (options: Untyped, trigger: Untyped = { event: "go" }) =>
  inngest.createFunction({ id: "f", ...options }, trigger, handler).plan;

const temporal = { [Symbol.toStringTag]: "Temporal.Duration", minutes: 5 } as const;

test.each([
  ["concurrency", 5, [{ limit: 5 }]],
  ["concurrency", 0, undefined],
  [
    "concurrency",
    [
      { limit: 1, key: "event.data.a" },
      { limit: 9, key: "'x'", scope: "env" },
    ],
    [
      { limit: 1, key: "event.data.a" },
      { limit: 9, key: "'x'", scope: "env" },
    ],
  ],
  ["throttle", { limit: 2, period: "1m", burst: 1 }, { limit: 2, periodMs: 60_000, burst: 1 }],
  [
    "rateLimit",
    { limit: 5, period: "24h", key: "event.data.id" },
    { limit: 5, periodMs: 86_400_000, key: "event.data.id", mode: "gcra" },
  ],
  [
    "rateLimit",
    { limit: 5, period: "7d", mode: "window" },
    { limit: 5, periodMs: 604_800_000, mode: "window" },
  ],
  ["debounce", { period: temporal, timeout: "1h30m" }, { periodMs: 300_000, timeoutMs: 5_400_000 }],
  [
    "batchEvents",
    { maxSize: 10, timeout: "5s", key: "event.data.k", if: "event.data.n > 1" },
    { maxSize: 10, timeoutMs: 5_000, key: "event.data.k", if: "event.data.n > 1" },
  ],
  ["priority", { run: "event.data.vip ? 120 : 0" }, { run: "event.data.vip ? 120 : 0" }],
  ["singleton", { mode: "skip", key: "event.data.id" }, { mode: "skip", key: "event.data.id" }],
  ["idempotency", "event.data.id", "event.data.id"],
  [
    "cancelOn",
    [
      { event: "a/b", match: "data.id", timeout: 1_500 },
      { event: eventType("c"), if: "async.data.id == event.data.id" },
    ],
    [
      { event: "a/b", match: "data.id", timeoutMs: 1_500 },
      { event: "c", if: "async.data.id == event.data.id" },
    ],
  ],
  ["timeouts", { start: "10s", finish: "1h" }, { startMs: 10_000, finishMs: 3_600_000 }],
] as [string, unknown, unknown][])("%s: %j", (option, value, expected) => {
  expect(plan({ [option]: value }).flow[option as "concurrency"]).toEqual(expected);
});

test.each([
  [{ concurrency: -1 }, "INNGEST_BAD_FUNCTION", "concurrency"],
  [{ concurrency: { limit: "5" } }, "INNGEST_BAD_FUNCTION", "concurrency.limit"],
  [{ concurrency: { limit: 5, scope: "env" } }, "RUNS_BAD_FLOW_CONTROL", "key"],
  [{ concurrency: [1, 2, 3] }, "RUNS_BAD_FLOW_CONTROL", "3 limits"],
  [{ concurrency: { limit: 5, per: "x" } }, "INNGEST_BAD_FUNCTION", "no per"],
  [{ throttle: { limit: 1, period: "100ms" } }, "RUNS_BAD_FLOW_CONTROL", "period"],
  [{ throttle: { limit: 1 } }, "INNGEST_BAD_FUNCTION", "throttle.period"],
  [{ rateLimit: { limit: 1, period: "25h" } }, "RUNS_BAD_FLOW_CONTROL", "period"],
  [
    { rateLimit: { limit: 1, period: "1h", mode: "exact" } },
    "INNGEST_BAD_FUNCTION",
    "rateLimit.mode",
  ],
  [{ debounce: { period: "8d" } }, "RUNS_BAD_FLOW_CONTROL", "period"],
  [{ debounce: "5s" }, "INNGEST_BAD_FUNCTION", "debounce is an object"],
  [{ batchEvents: { maxSize: 1, timeout: "5s" } }, "RUNS_BAD_FLOW_CONTROL", "maxSize"],
  [
    { batchEvents: { maxSize: 5, timeout: "5s" }, singleton: { mode: "skip" } },
    "RUNS_BAD_FLOW_CONTROL",
    "singleton",
  ],
  [{ singleton: { mode: "wait" } }, "INNGEST_BAD_FUNCTION", "singleton.mode"],
  [{ priority: { run: "event.data." } }, "RUNS_BAD_EXPRESSION", "priority of app-f"],
  [{ idempotency: 5 }, "INNGEST_BAD_FUNCTION", "idempotency"],
  [{ cancelOn: { event: "x" } }, "INNGEST_BAD_FUNCTION", "a list"],
  [{ cancelOn: [{ event: "x", if: "true", match: "data.x" }] }, "INNGEST_BAD_FUNCTION", "not both"],
  [
    { cancelOn: [{ event: "x", timeout: new Date() }] },
    "INNGEST_BAD_FUNCTION",
    "cancelOn[0].timeout",
  ],
  [
    { cancelOn: Array.from({ length: 6 }, () => ({ event: "x" })) },
    "RUNS_BAD_FLOW_CONTROL",
    "6 entries",
  ],
  [{ timeouts: { finish: "later" } }, "INNGEST_BAD_FUNCTION", "timeouts.finish"],
  [{ retries: 21 }, "INNGEST_BAD_FUNCTION", "retries"],
  [{ retries: 1.5 }, "INNGEST_BAD_FUNCTION", "retries"],
  [{ backoff: { type: "random", delay: 5 } }, "INNGEST_BAD_FUNCTION", "backoff.type"],
  [{ id: "" }, "INNGEST_BAD_FUNCTION", "id"],
  [{ name: 5 }, "INNGEST_BAD_FUNCTION", "name"],
  [{ retires: 5 }, "INNGEST_BAD_FUNCTION", "no retires"],
  [{ onFailure: "x" }, "INNGEST_BAD_FUNCTION", "onFailure"],
  [{ middleware: {} }, "INNGEST_BAD_FUNCTION", "a list"],
  [{ middleware: [Date] }, "INNGEST_BAD_FUNCTION", "BaseMiddleware"],
  [{ checkpointing: { bufferedSteps: 0 } }, "INNGEST_BAD_FUNCTION", "bufferedSteps"],
] as [Untyped, string, string][])("%j is refused", (options, code, reason) => {
  expect(() => plan(options)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(reason) }),
  );
});

test("what tunes Inngest's transport is taken as it is", () => {
  expect(() =>
    plan({ checkpointing: { maxRuntime: "5m", bufferedSteps: 3 }, optimizeParallelism: true }),
  ).not.toThrow();
});

test("triggers: names, types, patterns, conditions, crons", () => {
  const typed = eventType("typed", { schema: staticSchema<{ a: number }>() });
  const triggers = plan({}, [
    { event: "app/*", if: "event.data.n > 1" },
    typed,
    { event: typed, if: "event.data.a == 1" },
    { cron: "TZ=Europe/Paris 0 9 * * 1-5", jitter: "2m" },
    invoke(staticSchema<{ b: number }>()),
  ]).triggers;
  expect(triggers).toEqual([
    { event: "app/*", if: "event.data.n > 1" },
    { event: "typed" },
    { event: "typed", if: "event.data.a == 1" },
    { cron: "TZ=Europe/Paris 0 9 * * 1-5", jitterMs: 120_000 },
  ]);
});

test.each([
  [{ event: "a", cron: "* * * * *" }, "INNGEST_BAD_FUNCTION", "not both"],
  [{}, "INNGEST_BAD_FUNCTION", "event or a cron"],
  ["a", "INNGEST_BAD_FUNCTION", "a trigger is an object"],
  [{ event: "" }, "INNGEST_BAD_FUNCTION", "event"],
  [{ event: "a*b" }, "RUNS_BAD_TRIGGER", "a*b"],
  [{ event: "a", when: "x" }, "INNGEST_BAD_FUNCTION", "no when"],
  [{ event: "a", if: "event.data.x ==" }, "RUNS_BAD_EXPRESSION", "a trigger of app-f"],
  [{ cron: "often" }, "RUNS_BAD_TRIGGER", "often"],
  [{ cron: "* * * * *", jitter: "1h" }, "RUNS_BAD_TRIGGER", "jitter"],
  [[{ event: "a" }, { event: "a" }], "RUNS_BAD_TRIGGER", "twice"],
  [Array.from({ length: 11 }, (_, n) => ({ event: `e${n}` })), "RUNS_BAD_TRIGGER", "11"],
] as [Untyped, string, string][])("the trigger %j is refused", (trigger, code, reason) => {
  expect(() => plan({}, trigger)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(reason) }),
  );
});

test("a call that is neither form says how to write it", () => {
  const make = inngest.createFunction.bind(inngest) as (...args: unknown[]) => unknown;
  expect(() => make({ id: "f" }, { event: "x" })).toThrow(
    "createFunction(options, trigger, handler)",
  );
  expect(() => make({ id: "f", triggers: [] }, { event: "x" }, handler)).toThrow("given twice");
  expect(() => make("f", { event: "x" }, handler)).toThrow("the first argument is an object");
  expect(() => make()).toThrow(expect.objectContaining({ code: "INNGEST_BAD_FUNCTION" }));
  expect(() => make({ id: "only-invoked" }, handler)).not.toThrow();
});

test("defaults: 4 retries, Inngest's waits", () => {
  const { retries, name } = plan({});
  expect([retries, name]).toEqual([4, "f"]);
  const waits = Array.from({ length: 12 }, (_, index) => defaultBackoff(index + 1) / 1_000);
  const table = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200, 7_200, 7_200];
  waits.forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual(table[index]!);
    expect(wait).toBeLessThan(table[index]! + 30);
  });
});

test("backoff: rules, lists and functions", () => {
  const waits = (input: unknown): number[] => {
    const backoff = readBackoff(input, "backoff");
    return [1, 2, 3, 4].map((attempt) => backoff(attempt));
  };
  expect(waits({ type: "fixed", delay: "2s" })).toEqual([2_000, 2_000, 2_000, 2_000]);
  expect(waits({ type: "linear", delay: 500 })).toEqual([500, 1_000, 1_500, 2_000]);
  expect(waits({ type: "exponential", delay: "1s", maxDelay: "5s" })).toEqual([
    1_000, 2_000, 4_000, 5_000,
  ]);
  expect(waits({ type: "exponential", delay: 1, factor: 10 })).toEqual([1, 10, 100, 1_000]);
  expect(waits(["1s", "1m"])).toEqual([1_000, 60_000, 60_000, 60_000]);
  expect(waits((attempt: number) => `${attempt}s`)).toEqual([1_000, 2_000, 3_000, 4_000]);
  const [first = 0] = waits({ type: "fixed", delay: 1_000, jitter: 0.5 });
  expect(first).toBeGreaterThanOrEqual(1_000);
  expect(first).toBeLessThanOrEqual(1_500);
});

test.each([
  [{ type: "fixed", delay: 1, factor: 0 }, "factor"],
  [{ type: "fixed", delay: 1, jitter: 2 }, "jitter"],
  [[], "empty"],
  ["1s", "a list of durations"],
])("the backoff %j is refused", (input, reason) => {
  expect(() => readBackoff(input, "backoff")).toThrow(reason);
});

test.each([
  [undefined, "argument"],
  [{}, "no id"],
  [{ id: "" }, "id"],
  [{ id: "a", baseUrl: "http://localhost:8288" }, "baseUrl"],
  [{ id: "a", env: "branch" }, "LONGHAUL_URL"],
  [{ id: "a", endpointAdapter: {} }, "endpointAdapter"],
  [{ id: "a", eventkey: "x" }, "no eventkey"],
  [{ id: "a", eventKey: 5 }, "eventKey"],
  [{ id: "a", isDev: "yes" }, "isDev"],
  [{ id: "a", fetch: 5 }, "fetch"],
  [{ id: "a", logger: {} }, "debug"],
  [{ id: "a", schemas: {} }, "EventSchemas"],
  [{ id: "a", middleware: [5] }, "InngestMiddleware"],
  [{ id: "a", checkpointing: { maxRuntime: "long" } }, "maxRuntime"],
])("the client %j is refused", (options, reason) => {
  expect(() => new Inngest(options as never)).toThrow(
    expect.objectContaining({
      code: "INNGEST_BAD_CLIENT_OPTION",
      message: expect.stringContaining(reason),
    }),
  );
});

test("a client takes all that Inngest's clients are usually given", () => {
  const client = new Inngest({
    id: "a",
    eventKey: "key",
    signingKey: "sign",
    isDev: true,
    appVersion: "1.2.3",
    schemas: new EventSchemas(),
    logger: silent,
    checkpointing: true,
    optimizeParallelism: false,
    env: undefined,
    baseUrl: undefined,
  } as never);
  expect([client.eventKey, client.isDev, client.appVersion]).toEqual(["key", true, "1.2.3"]);
  expect(client.signingKeys).toEqual(["sign"]);
});

test("environment variables, and those that are set for the client", () => {
  const client = new Inngest({ id: "a" });
  client.setEnvVars({
    INNGEST_EVENT_KEY: "k",
    INNGEST_DEV: "http://localhost:8288",
    INNGEST_SESSION_PROPAGATION: "0",
  });
  expect([client.eventKey, client.isDev, client.inherits]).toEqual(["k", true, false]);
  client.setEventKey("other");
  client.setEnvVars({ INNGEST_DEV: "0", NODE_ENV: "development" });
  expect([client.eventKey, client.isDev, client.inherits]).toEqual(["other", false, true]);
  client.setEnvVars({ NODE_ENV: "development" });
  expect(client.isDev).toBe(true);
});

test.each([() => inngest.endpoint(handler), () => inngest.realtime])(
  "what there is none of is said so",
  (call) => {
    expect(call).toThrow(expect.objectContaining({ code: "INNGEST_UNSUPPORTED" }));
  },
);
