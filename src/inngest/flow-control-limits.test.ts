import { expect, test } from "vitest";
import { silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";

const inngest = new Inngest({ id: "app", logger: silent });
const limit = { limit: 1, key: "event.data.user" };
const batchEvents = { maxSize: 2, timeout: "1s" };

test.each([
  ["concurrency", { concurrency: [limit, limit, limit] }, "2"],
  ["concurrency", { concurrency: { limit: 1, scope: "env" } }, "key"],
  ["concurrency", { concurrency: { limit: 1, key: "event.data." } }, "concurrency"],
  ["throttle", { throttle: { limit: 1, period: "500ms" } }, "period"],
  ["rateLimit", { rateLimit: { limit: 1, period: "25h" } }, "period"],
  ["debounce", { debounce: { period: "8d" } }, "period"],
  ["debounce", { debounce: { period: "1s" }, batchEvents }, "batch"],
  ["batchEvents", { batchEvents: { maxSize: 1, timeout: "1s" } }, "maxSize"],
  ["batchEvents", { batchEvents: { maxSize: 2, timeout: "10ms" } }, "timeout"],
  ["batchEvents", { batchEvents, singleton: { mode: "skip" } }, "singleton"],
  ["batchEvents", { batchEvents, cancelOn: [{ event: "stop" }] }, "cancelOn"],
  ["batchEvents", { batchEvents, priority: { run: "1" } }, "priority"],
  ["cancelOn", { cancelOn: Array.from({ length: 6 }, (_, n) => ({ event: `stop/${n}` })) }, "5"],
  ["cancelOn", { cancelOn: [{ event: "stop", if: "async.data ==" }] }, "cancelOn"],
  ["cancelOn", { cancelOn: [{ event: "order/*" }] }, "pattern"],
  ["priority", { priority: { run: "event.data.vip ?" } }, "priority"],
  ["idempotency", { idempotency: "event.data." }, "idempotency"],
  ["timeouts", { timeouts: { start: "soon" } }, "start"],
])("%s that cannot be made, %#", (_option, flow, word) => {
  const make = () =>
    inngest.createFunction({ id: "f", ...(flow as object) }, { event: "go" }, () => 1);
  expect(make).toThrow(
    expect.objectContaining({
      code: expect.stringMatching(/^(INNGEST_BAD_FUNCTION|RUNS_BAD_(FLOW_CONTROL|EXPRESSION))$/),
      message: expect.stringContaining(word),
    }),
  );
});
