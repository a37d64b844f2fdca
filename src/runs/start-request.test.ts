import { describe, expect, it } from "vitest";
import type { FlowControl, FunctionDefinition } from "./definition.ts";
import { TriggerIndex } from "./matching.ts";
import { createStartRequest, startsOf } from "./start-request.ts";
import type { RunEvent } from "./types.ts";

const now = Date.UTC(2026, 0, 15, 12);
const DAY_MS = 24 * 60 * 60 * 1000;
const eventOf = (data: unknown, more: Partial<RunEvent> = {}): RunEvent => ({
  id: "evt_1",
  name: "shop/order.placed",
  data,
  ts: now,
  ...more,
});
const functionOf = (options: FlowControl, id = "process-order"): FunctionDefinition => ({
  id,
  triggers: [{ event: "shop/order.placed" }],
  retries: 4,
  backoff: () => 1000,
  handler: () => Promise.resolve(),
  ...options,
});
const request = (options: FlowControl, data: unknown = {}, more: Partial<RunEvent> = {}) =>
  createStartRequest(functionOf(options), [eventOf(data, more)], { now });

it("a function without options asks for nothing", () => {
  const event = eventOf({});
  const { runId, ...rest } = createStartRequest(functionOf({}), [event], { now });
  expect(runId).toMatch(/^run_/);
  expect(JSON.parse(JSON.stringify(rest))).toEqual({
    functionId: "process-order",
    events: [event],
    slots: [],
    prioritySeconds: 0,
    cancelOn: [],
  });
});

it("an event starts each of its functions, with a run of its own", () => {
  const index = new TriggerIndex([functionOf({}, "a"), functionOf({}, "b")]);
  const starts = startsOf(index, eventOf({}), now);
  expect(starts.map(({ functionId }) => functionId)).toEqual(["a", "b"]);
  expect(starts[0]!.runId).not.toBe(starts[1]!.runId);
});

it("takes what the caller has decided", () => {
  const idempotency = { key: "k", until: now + 5 };
  const invokedBy = { run: 7, stepKey: "child" };
  const options = { now, runId: "run_x", idempotency, invokedBy, notBefore: now + 9 };
  expect(
    createStartRequest(functionOf({}), [eventOf({}, { externalId: "e" })], options),
  ).toMatchObject({ runId: "run_x", idempotency, invokedBy, notBefore: now + 9 });
});

describe("event.ts", () => {
  it("in the future delays the start", () => {
    expect(request({}, {}, { ts: now + 1000 }).notBefore).toBe(now + 1000);
  });

  it("in the past, now, or after 2100 does not", () => {
    for (const ts of [now - 1, now, Date.UTC(2100, 0, 1)]) {
      expect(request({}, {}, { ts }).notBefore).toBeUndefined();
    }
  });
});

it("event.id starts a function once in 24 hours", () => {
  expect(request({}, {}, { externalId: "order-17" }).idempotency).toEqual({
    key: '["event","process-order","order-17"]',
    until: now + DAY_MS,
  });
});

describe("idempotency", () => {
  const options = {
    idempotency: "event.data.orderId",
    rateLimit: { limit: 10, periodMs: 1000 },
  };

  it("is a rate limit of one in 24 hours, in the place of another", () => {
    expect(request(options, { orderId: 17 }).rateLimit).toEqual({
      ...{ key: '["idempotency","process-order","17"]', limit: 1, periodMs: DAY_MS, burst: 0 },
      mode: "gcra",
    });
  });

  it("does not apply where its value is missing", () => {
    expect(request(options).rateLimit).toBeUndefined();
  });
});

describe("rateLimit", () => {
  it("counts as Inngest does unless it is told to be exact", () => {
    expect(request({ rateLimit: { limit: 5, periodMs: DAY_MS } }).rateLimit).toEqual({
      ...{ key: '["rateLimit","process-order",""]', limit: 5, periodMs: DAY_MS, burst: -4 },
      mode: "gcra",
    });
    expect(
      request({ rateLimit: { limit: 5, periodMs: DAY_MS, mode: "window" } }).rateLimit,
    ).toMatchObject({ limit: 5, burst: 0, mode: "window" });
  });

  it("counts by key, and not at all where it is false or missing", () => {
    const options = { rateLimit: { limit: 5, periodMs: 1000, key: "event.data.user" } };
    expect(request(options, { user: "ada" }).rateLimit?.key).toBe(
      '["rateLimit","process-order","ada"]',
    );
    expect(request(options, { user: false }).rateLimit).toBeUndefined();
    expect(request(options).rateLimit).toBeUndefined();
  });
});

describe("throttle", () => {
  it("holds limit + burst at once", () => {
    expect(request({ throttle: { limit: 5, periodMs: 1000 } }).throttle).toEqual({
      ...{ key: '["throttle","process-order",""]', limit: 5, periodMs: 1000, burst: 0 },
      mode: "gcra",
    });
    const throttle = { limit: 5, periodMs: 1000, burst: 2, key: "event.data.user" };
    expect(request({ throttle }, { user: 3 }).throttle).toMatchObject({
      key: '["throttle","process-order","3"]',
      burst: 2,
    });
  });
});

it("debounce waits by key", () => {
  const debounce = { periodMs: 5000, timeoutMs: 60_000, key: "event.data.user" };
  expect(request({ debounce }, { user: "ada" }).debounce).toEqual({
    ...{ key: '["debounce","process-order","ada"]', periodMs: 5000, timeoutMs: 60_000 },
  });
  expect(request({ debounce: { periodMs: 5000 } }).debounce?.key).toBe(
    '["debounce","process-order",""]',
  );
});

describe("batchEvents", () => {
  const batchEvents = { maxSize: 10, timeoutMs: 5000, key: "event.data.user" };

  it("gathers by key, and leaves rateLimit alone", () => {
    const rateLimit = { limit: 1, periodMs: 1000 };
    expect(request({ batchEvents, rateLimit }, { user: "ada" })).toMatchObject({
      batch: { key: '["batch","process-order","ada"]', maxSize: 10, timeoutMs: 5000 },
      rateLimit: undefined,
    });
  });

  it("lets an event that if keeps out start at once", () => {
    const options = { batchEvents: { ...batchEvents, if: "event.data.small" } };
    expect(request(options, { small: true }).batch).toBeDefined();
    expect(request(options, { small: false }).batch).toBeUndefined();
    expect(request(options).batch).toBeUndefined();
  });
});

describe("concurrency", () => {
  it("takes a slot of the function, of the key, or of everybody's", () => {
    const concurrency = [
      { limit: 10 },
      { limit: 2, key: "event.data.user" },
      { limit: 3, key: '"openai"', scope: "env" },
      { limit: 4, key: '"openai"', scope: "account" },
    ] as const;
    expect(request({ concurrency }, { user: 17 }).slots).toEqual([
      { key: '["fn","process-order"]', limit: 10 },
      { key: '["fn","process-order","event.data.user","17"]', limit: 2 },
      { key: '["env","openai"]', limit: 3 },
      { key: '["account","openai"]', limit: 4 },
    ]);
  });

  it("a limit of 0 is none, and of two limits on one key the lower one counts", () => {
    const concurrency = [{ limit: 0 }, { limit: 3, key: "1" }, { limit: 2, key: "1" }];
    expect(request({ concurrency }).slots).toEqual([
      { key: '["fn","process-order","1","1"]', limit: 2 },
    ]);
  });
});

describe("priority", () => {
  const seconds = (run: string, data: unknown) =>
    request({ priority: { run } }, data).prioritySeconds;

  it("is what the expression gives, in whole seconds", () => {
    expect(seconds("event.data.plan == 'enterprise' ? 120 : -5", { plan: "enterprise" })).toBe(120);
    expect(seconds("event.data.plan == 'enterprise' ? 120 : -5", {})).toBe(-5);
    expect(seconds("event.data.n", { n: 1.9 })).toBe(1);
  });

  it("is 0 for anything else, and bounded", () => {
    expect(seconds("event.data.n", { n: "high" })).toBe(0);
    expect(seconds("event.data.n", {})).toBe(0);
    expect(seconds("event.data.n", { n: 1e9 })).toBe(43_200);
    expect(seconds("event.data.n", { n: -1e9 })).toBe(-43_200);
  });
});

describe("singleton", () => {
  it("is of the function, or of a key", () => {
    expect(request({ singleton: { mode: "skip" } }).singleton).toEqual({
      key: '["singleton","process-order",""]',
      mode: "skip",
    });
    const singleton = { mode: "cancel", key: "event.data.user" } as const;
    expect(request({ singleton }, { user: "ada" }).singleton).toEqual({
      key: '["singleton","process-order","ada"]',
      mode: "cancel",
    });
    expect(request({ singleton }).singleton).toBeUndefined();
  });
});

it("timeouts are handed on", () => {
  expect(request({ timeouts: { startMs: 1000, finishMs: 2000 } })).toMatchObject({
    startTimeoutMs: 1000,
    finishTimeoutMs: 2000,
  });
});

describe("cancelOn", () => {
  const cancelOn = [
    { event: "shop/order.canceled", match: "data.orderId" },
    { event: "shop/closed", if: "async.data.shop == event.data.shop", timeoutMs: 5000 },
  ];

  it("waits for each event, a year unless it says otherwise", () => {
    expect(request({ cancelOn }, { orderId: 17, shop: "a" }).cancelOn).toEqual([
      {
        event: "shop/order.canceled",
        equals: [{ path: "data.orderId", value: "17" }],
        until: now + 365 * DAY_MS,
      },
      {
        event: "shop/closed",
        equals: [{ path: "data.shop", value: '"a"' }],
        until: now + 5000,
      },
    ]);
  });

  it("is not for batches", () => {
    const batchEvents = { maxSize: 10, timeoutMs: 5000 };
    expect(request({ cancelOn, batchEvents }).cancelOn).toEqual([]);
  });
});
