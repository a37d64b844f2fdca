import { expect, test } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";
import type { FlowOptions } from "./options/function-options.ts";

/**
 * What `step.invoke` gives when the invoked function has flow control: always an answer, and soon. Inngest lets the
 * caller wait for a year where the call was merged into another run or dropped.
 */

const SECOND = 1_000;
const inngest = new Inngest({ id: "app", logger: silent });

/** Invokes a function twice, one call after the other or both at once, and tells what each caller got. */
async function callTwice(flow: FlowOptions, advanceMs = 0): Promise<unknown[]> {
  const child = inngest.createFunction(
    { id: "child", retries: 0, ...flow },
    { event: "child/called" },
    async ({ event, events, step }) => {
      await step.sleep("work", "5s");
      return [event.data.n, events.length];
    },
  );
  const caller = inngest.createFunction(
    { id: "caller", retries: 0 },
    { event: "go" },
    async ({ event, step }) =>
      step
        .invoke("child", { function: child, data: { n: event.data.n, user: "u" } })
        .catch((error: Error) => error.message),
  );
  await using kit = await InngestKit.start([child, caller]);
  for (const n of [1, 2]) {
    await inngest.send({ name: "go", data: { n } });
    await kit.engine.whenQuiet();
  }
  await kit.advance(advanceMs + 20 * SECOND);
  const runs = await kit.runs("app-caller");
  return runs.map(({ state, output }) => (state === "completed" ? JSON.parse(output!) : state));
}

test("concurrency and throttle: the second waits for its turn", async () => {
  const both = [
    [1, 1],
    [2, 1],
  ];
  expect(await callTwice({ concurrency: { limit: 1, key: "event.data.user" } })).toEqual(both);
  expect(await callTwice({ throttle: { limit: 1, period: "10s" } })).toEqual(both);
});

test("rateLimit and idempotency: the call that is dropped fails the step", async () => {
  const limited = [[1, 1], expect.stringMatching(/limit/i)];
  expect(await callTwice({ rateLimit: { limit: 1, period: "1h" } })).toEqual(limited);
  const [first, second] = await callTwice({ idempotency: "event.data.user" });
  expect(first).toEqual([1, 1]);
  expect(second).toEqual(expect.any(String));
});

test("debounce: both callers get what the one run gives", async () => {
  expect(await callTwice({ debounce: { period: "10s" } })).toEqual([
    [2, 1],
    [2, 1],
  ]);
});

test("batchEvents: both callers get what the batch gives", async () => {
  expect(await callTwice({ batchEvents: { maxSize: 2, timeout: "10s" } })).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("singleton: the call that is skipped, or that is canceled by the next, fails the step", async () => {
  expect(await callTwice({ singleton: { mode: "skip" } })).toEqual([
    [1, 1],
    expect.stringMatching(/skipped/),
  ]);
  expect(await callTwice({ singleton: { mode: "cancel" } })).toEqual([
    expect.stringMatching(/canceled/),
    [2, 1],
  ]);
});

test("timeouts and cancelOn: the child's end fails the step", async () => {
  const timedOut = await callTwice({ timeouts: { finish: "1s" } });
  expect(timedOut).toEqual([expect.any(String), expect.any(String)]);
});
