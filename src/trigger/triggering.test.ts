import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import {
  AbortTaskRunError,
  batch,
  BatchTriggerError,
  idempotencyKeys,
  queue,
  schemaTask,
  type SubtaskUnwrapError,
  task,
  TaskPayloadParsedError,
  tasks,
  wait,
} from "./index.ts";

const HOUR = 3_600_000;
const double = task({ id: "double", run: async (n: number) => n * 2 });

test("a task is triggered by its object, or by its id, as the seeds do", async () => {
  await using kit = await TriggerKit.start([double]);
  const byObject = await tasks.trigger(double, 4);
  const byId = await tasks.trigger<typeof double>("double", 5);
  const own = await double.trigger(6);
  expect(await kit.output(byObject.id)).toBe(8);
  expect(await kit.output(byId.id)).toBe(10);
  expect(await kit.output(own.id)).toBe(12);
});

test("a batch handle is a list of handles, and what Trigger.dev gives", async () => {
  await using kit = await TriggerKit.start([double]);
  const handles = await tasks.batchTrigger(
    double,
    [1, 2, 3].map((payload) => ({ payload })),
  );
  const ids = handles.map((handle) => handle.id);
  expect(new Set(ids).size).toBe(3);
  expect(handles).toMatchObject({
    runCount: 3,
    batchId: expect.stringMatching(/^batch_/) as string,
  });
  expect(handles.runs.map(({ id }) => id)).toEqual(ids);
  expect(JSON.parse(JSON.stringify(handles))).toMatchObject({ runCount: 3, runs: [{}, {}, {}] });
  expect(await Promise.all(ids.map((id) => kit.output(id)))).toEqual([2, 4, 6]);
  expect((await kit.engine.stores.batches.retrieve(handles.batchId))?.runIds).toEqual(ids);
});

test("items of a batch may come one by one", async () => {
  async function* items() {
    yield { payload: 1 };
    yield { payload: 2 };
  }
  const parent = task({
    id: "parent",
    run: async () =>
      (await double.batchTriggerAndWait(items())).runs.map((run) => run.ok && run.output),
  });
  await using kit = await TriggerKit.start([double, parent]);
  expect(await double.batchTrigger(items())).toHaveLength(2);
  expect(await kit.output((await parent.trigger()).id)).toEqual([2, 4]);
  async function* broken() {
    yield { payload: 1 };
    throw new Error("the source broke");
  }
  await expect(double.batchTrigger(broken())).rejects.toBeInstanceOf(BatchTriggerError);
  expect(await double.batchTrigger([])).toHaveLength(0);
});

describe("children", () => {
  test("results come in the order of the calls, whatever ends first", async () => {
    const slow = task({
      id: "slow",
      run: async (hours: number) => {
        await wait.for({ hours });
        return hours;
      },
    });
    const parent = task({
      id: "parent",
      run: async () => {
        const together = await Promise.all([3, 1, 2].map((n) => slow.triggerAndWait(n).unwrap()));
        const { runs } = await slow.batchTriggerAndWait([3, 1, 2].map((payload) => ({ payload })));
        return [together, runs.map((run) => run.ok && run.output)];
      },
    });
    await using kit = await TriggerKit.start([slow, parent]);
    const from = kit.clock.now();
    expect(await kit.output((await parent.trigger()).id)).toEqual([
      [3, 1, 2],
      [3, 1, 2],
    ]);
    expect(kit.clock.now() - from).toBe(6 * HOUR);
  });

  test("a child's failure is a result, or an error with the child's as its cause", async () => {
    const failing = task({
      id: "failing",
      run: async () => {
        throw new RangeError("too far");
      },
    });
    const parent = task({
      id: "parent",
      run: async () => {
        const result = await failing.triggerAndWait();
        const thrown = await failing
          .triggerAndWait()
          .unwrap()
          .catch((error: unknown) => error as SubtaskUnwrapError);
        return [result.ok, !result.ok && String(result.error), thrown];
      },
    });
    await using kit = await TriggerKit.start([failing, parent]);
    const output = (await kit.output((await parent.trigger()).id)) as [boolean, string, Error];
    expect(output.slice(0, 2)).toEqual([false, "RangeError: too far"]);
    expect(output[2]).toMatchObject({
      name: "SubtaskUnwrapError",
      message: "Error in failing: too far",
    });
  });

  test("many runs of different tasks at once", async () => {
    const shout = task({ id: "shout", run: async (text: string) => text.toUpperCase() });
    const parent = task({
      id: "parent",
      run: async () => {
        const byTask = await batch.triggerByTaskAndWait([
          { task: double, payload: 2 },
          { task: shout, payload: "hey" },
        ]);
        const [n, text] = byTask.runs;
        const byId = await batch.triggerAndWait<typeof double>([{ id: "double", payload: 3 }]);
        return [n.ok && n.output, text.ok && text.output, byId.runs[0]!.ok && byId.runs[0]!.output];
      },
    });
    await using kit = await TriggerKit.start([double, shout, parent]);
    expect(await kit.output((await parent.trigger()).id)).toEqual([4, "HEY", 6]);
  });

  test("a run knows its parent, its root, its batch and how it was triggered", async () => {
    const leaf = task({ id: "leaf", run: async (_: number, { ctx }) => ctx });
    const middle = task({
      id: "middle",
      run: async (n: number) => (await leaf.batchTriggerAndWait([{ payload: n }])).runs[0],
    });
    const root = task({ id: "root", run: async () => middle.triggerAndWait(1) });
    await using kit = await TriggerKit.start([leaf, middle, root]);
    const { id } = await root.trigger();
    await kit.output(id);
    const [middleRun] = await kit.runs("middle");
    const [leafRun] = await kit.runs("leaf");
    expect(leafRun!.details).toMatchObject({ parentRunId: middleRun!.id, rootRunId: id, depth: 2 });
    const ctx = (await kit.output(leafRun!.id)) as { run: object; batch: object };
    expect(ctx).toMatchObject({
      attempt: { number: 1 },
      run: { id: leafRun!.id, parentTaskRunId: middleRun!.id, rootTaskRunId: id, isTest: false },
      task: { id: "leaf", filePath: "src/trigger/triggering.test.ts" },
      queue: { name: "task/leaf" },
      batch: { id: expect.stringMatching(/^batch_/) as string },
      environment: { type: "DEVELOPMENT" },
      project: { ref: "test" },
      machine: { name: "small-1x", cpu: 0.5 },
    });
  });

  test("canceling a run cancels its children", async () => {
    const child = task({ id: "child", run: async () => wait.for({ days: 1 }) });
    const parent = task({ id: "parent", run: async () => child.triggerAndWait().then(() => {}) });
    await using kit = await TriggerKit.start([child, parent]);
    const { id } = await parent.trigger();
    await kit.run(id);
    await kit.engine.cancel(id);
    const [run] = await kit.runs("child");
    expect(run!.state).toBe("canceled");
  });

  test("a signal cancels what triggerAndSubscribe waits for", async () => {
    const child = task({ id: "child", run: async () => wait.for({ days: 1 }) });
    const parent = task({
      id: "parent",
      run: async () => {
        const abort = new AbortController();
        const result = child.triggerAndSubscribe(undefined, { signal: abort.signal });
        await wait.for({ hours: 1 });
        abort.abort();
        return (await result).ok;
      },
    });
    await using kit = await TriggerKit.start([child, parent]);
    const from = kit.clock.now();
    expect(await kit.output((await parent.trigger()).id)).toBe(false);
    expect(kit.clock.now() - from).toBe(HOUR);
  });

  test("tasks that trigger each other in a circle come to an end", async () => {
    const circle = task({
      id: "circle",
      run: async (): Promise<unknown> => tasks.triggerAndWait("circle", undefined).unwrap(),
    });
    await using kit = await TriggerKit.start([circle]);
    const { id } = await circle.trigger();
    const run = await kit.finish(id);
    expect(run.state).toBe("failed");
    const runs = await kit.runs("circle");
    expect(runs).toHaveLength(101);
    expect(runs.at(-1)!.error).toMatchObject({ code: "TASK_TOO_DEEP" });
  });
});

describe("bad input", () => {
  test("an unknown id", async () => {
    const parent = task({ id: "parent", run: async () => tasks.triggerAndWait("nobody", 1) });
    await using kit = await TriggerKit.start([parent]);
    const unknown = { code: "RUNS_UNKNOWN_FUNCTION" };
    await expect(tasks.trigger("nobody", 1)).rejects.toMatchObject(unknown);
    const { id } = await parent.trigger();
    expect((await kit.finish(id)).error).toMatchObject(unknown);
    await expect(tasks.trigger({} as never, 1 as never)).rejects.toMatchObject({
      code: "TASK_BAD_TRIGGER",
    });
    await expect(double.triggerAndWait(1)).rejects.toMatchObject({ code: "TASK_NOT_IN_TASK" });
  });

  const tooMany = Array.from({ length: 11 }, (_, n) => String(n));
  test.each([
    [{ tags: tooMany }, "TASK_BAD_TRIGGER"],
    [{ tags: "x".repeat(129) }, "TASK_BAD_TRIGGER"],
    [{ metadata: { text: "x".repeat(257 * 1024) } }, "RUNS_TOO_LARGE"],
    [{ metadata: [] }, "TASK_BAD_TRIGGER"],
    [{ delay: "soon" }, "TASK_BAD_DURATION"],
    [{ delay: new Date("never") }, "TASK_BAD_DURATION"],
    [{ ttl: -1 }, "TASK_BAD_DURATION"],
    [{ idempotencyKey: "x".repeat(2049) }, "TASK_BAD_TRIGGER"],
    [{ idempotencyKey: "" }, "TASK_BAD_TRIGGER"],
    [{ idempotencyKey: "k", idempotencyKeyTTL: "x" }, "TASK_BAD_DURATION"],
    [{ debounce: { key: "x".repeat(513), delay: "5s" } }, "TASK_BAD_TRIGGER"],
    [{ debounce: { key: "k", delay: "0s" } }, "TASK_BAD_TRIGGER"],
    [{ debounce: { key: "k", delay: "5s" }, delay: "1h" }, "TASK_BAD_TRIGGER"],
    [{ maxDuration: 1 }, "TASK_BAD_OPTION"],
    [{ maxAttempts: 1.5 }, "TASK_BAD_TRIGGER"],
    [{ priority: "high" }, "TASK_BAD_TRIGGER"],
    [{ queue: "" }, "TASK_BAD_OPTION"],
    [{ concurrencyKey: {} }, "TASK_BAD_TRIGGER"],
    [{ machine: "huge" }, "TASK_BAD_OPTION"],
    [{ region: "eu-central-1" }, "TASK_UNSUPPORTED"],
    [{ version: "20260101.1" }, "TASK_UNSUPPORTED"],
    [{ delays: "1h" }, "TASK_BAD_TRIGGER"],
  ])("%o", async (options, code) => {
    await using kit = await TriggerKit.start([double]);
    await expect(double.trigger(1, options as never)).rejects.toMatchObject({ code });
    expect(await kit.runs("double")).toEqual([]);
  });

  test("a payload of more than 3 MB, and one that cannot be stored", async () => {
    const any = task({ id: "any", run: async (payload: unknown) => payload });
    await using kit = await TriggerKit.start([any]);
    const tooLarge = "x".repeat(3 * 1024 * 1024);
    await expect(any.trigger(tooLarge)).rejects.toMatchObject({ code: "RUNS_TOO_LARGE" });
    const fits = "x".repeat(3 * 1024 * 1024 - 20);
    expect(await kit.output((await any.trigger(fits)).id)).toBe(fits);
  });

  test("an output of more than 10 MB fails the run; one of 9 is fine", async () => {
    const big = task({
      id: "big",
      retry: { maxAttempts: 3 },
      run: async (megabytes: number) => "x".repeat(megabytes * 1024 * 1024),
    });
    await using kit = await TriggerKit.start([big]);
    expect(((await kit.output((await big.trigger(9)).id)) as string).length).toBe(9 * 1024 * 1024);
    const run = await kit.finish((await big.trigger(10)).id);
    expect(run).toMatchObject({ state: "failed", error: { code: "RUNS_TOO_LARGE" } });
  });

  test.each([
    [{}, /id/],
    [{ id: "x" }, /run/],
    [{ id: "x", run: async () => {}, retries: 3 }, /retries/],
    [{ id: "x", run: async () => {}, retry: { maxAttempts: 0 } }, /maxAttempts/],
    [{ id: "x", run: async () => {}, maxDuration: 4 }, /maxDuration/],
    [{ id: "x", run: async () => {}, queue: { concurrencyLimit: -1 } }, /concurrencyLimit/],
    [{ id: "x", run: async () => {}, onStart: "no" }, /onStart/],
    [{ id: "x", run: async () => {}, machine: "huge" }, /huge/],
    [{ id: "x", run: async () => {}, cron: "every day" }, /every day|fields/],
    [{ id: "x", run: async () => {}, on: { name: "x" } }, /event/],
    [{ id: "x", run: async () => {}, ttl: "x" }, /ttl/],
  ])("a task made of %o", (options, message) => {
    expect(() => task(options as never)).toThrow(message);
  });
});

describe("options", () => {
  test("delay, and a time to live that begins after it", async () => {
    const blocked = task({ id: "blocked", queue: { concurrencyLimit: 0 }, run: async () => {} });
    await using kit = await TriggerKit.start([double, blocked]);
    const from = kit.clock.now();
    const { id } = await double.trigger(1, { delay: "1h30m" });
    expect((await kit.run(id)).state).toBe("delayed");
    await kit.output(id);
    expect(kit.clock.now() - from).toBe(1.5 * HOUR);
    const late = await blocked.trigger(undefined, { delay: "1h", ttl: "10m" });
    await kit.advance(HOUR + 590_000);
    expect((await kit.run(late.id)).state).toBe("queued");
    await kit.advance(20_000);
    expect((await kit.run(late.id)).state).toBe("expired");
  });

  test("an idempotency key starts one run, until it fails or its time is over", async () => {
    let fails = true;
    const once = task({
      id: "once",
      run: async () => {
        if (fails) throw new Error("not yet");
      },
    });
    await using kit = await TriggerKit.start([once]);
    const options = { idempotencyKey: "order 1", idempotencyKeyTTL: "1h" };
    const first = await once.trigger(undefined, options);
    await kit.finish(first.id);
    fails = false;
    const second = await once.trigger(undefined, options);
    expect(second.id).not.toBe(first.id);
    await kit.finish(second.id);
    expect(await once.trigger(undefined, options)).toMatchObject({ id: second.id, isCached: true });
    await kit.advance(HOUR);
    expect((await once.trigger(undefined, options)).id).not.toBe(second.id);
  });

  test("text as a key counts for the run that says it, and a made one for whom it says", async () => {
    const parent = task({
      id: "parent",
      run: async () => {
        const run = await double.trigger(1, { idempotencyKey: "key" });
        const again = await double.trigger(2, { idempotencyKey: ["key"] });
        const key = await idempotencyKeys.create("key", { scope: "global" });
        const shared = await double.trigger(3, { idempotencyKey: key });
        return [run.id, again.id, shared.id];
      },
    });
    await using kit = await TriggerKit.start([double, parent]);
    const first = (await kit.output((await parent.trigger()).id)) as string[];
    const second = (await kit.output((await parent.trigger()).id)) as string[];
    expect(first[1]).toBe(first[0]);
    expect(second[0]).not.toBe(first[0]);
    expect(second[2]).toBe(first[2]);
    const shared = await kit.run(first[2]!);
    expect(JSON.parse(shared.details!.extra!)).toMatchObject({
      idempotencyKey: "key",
      idempotencyKeyScope: "global",
    });
  });

  test("a batch with a key starts its runs once", async () => {
    await using kit = await TriggerKit.start([double]);
    const items = [{ payload: 1 }, { payload: 2 }];
    const first = await double.batchTrigger(items, { idempotencyKey: "batch" });
    const second = await double.batchTrigger(items, { idempotencyKey: "batch" });
    expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect(second.batchId).toBe(first.batchId);
    expect(await kit.runs("double")).toHaveLength(2);
  });

  test("debounce: one run, with the first payload or the last", async () => {
    const seen = task({ id: "seen", run: async (n: number) => n });
    await using kit = await TriggerKit.start([seen]);
    for (const mode of ["leading", "trailing"] as const) {
      const debounce = { key: mode, delay: "10s", mode };
      const first = await seen.trigger(1, { debounce });
      await kit.advance(5_000);
      const second = await seen.trigger(2, { debounce });
      expect(second).toMatchObject({ id: first.id, isCached: true });
      expect(await kit.output(first.id)).toBe(mode === "leading" ? 1 : 2);
    }
  });

  test("tags, metadata, test, priority and attempts are the run's", async () => {
    const teller = task({ id: "teller", run: async (_: undefined, { ctx }) => ctx.run });
    await using kit = await TriggerKit.start([teller]);
    const { id } = await teller.trigger(undefined, {
      tags: ["a", "b", "a"],
      metadata: { step: 1 },
      test: true,
      priority: 10,
      maxAttempts: 7,
      maxDuration: 60,
    });
    expect(await kit.output(id)).toMatchObject({
      tags: ["a", "b"],
      isTest: true,
      priority: 10,
      maxAttempts: 7,
      maxDuration: 60,
    });
    expect((await kit.run(id)).details).toMatchObject({ metadata: '{"step":1}' });
  });

  test("maxDuration ends a run whose code takes too long; waits do not count", async () => {
    const aborted = vi.fn<() => void>();
    const slow = task({
      id: "slow",
      maxDuration: 60,
      run: async (hangs: boolean, { signal }) => {
        await wait.for({ hours: 1 });
        signal.addEventListener("abort", aborted);
        if (hangs) await new Promise(() => {});
      },
    });
    await using kit = await TriggerKit.start([slow]);
    const fine = await slow.trigger(false);
    await kit.output(fine.id);
    const hung = await slow.trigger(true);
    await kit.run(hung.id);
    const state = async () => (await kit.store.getRun(hung.id))!.state;
    await kit.clock.advance(HOUR);
    await vi.waitFor(async () => expect(await state()).toBe("running"));
    await kit.clock.advance(60_000);
    await vi.waitFor(async () => expect(await state()).toBe("timedOut"));
    expect(aborted).toHaveBeenCalledOnce();
  });
});

describe("queues", () => {
  /** A task whose runs stand still until they are let go, and how many have started, and stood at once. */
  function standing(id: string, queue?: { name?: string; concurrencyLimit?: number | undefined }) {
    const gates: (() => void)[] = [];
    let now = 0;
    const made = task({
      id,
      queue,
      run: async () => {
        counts.started++;
        counts.most = Math.max(counts.most, ++now);
        await new Promise<void>((resolve) => gates.push(resolve));
        now--;
      },
    });
    const counts = {
      task: made,
      started: 0,
      most: 0,
      letGo: () => gates.splice(0).forEach((go) => go()),
    };
    return counts;
  }

  test("a limit of the task's own queue, and one for each concurrency key", async () => {
    const limited = standing("limited", { concurrencyLimit: 1 });
    await using kit = await TriggerKit.start([limited.task]);
    await limited.task.batchTrigger([{ payload: undefined }, { payload: undefined }]);
    for (const started of [1, 2]) {
      await vi.waitFor(() => expect(limited.started).toBe(started));
      limited.letGo();
    }
    await kit.engine.whenQuiet();
    expect(limited.most).toBe(1);
    await limited.task.batchTrigger([
      { payload: undefined, options: { concurrencyKey: "ada" } },
      { payload: undefined, options: { concurrencyKey: 7 } },
      { payload: undefined, options: { concurrencyKey: "ada" } },
    ]);
    for (const started of [4, 5]) {
      await vi.waitFor(() => expect(limited.started).toBe(started));
      limited.letGo();
    }
    await kit.engine.whenQuiet();
    expect(limited.most).toBe(2);
  });

  test("tasks share a queue, and a trigger may name another", async () => {
    const narrow = queue({ name: "narrow", concurrencyLimit: 1 });
    const [a, b, c] = [standing("a", narrow), standing("b", narrow), standing("c")];
    await using kit = await TriggerKit.start([a.task, b.task, c.task]);
    await a.task.trigger();
    await b.task.trigger();
    await c.task.trigger(undefined, { queue: "narrow" });
    for (const started of [1, 2, 3]) {
      await vi.waitFor(() => expect(a.started + b.started + c.started).toBe(started));
      for (const each of [a, b, c]) each.letGo();
    }
    await kit.engine.whenQuiet();
    expect([a.most, b.most, c.most]).toEqual([1, 1, 1]);
  });

  test("a parent that waits for a task of its own queue holds no slot", async () => {
    const shared = queue({ name: "shared", concurrencyLimit: 1 });
    const child = task({ id: "child", queue: shared, run: async () => "child" });
    const parent = task({
      id: "parent",
      queue: shared,
      run: async () => child.triggerAndWait().unwrap(),
    });
    await using kit = await TriggerKit.start([child, parent]);
    expect(await kit.output((await parent.trigger()).id)).toBe("child");
  });
});

describe("schemas", () => {
  const strict = schemaTask({
    id: "strict",
    schema: z.object({ n: z.coerce.number() }),
    run: async ({ n }) => n,
  });

  test("a payload is held to the schema where it is sent, and run gets what the schema makes of it", async () => {
    await using kit = await TriggerKit.start([strict]);
    expect(await kit.output((await strict.trigger({ n: "3" })).id)).toBe(3);
    await expect(strict.trigger({ n: "three" })).rejects.toBeInstanceOf(TaskPayloadParsedError);
    await expect(tasks.trigger("strict", {})).rejects.toBeInstanceOf(TaskPayloadParsedError);
    expect(await kit.runs("strict")).toHaveLength(1);
  });

  test("what comes around the check fails the run at once", async () => {
    await using kit = await TriggerKit.start([strict]);
    const id = await kit.engine.trigger("strict", { data: { n: "three" } });
    const run = await kit.finish(id);
    expect(run).toMatchObject({ state: "failed", error: { name: "TaskPayloadParsedError" } });
  });
});

test("attempts: as often and as far apart as the task says, and not after AbortTaskRunError", async () => {
  const attempts: number[] = [];
  const flaky = task({
    id: "flaky",
    retry: { maxAttempts: 3, minTimeoutInMs: 1_000, factor: 10, randomize: false },
    run: async (aborts: boolean, { ctx }) => {
      attempts.push(ctx.attempt.number);
      throw aborts ? new AbortTaskRunError("enough") : new Error("again");
    },
  });
  await using kit = await TriggerKit.start([flaky]);
  const from = kit.clock.now();
  const run = await kit.finish((await flaky.trigger(false)).id);
  expect(run).toMatchObject({ state: "failed", error: { name: "Error", message: "again" } });
  expect(attempts.splice(0)).toEqual([1, 2, 3]);
  expect(kit.clock.now() - from).toBe(11_000);
  const aborted = await kit.finish((await flaky.trigger(true)).id);
  expect(aborted.error).toMatchObject({ name: "AbortTaskRunError", message: "enough" });
  expect(attempts).toEqual([1]);
});

test("retries of the configuration count for tasks that say nothing", async () => {
  const attempts = vi.fn<() => void>();
  const plain = task({
    id: "plain",
    run: async () => {
      attempts();
      throw new Error("again");
    },
  });
  const config = { retries: { default: { maxAttempts: 3, minTimeoutInMs: 1 } } };
  await using kit = await TriggerKit.start([plain], { config });
  await kit.finish((await plain.trigger()).id);
  expect(attempts).toHaveBeenCalledTimes(3);
});
