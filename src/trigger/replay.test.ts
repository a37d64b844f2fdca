import { expect, test, vi } from "vitest";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import { logger, metadata, step, task, wait } from "./index.ts";

/** No run stays in memory: after each wait the code runs again from the top, as after a crash. */
const EVICTED = { liveRuns: { maxCount: 0 } };

const HOUR = 3_600_000;

test("steps, waits, children and tokens are not done again; other code is", async () => {
  const plain = vi.fn<() => void>();
  const charged = vi.fn<() => void>();
  const child = task({
    id: "child",
    run: async (n: number) => {
      await wait.for({ hours: n });
      return n * 2;
    },
  });
  const parent = task({
    id: "parent",
    run: async () => {
      plain();
      const charge = await step.run("charge", () => {
        charged();
        return { at: new Date(0) };
      });
      await wait.for({ days: 1 });
      const one = await child.triggerAndWait(1).unwrap();
      const { runs } = await child.batchTriggerAndWait([{ payload: 2 }, { payload: 3 }]);
      const { id } = await child.trigger(4);
      const token = await wait.createToken({ timeout: "1h" });
      const result = await wait.forToken(token);
      return { charge, one, many: runs.map((run) => run.ok && run.output), id, result };
    },
  });
  await using kit = await TriggerKit.start([child, parent], EVICTED);
  const { id } = await parent.trigger();
  const tokens = kit.engine.stores.tokens;
  await kit.advance(24 * HOUR + 4 * HOUR);
  const [token, ...others] = await tokens.list({ limit: 10 });
  expect(others).toEqual([]);
  await wait.completeToken(token!.id, "approved");
  expect(await kit.output(id)).toMatchObject({
    charge: { at: new Date(0) },
    one: 2,
    many: [4, 6],
    result: { ok: true, output: "approved" },
  });
  expect(charged).toHaveBeenCalledOnce();
  expect(plain.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(await kit.runs("child")).toHaveLength(4);
});

test("children side by side get their own results, whatever the order of the calls in the replay", async () => {
  let isFirst = true;
  const square = task({
    id: "square",
    run: async (n: number) => {
      await wait.for({ minutes: n });
      return n * n;
    },
  });
  const parent = task({
    id: "parent",
    run: async () => {
      const numbers = isFirst ? [5, 6, 7, 8] : [8, 6, 7, 5];
      isFirst = false;
      const all = await Promise.all(
        numbers.map(async (n) => [n, await square.triggerAndWait(n).unwrap()]),
      );
      return Object.fromEntries(all) as Record<number, number>;
    },
  });
  await using kit = await TriggerKit.start([square, parent], EVICTED);
  const { id } = await parent.trigger();
  expect(await kit.output(id)).toEqual({ 5: 25, 6: 36, 7: 49, 8: 64 });
  expect(await kit.runs("square")).toHaveLength(4);
});

test("a date that is counted from now is the same in a replay", async () => {
  const waiter = task({
    id: "waiter",
    run: async (_: void, { ctx }) => {
      void ctx;
      await wait.until({ date: new Date(kit.clock.now() + HOUR) });
      await wait.for({ hours: 1 });
    },
  });
  await using kit = await TriggerKit.start([waiter], EVICTED);
  const from = kit.clock.now();
  const { id } = await waiter.trigger();
  await kit.output(id);
  expect(kit.clock.now() - from).toBe(2 * HOUR);
});

test("logs and metadata of the code that runs again are not written twice", async () => {
  const teller = task({
    id: "teller",
    run: async () => {
      for (let n = 1; n <= 3; n++) {
        logger.info(`step ${n}`);
        metadata.increment("steps").append("done", n);
        await wait.for({ hours: 1 });
      }
      metadata.set("last", true);
      return metadata.current();
    },
  });
  await using kit = await TriggerKit.start([teller], EVICTED);
  const { id } = await teller.trigger();
  const expected = { steps: 3, done: [1, 2, 3], last: true };
  expect(await kit.output(id)).toEqual(expected);
  expect(JSON.parse((await kit.engine.stores.metadata.get(id))!)).toEqual(expected);
  const lines = await kit.engine.stores.logs.list({ runId: id, limit: 100 });
  expect(lines.map(({ message }) => message)).toEqual(["step 1", "step 2", "step 3"]);
});

test("a later attempt keeps what steps came to, and waits and triggers anew", async () => {
  const charged = vi.fn<() => number>(() => 7);
  const child = task({ id: "child", run: async () => "child" });
  const flaky = task({
    id: "flaky",
    retry: { maxAttempts: 2, minTimeoutInMs: 0, randomize: false },
    run: async (_: void, { ctx }) => {
      const charge = await step.run("charge", charged);
      await wait.for({ hours: 1 });
      await child.triggerAndWait();
      if (ctx.attempt.number === 1) throw new Error("again");
      return charge;
    },
  });
  for (const options of [{}, EVICTED]) {
    charged.mockClear();
    await using kit = await TriggerKit.start([child, flaky], options);
    const from = kit.clock.now();
    const { id } = await flaky.trigger();
    expect(await kit.output(id)).toBe(7);
    expect(kit.clock.now() - from).toBe(2 * HOUR);
    expect(charged).toHaveBeenCalledOnce();
    expect(await kit.runs("child")).toHaveLength(2);
  }
});

test("a step that throws fails the attempt, and is tried again by the next", async () => {
  let tries = 0;
  const flaky = task({
    id: "flaky",
    retry: { maxAttempts: 3, minTimeoutInMs: 0, randomize: false },
    run: async () =>
      step.run("try", () => {
        if (++tries < 3) throw new RangeError(`try ${tries}`);
        return tries;
      }),
  });
  await using kit = await TriggerKit.start([flaky]);
  const { id } = await flaky.trigger();
  expect(await kit.output(id)).toBe(3);
});

test("a step with tries of its own, and its error for who catches it", async () => {
  const tries = vi.fn<() => never>(() => {
    throw new RangeError("never");
  });
  const catcher = task({
    id: "catcher",
    run: async () =>
      step
        .run("try", tries, { retry: { maxAttempts: 3, minTimeoutInMs: 1_000, randomize: false } })
        .catch((error: unknown) => String(error)),
  });
  await using kit = await TriggerKit.start([catcher]);
  const from = kit.clock.now();
  const { id } = await catcher.trigger();
  expect(await kit.output(id)).toBe("RangeError: never");
  expect(tries).toHaveBeenCalledTimes(3);
  expect(kit.clock.now() - from).toBe(3_000);
});

test("inside of a step there are no waits, but tasks may be triggered", async () => {
  const child = task({ id: "child", run: async (n: number) => n });
  const parent = task({
    id: "parent",
    run: async () => {
      const { id } = await step.run("start", () => child.trigger(1));
      const refusal = await step
        .run("wait", () => wait.for({ seconds: 1 }))
        .catch((error: Error & { code?: string }) => error.code);
      return [id, refusal];
    },
  });
  await using kit = await TriggerKit.start([child, parent]);
  const { id } = await parent.trigger();
  const [run] = await kit.runs("child");
  expect(await kit.output(id)).toEqual([run!.id, "TASK_NOT_IN_TASK"]);
  expect(run!.details).toMatchObject({ parentRunId: id });
});
