import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import type { FunctionDefinition, RunHandle } from "./definition.ts";
import { RunEngine } from "./engine.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A function whose attempts are of its whole handler: three, a minute apart. */
const whole = (
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition =>
  define("f", handler, {
    executor: "live",
    attempts: "run",
    retries: 2,
    backoff: () => MINUTE_MS,
    ...options,
  });

test("an attempt is a whole execution; steps that were finished do not begin the count again", async () => {
  const seen: number[] = [];
  const f = whole(async (run) => {
    seen.push(run.attempt);
    await run.run(`${run.attempt} step`, () => "done");
    throw new Error(`attempt ${run.attempt}`);
  });
  await using kit = await EngineKit.start([f]);
  const runId = await kit.begin("f");
  await kit.advance(HOUR_MS);
  const run = await kit.run(runId);
  expect(run).toMatchObject({ state: "failed", error: { message: "attempt 2" } });
  expect(seen).toEqual([0, 1, 2]);
  expect(run.journal.filter(({ kind }) => kind === "attempt")).toMatchObject([
    { state: "failed", attempt: 1, error: { message: "attempt 0" } },
    { state: "failed", attempt: 2, error: { message: "attempt 1" } },
  ]);
});

test("what is done stays done in the next attempt; what failed is tried again", async () => {
  const bodies: string[] = [];
  const f = whole(async (run) => {
    const once = await run.run("once", () => bodies.push("once"));
    const flaky = await run.run(
      "flaky",
      () => {
        bodies.push("flaky");
        if (run.attempt === 0) throw new Error("flaky");
        return "worked";
      },
      { retries: 0 },
    );
    return [once, flaky];
  });
  await using kit = await EngineKit.start([f]);
  const runId = await kit.begin("f");
  await kit.advance(MINUTE_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: '[1,"worked"]' });
  expect(bodies).toEqual(["once", "flaky", "flaky"]);
});

test("what an attempt waited for is waited for no more; the next one waits anew", async () => {
  const f = whole(async (run) => {
    const waiting = run.waitForEvent("answer", { event: "answer", timeoutMs: HOUR_MS });
    if (run.attempt === 0) {
      await run.sleepUntil("nap", run.event.ts + MINUTE_MS);
      throw new Error("first");
    }
    return (await waiting)?.data;
  });
  await using kit = await EngineKit.start([f], {});
  const runId = await kit.begin("f");
  await kit.advance(MINUTE_MS);
  // Between the attempts: nobody listens, and the next attempt does not begin before its time.
  await kit.engine.send([{ name: "answer", data: { n: 1 } }]);
  expect(await kit.run(runId)).toMatchObject({ state: "waiting", attempt: 1 });
  await kit.advance(MINUTE_MS);
  await kit.engine.send([{ name: "answer", data: { n: 2 } }]);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: '{"n":2}' });
});

test("results of earlier attempts come at once, whatever else the next attempt does first", async () => {
  const f = whole(async (run) => {
    if (run.attempt === 0) {
      await run.run("a", () => "a");
      await run.run("b", () => "b");
      throw new Error("first");
    }
    const seen: unknown[] = [];
    seen.push(await run.run("new", () => "new"));
    await Promise.all([
      run.run("b", () => "again").then((value) => seen.push(value)),
      run.run("other", () => "other").then((value) => seen.push(value)),
    ]);
    return seen;
  });
  await using kit = await EngineKit.start([f]);
  const runId = await kit.begin("f");
  await kit.advance(MINUTE_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '["new","b","other"]' });
});

test("a replay is not a new attempt, and the number survives the death of a process", async () => {
  const attempts: number[] = [];
  const f = whole(async (run) => {
    attempts.push(run.attempt);
    await run.run(`${run.attempt} step`, () => 1);
    if (run.attempt === 0) throw new Error("first");
    return run.run("last", () => run.attempt);
  });
  await using kit = await EngineKit.start([f]);
  const runId = await kit.begin("f");
  await kit.engine.whenQuiet();
  await kit.engine.close();
  await kit.clock.advance(MINUTE_MS);
  const now = kit.clock.now();
  await kit.store.advance({ now });
  const [claimed] = await kit.store.claim({ now, functionIds: ["f"], limit: 1, leaseMs: 1 });
  const { key: run, generation } = claimed!;
  const entry = {
    key: "1 step",
    kind: "run",
    state: "done",
    attempt: 1,
    data: "1",
    at: now,
  } as const;
  await kit.store.append({ now, run, generation, writes: [{ entry }], resetAttempt: false });
  await kit.clock.advance(MINUTE_MS);
  await using other = new RunEngine({ store: kit.store, clock: kit.clock, retention: false });
  other.register([f]);
  await other.start();
  expect(await kit.store.waitForEnd(runId)).toBe("completed");
  expect(await kit.store.getRun(runId)).toMatchObject({ output: "1", attempt: 1 });
  expect(attempts).toEqual([0, 1]);
});

test("decideRetry says whether, when, and what is recorded", async () => {
  class Wrapped extends Error {}
  const f = whole(
    async (run) => {
      throw new Wrapped(`attempt ${run.attempt}`);
    },
    {
      decideRetry: (error) => ({
        retry: true,
        delayMs: 5 * MINUTE_MS,
        error: new TypeError(`really ${(error as Error).message}`),
      }),
    },
  );
  await using kit = await EngineKit.start([f]);
  const runId = await kit.begin("f");
  await kit.advance(9 * MINUTE_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "waiting", attempt: 2 });
  await kit.advance(MINUTE_MS);
  expect(await kit.run(runId)).toMatchObject({
    state: "failed",
    error: { name: "TypeError", message: "really attempt 2" },
  });
});

test("the signal of an attempt that failed aborts", async () => {
  const signals: AbortSignal[] = [];
  const f = whole(async (run) => {
    signals.push(run.signal);
    throw new Error("failed");
  });
  await using kit = await EngineKit.start([f]);
  await kit.begin("f");
  await kit.advance(MINUTE_MS);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test("a decideRetry or a backoff that throws fails the run with its error", async () => {
  const throws = (): never => {
    throw new RangeError("no number");
  };
  const f = whole(() => Promise.reject(new Error("first")), { decideRetry: throws });
  const g = { ...whole(() => Promise.reject(new Error("first")), { backoff: throws }), id: "g" };
  await using kit = await EngineKit.start([f, g]);
  for (const functionId of ["f", "g"]) {
    const runId = await kit.engine.trigger(functionId);
    expect(await kit.run(runId)).toMatchObject({
      state: "failed",
      error: { name: "RangeError", message: "no number" },
    });
  }
});
