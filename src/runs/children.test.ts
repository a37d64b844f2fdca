import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { FunctionDefinition, RunHandle } from "./definition.ts";
import { State } from "./store/sqlite/codes.ts";
import type { StartCall, StartDetails } from "./store/start-details.ts";

const HOUR_MS = 3_600_000;

const executors = ["replay", "live"] as const;

/** Squares its number; `fails`, `naps` and `sleeps` say what else. */
const square = define("square", async (run) => {
  const { n, fails, napMs } = run.event.data as { n: number; fails?: boolean; napMs?: number };
  if (napMs !== undefined) await run.sleepUntil("nap", run.event.ts + napMs);
  if (fails) throw new RangeError(`${n} is no number`);
  return n * n;
});

const call = (n: number, rest: object = {}, details?: StartDetails): StartCall => ({
  functionId: "square",
  data: { n, ...rest },
  details,
});

const parent = (
  executor: "replay" | "live",
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition => define("parent", handler, { executor, ...options });

test.each(executors)("a run waits for a child, whatever its end (%s)", async (executor) => {
  const f = parent(executor, async (run) => {
    const good = await run.child("good", call(3, { napMs: HOUR_MS }));
    const bad = await run.child("bad", call(4, { fails: true }));
    return [good, bad].map(({ functionId, state, output, error }) => [
      functionId,
      state,
      output,
      error?.message,
    ]);
  });
  await using kit = await EngineKit.start([f, square]);
  const runId = await kit.begin("parent");
  await kit.advance(HOUR_MS);
  const { state, output } = await kit.run(runId);
  expect(state).toBe("completed");
  expect(JSON.parse(output!)).toEqual([
    ["square", "completed", "9", null],
    ["square", "failed", null, "4 is no number"],
  ]);
});

test.each(executors)(
  "parallel children give their own results, in any order (%s)",
  async (executor) => {
    const naps = [40, 10, 30, 20];
    let starts = 0;
    const f = parent(executor, async (run) => {
      starts++;
      const ends = await Promise.all(
        naps.map((nap, n) => run.child("child", call(n + 5, { napMs: nap * 60_000 }))),
      );
      return ends.map(({ output }) => Number(output));
    });
    await using kit = await EngineKit.start([f, square]);
    const runId = await kit.begin("parent");
    await kit.advance(HOUR_MS);
    expect(await kit.run(runId)).toMatchObject({ output: "[25,36,49,64]" });
    expect(starts).toBe(executor === "live" ? 1 : 1 + naps.length);
  },
);

test.each(executors)(
  "a thousand children are started by one write, and wake their parent once (%s)",
  async (executor) => {
    const count = 1_000;
    const numbers = Array.from({ length: count }, (_, n) => n);
    const f = parent(executor, async (run) => {
      const ends = await run.children(
        "squares",
        numbers.map((n) => call(n)),
      );
      return ends.map(({ output }) => Number(output));
    });
    await using kit = await EngineKit.start([f, square]);
    const runId = await kit.begin("parent");
    const { state, output, journal } = await kit.run(runId);
    expect(state).toBe("completed");
    expect(JSON.parse(output!)).toEqual(numbers.map((n) => n * n));
    expect(journal).toHaveLength(1);
    const [generations] = kit.sqlite.connection
      .sql("SELECT generation FROM run WHERE pk = 1")
      .get()!;
    expect(generations).toBe(2);
  },
);

test.each(executors)(
  "started runs go on by themselves, and may be waited for later (%s)",
  async (executor) => {
    const f = parent(executor, async (run) => {
      const started = await run.start("start", [call(2, { napMs: HOUR_MS }), call(3)]);
      await run.sleepUntil("nap", run.event.ts + HOUR_MS / 2);
      const ends = await run.waitForRuns(
        "ends",
        started.map(({ runId }) => runId),
      );
      return [started.map(({ isCached }) => isCached), ends.map(({ output }) => output)];
    });
    await using kit = await EngineKit.start([f, square]);
    const runId = await kit.begin("parent");
    await kit.advance(HOUR_MS);
    expect(await kit.run(runId)).toMatchObject({ output: '[[false,false],["4","9"]]' });
    expect(await kit.store.listRuns({ functionId: "square", limit: 9 })).toHaveLength(2);
  },
);

test("an equal start inside a batch is one run, and both places get its result", async () => {
  const until = new VirtualClock().now() + HOUR_MS;
  const details = { idempotency: { key: "same", until } };
  const f = parent("live", async (run) => {
    const ends = await run.children("twins", [call(6, {}, details), call(6, {}, details), call(7)]);
    return ends.map(({ output }) => output);
  });
  await using kit = await EngineKit.start([f, square]);
  const runId = await kit.begin("parent");
  expect(await kit.run(runId)).toMatchObject({ output: '["36","36","49"]' });
  expect(await kit.store.listRuns({ functionId: "square", limit: 9 })).toHaveLength(2);
});

test("children know their family", async () => {
  const f = parent("live", (run) =>
    run.child("middle", { functionId: "middle", details: { tags: ["of parent"] } }),
  );
  const middle = define("middle", (run) => run.child("square", call(2)), { executor: "live" });
  await using kit = await EngineKit.start([f, middle, square]);
  const runId = await kit.begin("parent");
  await kit.run(runId);
  const [leaf] = await kit.store.listRuns({ functionId: "square", limit: 1 });
  const [between] = await kit.store.listRuns({ functionId: "middle", limit: 1 });
  expect(between!.details).toMatchObject({
    parentRunId: runId,
    rootRunId: runId,
    depth: 1,
    tags: ["of parent"],
  });
  expect(leaf!.details).toMatchObject({ parentRunId: between!.id, rootRunId: runId, depth: 2 });
});

test("with a limit of one, a parent that waits for a child of its own queue does not deadlock", async () => {
  const slots = [{ key: "queue", limit: 1 }];
  const f = parent("live", async (run) => {
    const one = await run.child("one", call(2, { napMs: HOUR_MS }, { slots }));
    const rest = await run.children(
      "rest",
      [3, 4].map((n) => call(n, {}, { slots })),
    );
    return [one, ...rest].map(({ output }) => output);
  });
  await using kit = await EngineKit.start([f, square], { concurrency: 1 });
  const [started] = await kit.engine.startRuns([{ functionId: "parent", details: { slots } }]);
  await kit.advance(HOUR_MS);
  expect(await kit.run(started!.runId)).toMatchObject({ output: '["4","9","16"]' });
});

test("runs that wait hold no slot", { timeout: 60_000 }, async () => {
  const count = 10_000;
  const f = define("sleeper", (run) => run.sleepUntil("nap", run.event.ts + HOUR_MS), {
    executor: "live",
    concurrency: [{ limit: 1 }],
  });
  await using kit = await EngineKit.start([f], { concurrency: 1 });
  await kit.engine.startRuns(Array.from({ length: count }, () => ({ functionId: "sleeper" })));
  await kit.engine.whenQuiet();
  const states = () =>
    kit.sqlite.connection.sql("SELECT state, count(*) FROM run GROUP BY state").all();
  expect(states()).toEqual([[State.waiting, count]]);
  expect(kit.engine.parkedRuns).toBe(count);
  await kit.advance(HOUR_MS);
  expect(states()).toEqual([[State.completed, count]]);
});

test("canceling a run cancels its children, and theirs", async () => {
  const f = parent("live", (run) => run.child("middle", { functionId: "middle" }));
  const signals: AbortSignal[] = [];
  const middle = define(
    "middle",
    (run) => {
      signals.push(run.signal);
      return run.children("squares", [call(1, { napMs: HOUR_MS }), call(2, { napMs: HOUR_MS })]);
    },
    { executor: "live" },
  );
  await using kit = await EngineKit.start([f, middle, square]);
  const runId = await kit.begin("parent");
  await kit.engine.whenQuiet();
  expect(await kit.engine.cancel(runId, "enough")).toBe(true);
  await kit.engine.whenQuiet();
  expect(await kit.store.listRuns({ state: "canceled", limit: 9 })).toHaveLength(4);
  expect(signals[0]!.aborted).toBe(true);
  expect(kit.engine.parkedRuns).toBe(0);
});

test("a child of an unknown function is an error at the call, and nothing is started", async () => {
  const f = parent("live", (run) =>
    run
      .children("children", [call(1), { functionId: "nobody" }])
      .catch((error: unknown) => (error as { code: string }).code),
  );
  await using kit = await EngineKit.start([f, square]);
  const runId = await kit.begin("parent");
  expect(await kit.run(runId)).toMatchObject({ output: '"RUNS_UNKNOWN_FUNCTION"' });
  await expect(kit.engine.startRuns([call(1), { functionId: "nobody" }])).rejects.toMatchObject({
    code: "RUNS_UNKNOWN_FUNCTION",
  });
  expect(await kit.store.listRuns({ functionId: "square", limit: 9 })).toHaveLength(0);
});

test("a replay that calls a step with other arguments fails", async () => {
  let n = 1;
  const f = parent("replay", async (run) => {
    const args = `square ${n++}`;
    return run.child("child", call(1, { napMs: HOUR_MS }), { args });
  });
  await using kit = await EngineKit.start([f, square]);
  const runId = await kit.begin("parent");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({
    state: "failed",
    error: { code: "RUNS_STEP_CHANGED" },
  });
});

test.each(executors)(
  "children that are called in another order after a crash get their own results (%s)",
  async (executor) => {
    let starts = 0;
    const f = parent(executor, async (run) => {
      const isReplay = starts++ > 0;
      const numbers = [5, 6, 7, 8];
      const ends = await Promise.all(
        numbers.map(async (n, index) => {
          // What a request or a look at the disk does to the order of calls.
          for (let tick = isReplay ? 4 - index : index; tick > 0; tick--) await Promise.resolve();
          return run.child(`square ${n}`, call(n, { napMs: n * 60_000 }), { args: `${n}` });
        }),
      );
      return ends.map(({ output }) => Number(output));
    });
    await using kit = await EngineKit.start([f, square], { liveRuns: { maxCount: 0 } });
    const runId = await kit.begin("parent");
    await kit.advance(HOUR_MS);
    expect(await kit.run(runId)).toMatchObject({ output: "[25,36,49,64]" });
    expect(starts).toBeGreaterThan(1);
  },
);

test("children that are told apart by their order only fail loudly when that changes", async () => {
  let starts = 0;
  const f = parent("live", async (run) => {
    const numbers = starts++ > 0 ? [6, 5] : [5, 6];
    await Promise.all(
      numbers.map((n) => run.child("square", call(n, { napMs: n * 60_000 }), { args: `${n}` })),
    );
  });
  await using kit = await EngineKit.start([f, square], { liveRuns: { maxCount: 0 } });
  const runId = await kit.begin("parent");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({
    state: "failed",
    error: { code: "RUNS_STEP_CHANGED" },
  });
});
