import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { StartDetails } from "./store/start-details.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = new VirtualClock().now();

const echo = define("echo", async (run) => ({ data: run.event.data, details: run.details }));
const call = (details?: StartDetails, data: unknown = {}) => ({
  functionId: "echo",
  data,
  details,
});

test("runs are started by calls, all in one commit, in order", async () => {
  await using kit = await EngineKit.start([echo]);
  const results = await kit.engine.startRuns([1, 2, 3].map((n) => call(undefined, { n })));
  expect(results).toMatchObject([{ isCached: false }, { isCached: false }, { isCached: false }]);
  const runs = await Promise.all(results.map(({ runId }) => kit.run(runId)));
  expect(runs.map(({ output }) => (JSON.parse(output!) as { data: unknown }).data)).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
  expect(await kit.engine.startRuns([])).toEqual([]);
});

test("what a start says is there for its handler, and beside its record", async () => {
  await using kit = await EngineKit.start([echo]);
  const details = { tags: ["a", "b"], isTest: true, metadata: '{"k":1}', extra: '"own"' };
  const [started] = await kit.engine.startRuns([call(details)]);
  const run = await kit.run(started!.runId);
  expect(JSON.parse(run.output!)).toMatchObject({ details });
  expect(run.details).toMatchObject(details);
});

test("what a function says by default counts where its start says nothing, also for events", async () => {
  const f = { ...echo, triggers: [{ event: "ping" }], defaults: { maxAttempts: 7, tags: ["f"] } };
  await using kit = await EngineKit.start([f]);
  const [started] = await kit.engine.startRuns([call({ maxAttempts: 2 })]);
  const [eventId] = await kit.engine.send([{ name: "ping" }]);
  const [pinged] = await kit.store.runsOfEvent(eventId!);
  expect((await kit.run(started!.runId)).details).toMatchObject({ maxAttempts: 2, tags: ["f"] });
  expect((await kit.run(pinged!.id)).details).toMatchObject({ maxAttempts: 7, tags: ["f"] });
});

test("a start in the future is delayed; its ttl counts from then", async () => {
  const gate = new Gate();
  const busy = define("echo", () => gate.pass(), { concurrency: [{ limit: 1 }] });
  await using kit = await EngineKit.start([busy]);
  const [, late] = await kit.engine.startRuns([
    call(),
    call({ notBefore: START + HOUR_MS, ttlMs: MINUTE_MS }),
  ]);
  const state = async () => (await kit.store.getRun(late!.runId))!.state;
  await kit.clock.advance(HOUR_MS - 1);
  expect(await state()).toBe("delayed");
  await kit.clock.advance(1);
  await expect.poll(state).toBe("queued");
  await kit.clock.advance(MINUTE_MS);
  expect(await kit.store.waitForEnd(late!.runId)).toBe("expired");
  gate.open();
});

test("an idempotency key starts one run in its time; a failure gives it back if asked to", async () => {
  const f = define("echo", async (run) => {
    if ((run.event.data as { fails?: boolean }).fails) throw new Error("failed");
    return "fine";
  });
  await using kit = await EngineKit.start([f]);
  const idempotency = { key: "once", until: START + HOUR_MS, clearedByFailure: true };
  const start = async (fails: boolean) => {
    const [result] = await kit.engine.startRuns([call({ idempotency }, { fails })]);
    await kit.engine.whenQuiet();
    return result!;
  };
  const first = await start(true);
  const second = await start(false);
  expect(second).toMatchObject({ isCached: false });
  expect(second.runId).not.toBe(first.runId);
  expect(await start(true)).toEqual({ runId: second.runId, isCached: true });
  await kit.advance(HOUR_MS);
  expect(await start(true)).toMatchObject({ isCached: false });
});

test("priority, in seconds, goes before age", async () => {
  const order: unknown[] = [];
  const f = define("echo", async (run) => order.push((run.event.data as { n: number }).n));
  await using kit = EngineKit.open([f], { concurrency: 1 });
  await kit.engine.startRuns([
    call(undefined, { n: 1 }),
    call({ prioritySeconds: 60 }, { n: 2 }),
    call({ prioritySeconds: -60 }, { n: 3 }),
  ]);
  await kit.engine.start();
  await kit.engine.whenQuiet();
  expect(order).toEqual([2, 1, 3]);
});

test("debounced starts make one run, with the data of the last or of the first", async () => {
  await using kit = await EngineKit.start([echo]);
  const outputs: unknown[] = [];
  for (const mode of ["trailing", "leading"] as const) {
    const debounce = { key: mode, delayMs: MINUTE_MS, mode };
    const [first] = await kit.engine.startRuns([call({ debounce }, { n: 1 })]);
    await kit.advance(MINUTE_MS / 2);
    const [second] = await kit.engine.startRuns([call({ debounce }, { n: 2 })]);
    expect(second!.runId).toBe(first!.runId);
    await kit.advance(MINUTE_MS);
    outputs.push((JSON.parse((await kit.run(first!.runId)).output!) as { data: unknown }).data);
  }
  expect(outputs).toEqual([{ n: 2 }, { n: 1 }]);
});

test("a start that is refused says why", async () => {
  const limited = define("limited", async () => 1, { rateLimit: { limit: 1, periodMs: HOUR_MS } });
  const single = define("single", (run) => run.sleepUntil("nap", START + HOUR_MS), {
    singleton: { mode: "skip" },
  });
  await using kit = await EngineKit.start([limited, single]);
  const twice = async (functionId: string) => {
    const results = await kit.engine.startRuns([{ functionId }, { functionId }]);
    return results.map(({ refused }) => refused);
  };
  expect(await twice("limited")).toEqual([undefined, "limited"]);
  expect(await twice("single")).toEqual([undefined, "skipped"]);
});

test("a run may be executed for its maximum duration; waits do not count", async () => {
  const clock = new VirtualClock();
  const napped = new Gate();
  let signal: AbortSignal | undefined;
  const f = define(
    "echo",
    async (run) => {
      signal = run.signal;
      const busy = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
      await busy(4_000);
      await run.sleepUntil("nap", run.event.ts + HOUR_MS);
      void napped.pass();
      await busy(4_000);
      return "never";
    },
    { executor: "live" },
  );
  await using kit = await EngineKit.start([f], { clock });
  const [started] = await kit.engine.startRuns([call({ maxDurationMs: 5_000 })]);
  await clock.advance(4_000);
  await expect.poll(() => kit.engine.parkedRuns).toBe(1);
  await clock.advance(HOUR_MS - 4_000);
  await napped.reached;
  await clock.advance(999);
  expect(await kit.store.getRun(started!.runId)).toMatchObject({ state: "running" });
  await clock.advance(1);
  expect(await kit.store.waitForEnd(started!.runId)).toBe("timedOut");
  expect(await kit.store.getRun(started!.runId)).toMatchObject({
    error: { code: "RUNS_MAX_DURATION" },
  });
  expect(signal?.aborted).toBe(true);
});
