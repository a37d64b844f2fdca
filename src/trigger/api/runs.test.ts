import { describe, expect, expectTypeOf, test } from "vitest";
import { Gate } from "../../../test/support/gate.ts";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import {
  AbortTaskRunError,
  batch,
  metadata,
  OutOfMemoryError,
  type RunHandle,
  runs,
  schedules,
  tags,
  task,
  wait,
} from "../index.ts";

const HOUR = 3_600_000;

const double = task({
  id: "double",
  run: async (payload: { n: number }) => ({ n: payload.n * 2 }),
});
const sleeper = task({ id: "sleeper", run: async () => wait.for({ hours: 1 }) });

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe("runs.retrieve", () => {
  test("shows what a run was given and what it came to, typed by its handle", async () => {
    await using kit = await TriggerKit.start([double]);
    const at = kit.clock.now();
    const handle = await double.trigger({ n: 21 }, { tags: ["a", "b"], metadata: { by: "me" } });
    await kit.finish(handle.id);
    const run = await runs.retrieve(handle);
    expectTypeOf(run.output).toEqualTypeOf<{ n: number } | undefined>();
    expectTypeOf(run.payload).toEqualTypeOf<{ n: number } | undefined>();
    expect(run).toMatchObject({
      id: handle.id,
      status: "COMPLETED",
      isCompleted: true,
      isSuccess: true,
      isFailed: false,
      taskIdentifier: "double",
      payload: { n: 21 },
      output: { n: 42 },
      tags: ["a", "b"],
      metadata: { by: "me" },
      attemptCount: 1,
      depth: 0,
      isTest: false,
      createdAt: new Date(at),
      finishedAt: new Date(at),
      triggerFunction: "trigger",
      relatedRuns: { children: [] },
    });
    const byId = await runs.retrieve<typeof double>(handle.id);
    expectTypeOf(byId.output).toEqualTypeOf<{ n: number } | undefined>();
    expect(byId).toEqual(run);
  });

  test("shows the error of a run, its attempts, and its family", async () => {
    const failing = task({
      id: "failing",
      retry: { maxAttempts: 3, minTimeoutInMs: 1_000 },
      run: async () => {
        throw new RangeError("too far");
      },
    });
    const parent = task({
      id: "parent",
      run: async () => (await failing.triggerAndWait()).id,
    });
    await using kit = await TriggerKit.start([failing, parent]);
    const handle = await parent.trigger();
    const childId = (await kit.output(handle.id)) as string;
    const child = await runs.retrieve(childId);
    expect(child).toMatchObject({
      status: "FAILED",
      isFailed: true,
      attemptCount: 3,
      depth: 1,
      triggerFunction: "triggerAndWait",
      error: { name: "RangeError", message: "too far" },
      relatedRuns: { parent: { id: handle.id }, root: { id: handle.id } },
    });
    expect(child.error!.stackTrace).toContain("too far");
    expect(child).not.toHaveProperty("output");
    const { relatedRuns } = await runs.retrieve(handle.id);
    expect(relatedRuns.children.map(({ id }) => id)).toEqual([childId]);
    expect(relatedRuns.parent).toBeUndefined();
  });

  test("names every status as Trigger.dev does", async () => {
    const crashing = task({
      id: "crashing",
      run: async () => {
        throw new OutOfMemoryError();
      },
    });
    const failing = task({
      id: "failing",
      run: async () => {
        throw new AbortTaskRunError("no");
      },
    });
    const one = task({ id: "one", queue: { concurrencyLimit: 1 }, run: async () => {} });
    await using kit = await TriggerKit.start([crashing, failing, sleeper, one]);
    const status = async ({ id }: RunHandle): Promise<string> => {
      await kit.engine.whenQuiet();
      return (await runs.retrieve(id)).status;
    };
    expect(await status(await crashing.trigger())).toBe("CRASHED");
    expect(await status(await failing.trigger())).toBe("FAILED");
    const waiting = await sleeper.trigger();
    expect(await status(waiting)).toBe("WAITING");
    await runs.cancel(waiting);
    expect(await status(waiting)).toBe("CANCELED");
    expect(await status(await sleeper.trigger(undefined, { delay: "1h" }))).toBe("DELAYED");
    await kit.store.stores.queues.setPaused({ now: 0, name: "task/one", isPaused: true });
    const queued = await one.trigger(undefined, { ttl: "1m" });
    expect(await status(queued)).toBe("QUEUED");
    await kit.advance(60_000);
    expect(await status(queued)).toBe("EXPIRED");
    expect((await runs.retrieve(queued)).expiredAt).toEqual(new Date(kit.clock.now()));
  });

  test("an unknown id is refused", async () => {
    await using _ = await TriggerKit.start([double]);
    for (const call of [
      () => runs.retrieve("run_nothing"),
      () => runs.cancel("run_nothing"),
      () => runs.replay("run_nothing"),
      () => runs.poll("run_nothing"),
      () => runs.reschedule("run_nothing", { delay: "1h" }),
      () => runs.subscribeToRun("run_nothing").next(),
      () => runs.subscribeToBatch("batch_nothing").next(),
      () => batch.retrieve("batch_nothing"),
    ])
      await expect(call()).rejects.toMatchObject({ code: "TASK_NOT_FOUND", status: 404 });
    await expect(runs.retrieve(undefined as never)).rejects.toMatchObject({
      code: "TASK_BAD_CALL",
    });
  });
});

describe("runs.list", () => {
  test("pages forwards and backwards, and walks over all", async () => {
    await using kit = await TriggerKit.start([double]);
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.unshift((await double.trigger({ n })).id);
    await kit.engine.whenQuiet();
    const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);
    const first = await runs.list({ limit: 3 });
    expect(idsOf(first.data)).toEqual(ids.slice(0, 3));
    expect([first.hasNextPage(), first.hasPreviousPage()]).toEqual([true, false]);
    const second = await first.getNextPage();
    expect(idsOf(second.data)).toEqual(ids.slice(3, 6));
    const third = await second.getNextPage();
    expect(idsOf(third.data)).toEqual(ids.slice(6));
    expect([third.hasNextPage(), third.hasPreviousPage()]).toEqual([false, true]);
    expect(idsOf((await third.getNextPage()).data)).toEqual([]);
    const back = await third.getPreviousPage();
    expect(idsOf(back.data)).toEqual(ids.slice(3, 6));
    expect(idsOf((await back.getPreviousPage()).data)).toEqual(ids.slice(0, 3));
    expect(idsOf(await collect(runs.list({ limit: 2 })))).toEqual(ids);
    expect(idsOf((await runs.list({ before: ids[4]!, limit: 2 })).data)).toEqual(ids.slice(2, 4));
  });

  test("filters by what a run is and was given", async () => {
    const crashing = task({
      id: "crashing",
      queue: { name: "line" },
      run: async () => {
        throw new OutOfMemoryError();
      },
    });
    const failing = task({
      id: "failing",
      run: async () => {
        throw new Error("no");
      },
    });
    await using kit = await TriggerKit.start([double, crashing, failing]);
    const started = kit.clock.now();
    const early = await double.trigger({ n: 1 }, { tags: "red", test: true });
    await kit.advance(HOUR);
    const late = await double.trigger({ n: 2 }, { tags: ["red", "blue"] });
    const crashed = await crashing.trigger();
    const failed = await failing.trigger();
    const together = await double.batchTrigger([{ payload: { n: 3 } }]);
    await kit.engine.whenQuiet();
    const found = async (params: Parameters<typeof runs.list>[0]) =>
      (await collect(runs.list(params))).map(({ id }) => id);
    expect(await found({ tag: "red" })).toEqual([late.id, early.id]);
    expect(await found({ tag: ["blue", "none"] })).toEqual([late.id]);
    expect(await found({ status: "FAILED" })).toEqual([failed.id]);
    expect(await found({ status: "CRASHED" })).toEqual([crashed.id]);
    expect(await found({ status: ["DEQUEUED", "PENDING_VERSION"] })).toEqual([]);
    expect(await found({ taskIdentifier: ["crashing", "failing"] })).toEqual([
      failed.id,
      crashed.id,
    ]);
    expect(await found({ isTest: true })).toEqual([early.id]);
    expect(await found({ to: new Date(started) })).toEqual([early.id]);
    expect(await found({ from: started + 1, tag: "red" })).toEqual([late.id]);
    expect(await found({ period: "30m", tag: "red" })).toEqual([late.id]);
    expect(await found({ batch: together.batchId })).toEqual([together[0]!.id]);
    expect(await found({ queue: { type: "custom", name: "line" } })).toEqual([crashed.id]);
    expect(await found({ queue: { type: "task", name: "failing" } })).toEqual([failed.id]);
  });

  test("refuses what it cannot do, by name", async () => {
    await using _ = await TriggerKit.start([double]);
    const refusal = (params: unknown): Promise<unknown> =>
      runs.list(params as never).then(
        () => "nothing",
        (error: unknown) => error,
      );
    const bad = (reason: string) => ({
      code: "TASK_BAD_CALL",
      message: expect.stringContaining(reason) as string,
    });
    expect(await refusal({ limit: 101 })).toMatchObject(
      bad("limit is 101, and must be from 1 to 100"),
    );
    expect(await refusal({ limit: 0 })).toMatchObject(bad("limit is 0"));
    expect(await refusal({ status: "DONE" })).toMatchObject(bad("there is no status DONE"));
    expect(await refusal({ colour: "red" })).toMatchObject(bad("there is no option colour"));
    expect(await refusal({ period: "soon" })).toMatchObject({ code: "TASK_BAD_DURATION" });
    expect(await refusal({ from: new Date("never") })).toMatchObject(bad("from must be"));
    expect(await refusal({ period: "1d", from: 1 })).toMatchObject(bad("exclude each other"));
    expect(await refusal({ after: "a", before: "b" })).toMatchObject(bad("exclude each other"));
    for (const params of [{ version: "1" }, { region: "eu" }, { bulkAction: "b" }, "proj_1"])
      expect(await refusal(params)).toMatchObject({ code: "TASK_UNSUPPORTED", status: 501 });
    await expect(collect(runs.list({ limit: -1 }))).rejects.toMatchObject(bad("limit is -1"));
  });
});

describe("runs.cancel", () => {
  test("cancels a run with its children; one that is over stays as it is", async () => {
    const parent = task({ id: "parent", run: async () => sleeper.triggerAndWait() });
    await using kit = await TriggerKit.start([parent, sleeper, double]);
    const { id } = await parent.trigger();
    await kit.engine.whenQuiet();
    expect(await runs.cancel(id)).toEqual({ id });
    const { status, relatedRuns } = await runs.retrieve(id);
    expect([status, relatedRuns.children.map((child) => child.status)]).toEqual([
      "CANCELED",
      ["CANCELED"],
    ]);
    const done = await double.trigger({ n: 1 });
    await kit.finish(done.id);
    expect(await runs.cancel(done)).toEqual({ id: done.id });
    expect((await runs.retrieve(done)).status).toBe("COMPLETED");
  });
});

describe("runs.reschedule", () => {
  test("gives a delayed run another time, and no other run", async () => {
    await using kit = await TriggerKit.start([double]);
    const from = kit.clock.now();
    const { id } = await double.trigger({ n: 1 }, { delay: "2h" });
    const moved = await runs.reschedule(id, { delay: "30m" });
    expect(moved.delayedUntil).toEqual(new Date(from + HOUR / 2));
    await kit.finish(id);
    expect(kit.clock.now() - from).toBe(HOUR / 2);
    await expect(runs.reschedule(id, { delay: "1h" })).rejects.toMatchObject({
      code: "TASK_CONFLICT",
      message: expect.stringContaining("COMPLETED") as string,
    });
    await expect(runs.reschedule(id, { delay: "soon" })).rejects.toMatchObject({
      code: "TASK_BAD_DURATION",
    });
    await expect(runs.reschedule(id, {} as never)).rejects.toMatchObject({ code: "TASK_BAD_CALL" });
  });
});

describe("runs.replay", () => {
  test("starts a run with what the other was given, and what is said anew", async () => {
    const teller = task({
      id: "teller",
      run: async (payload: { at: Date }, { ctx }) => {
        metadata.increment("count");
        await tags.add("late");
        return [payload.at.getTime(), ctx.run.isReplay, ctx.run.priority, ctx.queue.name];
      },
    });
    await using kit = await TriggerKit.start([teller]);
    const first = await teller.trigger(
      { at: new Date(5) },
      {
        tags: "early",
        metadata: { count: 5 },
        priority: 10,
        idempotencyKey: "once",
        queue: "line",
      },
    );
    expect(await kit.output(first.id)).toEqual([5, false, 10, "line"]);
    const again = await runs.replay(first);
    expect(again.id).not.toBe(first.id);
    expect(await kit.output(again.id)).toEqual([5, true, 10, "line"]);
    const { tags: labels, metadata: said } = await runs.retrieve(again.id);
    expect([labels, said]).toEqual([["early", "late"], { count: 6 }]);
    const other = await runs.replay(again.id, {
      payload: { at: new Date(7) },
      tags: ["other"],
      queue: "elsewhere",
    });
    expect(await kit.output(other.id)).toEqual([7, true, 10, "elsewhere"]);
    expect((await runs.retrieve(other.id)).tags).toEqual(["other", "late"]);
    await expect(runs.replay(first, { version: "1" } as never)).rejects.toMatchObject({
      code: "TASK_UNSUPPORTED",
    });
  });

  test("repeats runs that an event or a schedule has started, those of other idioms too", async () => {
    const seen = task({ id: "seen", on: "user/made", run: async (payload: unknown) => payload });
    const daily = schedules.task({ id: "daily", cron: "0 0 * * *", run: async (tick) => tick });
    await using kit = await TriggerKit.start([seen, daily]);
    await kit.engine.send([{ name: "user/made", data: { user: 1 } }]);
    const [byEvent] = await kit.runs("seen");
    const again = await runs.replay(byEvent!.id);
    expect(await kit.output(again.id)).toEqual({ user: 1 });
    const handler = async ({ event }: { readonly event: { readonly data: unknown } }) => event.data;
    const other = { triggers: [{ event: "user/made" }], retries: 0, backoff: () => 0, handler };
    kit.engine.register([{ id: "other", ...other }]);
    await kit.engine.send([{ name: "user/made", data: { user: 2 } }]);
    const [ofOtherIdiom] = await kit.runs("other");
    const repeated = await runs.replay(ofOtherIdiom!.id);
    expect(await kit.output(repeated.id)).toEqual({ user: 2 });
    await kit.advance(24 * HOUR);
    const [byTick] = await kit.runs("daily");
    const tick = await kit.output(byTick!.id);
    expect(tick).toMatchObject({ type: "DECLARATIVE" });
    await kit.advance(HOUR);
    expect(await kit.output((await runs.replay(byTick!.id)).id)).toEqual(tick);
  });

  test("in a task it is a step: a replay of the journal starts none", async () => {
    const repeater = task({
      id: "repeater",
      run: async (id: string) => {
        const replayed = await runs.replay(id);
        await wait.for({ hours: 1 });
        return replayed.id;
      },
    });
    // Nothing is kept in memory: after the wait, the code starts from the top.
    await using kit = await TriggerKit.start([double, repeater], { liveRuns: { maxCount: 0 } });
    const { id } = await double.trigger({ n: 1 });
    const caller = await repeater.trigger(id);
    const replayed = await kit.output(caller.id);
    expect((await kit.runs("double")).map((run) => run.id)).toEqual([id, replayed]);
    // It is no child of the task that asked for it.
    expect((await runs.retrieve(caller)).relatedRuns.children).toEqual([]);
  });
});

describe("runs.poll", () => {
  test("ends with every status that is final", async () => {
    const blocked = task({ id: "blocked", queue: { concurrencyLimit: 0 }, run: async () => {} });
    const began = new Gate();
    const stuck = task({
      id: "stuck",
      maxDuration: 5,
      run: async (_: void, { signal }) => {
        void began.pass();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    });
    await using kit = await TriggerKit.start([double, sleeper, blocked, stuck]);
    const done = await double.trigger({ n: 4 });
    expect((await runs.poll(done, { pollIntervalMs: 100 })).output).toEqual({ n: 8 });
    expect((await runs.poll(done)).status).toBe("COMPLETED");
    const waiting = await sleeper.trigger();
    const canceled = runs.poll(waiting);
    await kit.engine.whenQuiet();
    await runs.cancel(waiting);
    expect((await canceled).status).toBe("CANCELED");
    const expiring = await blocked.trigger(undefined, { ttl: 60 });
    const expired = runs.poll(expiring);
    await kit.advance(60_000);
    expect((await expired).status).toBe("EXPIRED");
    const endless = await stuck.trigger();
    const timedOut = runs.poll(endless);
    await began.reached;
    await kit.clock.advance(5_000);
    expect((await timedOut).status).toBe("TIMED_OUT");
    await expect(runs.poll(done, { pollIntervalMs: -1 })).rejects.toMatchObject({
      code: "TASK_BAD_CALL",
    });
  });
});
