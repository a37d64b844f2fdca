import { describe, expect, it } from "vitest";
import { isLonghaulError, type LonghaulError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/error-catalogue/index.ts";
import type { FunctionDefinition, Trigger } from "../definition.ts";
import { validateDefinition } from "./validate.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;

function refusal(options: Partial<FunctionDefinition>, code: ErrorCode): string {
  try {
    validateDefinition({
      id: "send-mail",
      triggers: [],
      retries: 4,
      backoff: () => SECOND,
      handler: () => Promise.resolve(),
      ...options,
    });
  } catch (error) {
    expect(isLonghaulError(error, code)).toBe(true);
    const { message } = error as LonghaulError;
    expect(message).toContain("send-mail");
    return message;
  }
  return "";
}

const ofTriggers = (...triggers: unknown[]) =>
  refusal({ triggers: triggers as Trigger[] }, "RUNS_BAD_TRIGGER");
const ofOptions = (options: Partial<FunctionDefinition>) =>
  refusal(options, "RUNS_BAD_FLOW_CONTROL");
const ofExpression = (options: Partial<FunctionDefinition>) =>
  refusal(options, "RUNS_BAD_EXPRESSION");

it("a function may use all of it", () => {
  const options: Partial<FunctionDefinition> = {
    triggers: [
      { event: "shop/order.placed", if: "event.data.total > 100" },
      { event: "shop/order.placed" },
      { event: "crm/*" },
      { cron: "TZ=Europe/Paris 0 9 * * 1-5", jitterMs: SECOND },
      { cron: "*/10 * * * * *", timeZone: "Asia/Tokyo" },
      { cron: "*/10 * * * * *" },
    ],
    concurrency: [{ limit: 0 }, { limit: 5, key: "event.data.user", scope: "env" }],
    throttle: { limit: 1, periodMs: SECOND, burst: 0, key: "event.data.user" },
    rateLimit: { limit: 1, periodMs: DAY, key: "event.data.user" },
    debounce: { periodMs: 7 * DAY, timeoutMs: 30 * DAY, key: "event.data.user" },
    priority: { run: "event.data.plan == 'pro' ? 60 : 0" },
    singleton: { mode: "skip", key: "event.data.user" },
    idempotency: "event.data.orderId",
    cancelOn: [
      { event: "a", match: "data.id" },
      { event: "b", if: "async.data.x" },
      { event: "c" },
    ],
    timeouts: { startMs: 1, finishMs: 1 },
  };
  expect(ofOptions(options)).toBe("");
  expect(ofOptions({ batchEvents: { maxSize: 2, timeoutMs: SECOND }, cancelOn: [] })).toBe("");
  expect(ofOptions({ rateLimit: { limit: 1, periodMs: 30 * DAY, mode: "window" } })).toBe("");
});

describe("triggers", () => {
  it.each<[string, unknown[]]>([
    ["11 triggers, more than 10", Array.from({ length: 11 }, (_, i) => ({ event: `e${i}` }))],
    ["an event needs a name", [{ event: "" }]],
    ["an event needs a name", [{}]],
    ["app* has a *", [{ event: "app*" }]],
    ["a twice", [{ event: "a" }, { event: "a" }]],
    ["0 0 * * * twice", [{ cron: "0 0 * * *" }, { cron: "0 0 * * *", jitterMs: SECOND }]],
    ["0 0 * * * twice", [{ cron: "0 0 * * *", timeZone: "UTC" }, { cron: "0 0 * * *" }]],
    ["cron must be text", [{ cron: 5 }]],
    ["more than 255", [{ cron: `0 0 * * ${"1,".repeat(130)}1` }]],
    ["5 or 6 fields", [{ cron: "0 0 * *" }]],
    ["every day: ", [{ cron: "every day" }]],
    ["61 * * * *: ", [{ cron: "61 * * * *" }]],
    ["0 0 30 2 * never comes", [{ cron: "0 0 30 2 *" }]],
    ["TZ=Mars/Base 0 0 * * *: ", [{ cron: "TZ=Mars/Base 0 0 * * *" }]],
    ["the interval: every 999 ms, and 1000 is the least", [{ everyMs: 999 }]],
    ["every 1000 ms twice", [{ everyMs: 1_000 }, { everyMs: 1_000 }]],
    ["two time zones", [{ cron: "TZ=Europe/Paris 0 0 * * *", timeZone: "UTC" }]],
    ["jitter must be from 1000 to 300000 ms, not 999", [{ cron: "0 0 * * *", jitterMs: 999 }]],
    ["jitter must be", [{ cron: "0 0 * * *", jitterMs: 300_001 }]],
  ])("%s", (reason, triggers) => {
    expect(ofTriggers(...triggers)).toContain(reason);
  });
});

describe("flow control", () => {
  it.each<[string, Partial<FunctionDefinition>]>([
    ["3 limits, more than 2", { concurrency: [{ limit: 1 }, { limit: 1 }, { limit: 1 }] }],
    ["limit must be a whole number from 0, not -1", { concurrency: [{ limit: -1 }] }],
    ["limit must be a whole number from 0, not 1.5", { concurrency: [{ limit: 1.5 }] }],
    ["scope env needs a key", { concurrency: [{ limit: 1, scope: "env" }] }],
    ["scope account needs a key", { concurrency: [{ limit: 1, scope: "account" }] }],
    ["scope must be", { concurrency: [{ limit: 1, scope: "app" as "fn" }] }],
    ["limit must be a whole number from 1", { throttle: { limit: 0, periodMs: SECOND } }],
    ["burst must be", { throttle: { limit: 1, periodMs: SECOND, burst: -1 } }],
    ["period must be at least 1000 ms, not 999", { throttle: { limit: 1, periodMs: 999 } }],
    ["period must be", { throttle: { limit: 1, periodMs: Number.NaN } }],
    ["limit must be", { rateLimit: { limit: 0, periodMs: SECOND } }],
    ["period must be from 1 to 86400000 ms", { rateLimit: { limit: 1, periodMs: DAY + 1 } }],
    ["period must be", { rateLimit: { limit: 1, periodMs: 0, mode: "window" } }],
    ["mode must be", { rateLimit: { limit: 1, periodMs: 1, mode: "exact" as "window" } }],
    ["period must be", { debounce: { periodMs: 999 } }],
    ["period must be", { debounce: { periodMs: 7 * DAY + 1 } }],
    ["timeout must be", { debounce: { periodMs: SECOND, timeoutMs: 0 } }],
    ["maxSize must be a whole number from 2", { batchEvents: { maxSize: 1, timeoutMs: SECOND } }],
    ["timeout must be", { batchEvents: { maxSize: 2, timeoutMs: 999 } }],
    ["mode must be skip or cancel, not queue", { singleton: { mode: "queue" as "skip" } }],
    ["6 entries, more than 5", { cancelOn: Array.from({ length: 6 }, () => ({ event: "a" })) }],
    ["an event needs a name", { cancelOn: [{ event: "" }] }],
    ["timeout must be", { cancelOn: [{ event: "a", timeoutMs: -5 }] }],
    ["start must be", { timeouts: { startMs: 0 } }],
    ["finish must be", { timeouts: { finishMs: -1 } }],
  ])("%s", (reason, options) => {
    const message = ofOptions(options);
    expect(message).toContain(reason);
    expect(message).toContain(Object.keys(options)[0]);
  });

  it.each<[string, Partial<FunctionDefinition>]>([
    ["cancelOn", { cancelOn: [{ event: "a" }] }],
    ["debounce", { debounce: { periodMs: SECOND } }],
    ["singleton", { singleton: { mode: "skip" } }],
    ["priority", { priority: { run: "1" } }],
  ])("batchEvents cannot be used together with %s", (other, options) => {
    const batchEvents = { maxSize: 2, timeoutMs: SECOND };
    expect(ofOptions({ batchEvents, ...options })).toContain(`together with ${other}`);
  });
});

describe("expressions", () => {
  const bad = "event.data.";
  it.each<[string, Partial<FunctionDefinition>]>([
    ["a trigger", { triggers: [{ event: "a", if: bad }] }],
    ["concurrency", { concurrency: [{ limit: 1, key: bad }] }],
    ["throttle", { throttle: { limit: 1, periodMs: SECOND, key: bad } }],
    ["rateLimit", { rateLimit: { limit: 1, periodMs: SECOND, key: bad } }],
    ["debounce", { debounce: { periodMs: SECOND, key: bad } }],
    ["batchEvents", { batchEvents: { maxSize: 2, timeoutMs: SECOND, key: bad } }],
    ["batchEvents", { batchEvents: { maxSize: 2, timeoutMs: SECOND, if: bad } }],
    ["priority", { priority: { run: bad } }],
    ["singleton", { singleton: { mode: "skip", key: bad } }],
    ["idempotency", { idempotency: bad }],
    ["cancelOn", { cancelOn: [{ event: "a", if: bad }] }],
    ["cancelOn", { cancelOn: [{ event: "a", match: "data." }] }],
    ["a trigger", { triggers: [{ event: "a", if: "async.data.x" }] }],
  ])("of %s are read when the function is registered", (option, options) => {
    expect(ofExpression(options)).toContain(`${option} of send-mail`);
  });
});
