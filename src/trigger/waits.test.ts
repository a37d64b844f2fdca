import { expect, test, vi } from "vitest";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import { idempotencyKeys, task, wait, WaitpointTimeoutError } from "./index.ts";

const HOUR = 3_600_000;

test("waits side by side take as long as the longest", async () => {
  const waiter = task({
    id: "waiter",
    run: async () => {
      const order: string[] = [];
      const one = async (hours: number) => {
        await wait.for({ hours });
        order.push(`${hours}h`);
      };
      await Promise.all([one(3), one(1), one(2)]);
      return order;
    },
  });
  await using kit = await TriggerKit.start([waiter]);
  const from = kit.clock.now();
  const { id } = await waiter.trigger();
  expect(await kit.output(id)).toEqual(["1h", "2h", "3h"]);
  expect(kit.clock.now() - from).toBe(3 * HOUR);
});

test("a run that waits is stored as waiting, and its code is not called again", async () => {
  const called = vi.fn<() => void>();
  const waiter = task({
    id: "waiter",
    run: async () => {
      called();
      await wait.for({ days: 1 });
      return "done";
    },
  });
  await using kit = await TriggerKit.start([waiter]);
  const { id } = await waiter.trigger();
  expect((await kit.run(id)).state).toBe("waiting");
  expect(await kit.output(id)).toBe("done");
  expect(called).toHaveBeenCalledOnce();
});

test("wait.until waits for a date, and one in the past is no wait unless that is refused", async () => {
  const waiter = task({
    id: "waiter",
    retry: { maxAttempts: 3 },
    run: async ({ date, strict }: { date: Date; strict: boolean }) =>
      wait.until({ date, throwIfInThePast: strict }),
  });
  await using kit = await TriggerKit.start([waiter]);
  const from = kit.clock.now();
  const later = await waiter.trigger({ date: new Date(from + HOUR), strict: true });
  await kit.output(later.id);
  expect(kit.clock.now() - from).toBe(HOUR);
  const past = await waiter.trigger({ date: new Date(from), strict: false });
  await kit.output(past.id);
  expect(kit.clock.now() - from).toBe(HOUR);
  const refused = await waiter.trigger({ date: new Date(from), strict: true });
  const run = await kit.finish(refused.id);
  expect(run).toMatchObject({ state: "failed", error: { code: "TASK_IN_THE_PAST" } });
  const broken = await waiter.trigger({ date: new Date("never"), strict: false });
  expect((await kit.finish(broken.id)).error).toMatchObject({ code: "TASK_BAD_DURATION" });
});

test("a malformed length fails the run, outside of a task the call itself", async () => {
  const waiter = task({ id: "waiter", run: async () => wait.for({ seconds: -1 }) });
  await using kit = await TriggerKit.start([waiter]);
  const { id } = await waiter.trigger();
  expect((await kit.finish(id)).error).toMatchObject({ code: "TASK_BAD_DURATION" });
  await expect(wait.for({ seconds: 1 })).rejects.toMatchObject({ code: "TASK_NOT_IN_TASK" });
});

test("hooks are told of waits longer than five seconds, and may be what they wait for", async () => {
  const told: string[] = [];
  const child = task({ id: "child", run: async (n: number) => n });
  const waiter = task({
    id: "waiter",
    onWait: ({ wait }) => told.push(`wait ${wait.type}`),
    onResume: ({ wait }) => told.push(`resume ${wait.type}`),
    run: async () => {
      await wait.for({ seconds: 5 });
      await wait.for({ seconds: 6 });
      await child.triggerAndWait(1);
      await child.batchTriggerAndWait([{ payload: 2 }, { payload: 3 }]);
      const token = await wait.createToken();
      await wait.completeToken(token, "yes");
      await wait.forToken(token);
    },
  });
  await using kit = await TriggerKit.start([child, waiter]);
  const { id } = await waiter.trigger();
  await kit.output(id);
  const kinds = ["duration", "task", "batch", "token"];
  expect(told).toEqual(kinds.flatMap((kind) => [`wait ${kind}`, `resume ${kind}`]));
});

test("onWait is told the id of the child, and how many runs a batch has", async () => {
  const waits: unknown[] = [];
  const child = task({ id: "child", run: async (n: number) => n });
  const waiter = task({
    id: "waiter",
    onWait: (params) => waits.push(params.wait),
    run: async () => {
      const result = await child.triggerAndWait(1);
      await child.batchTriggerAndWait([{ payload: 2 }]);
      return result.id;
    },
  });
  await using kit = await TriggerKit.start([child, waiter]);
  const { id } = await waiter.trigger();
  const childId = await kit.output(id);
  expect(waits).toEqual([
    { type: "task", runId: childId },
    { type: "batch", batchId: expect.stringMatching(/^batch_/) as string, runCount: 1 },
  ]);
});

test("an attempt waits again, but not with an idempotency key", async () => {
  const attempt = (key?: string) =>
    task({
      id: `retried-${key ?? "plain"}`,
      retry: { maxAttempts: 2, minTimeoutInMs: 0, randomize: false },
      run: async (_: string, { ctx }) => {
        await wait.for({ hours: 1, idempotencyKey: key });
        if (ctx.attempt.number === 1) throw new Error("again");
      },
    });
  const [plain, keyed] = [attempt(), attempt("once")];
  await using kit = await TriggerKit.start([plain, keyed]);
  const from = kit.clock.now();
  await kit.output((await plain.trigger("x")).id);
  expect(kit.clock.now() - from).toBe(2 * HOUR);
  await kit.output((await keyed.trigger("x")).id);
  expect(kit.clock.now() - from).toBe(3 * HOUR);
});

test("a global key makes runs wait for the same moment", async () => {
  const waiter = task({
    id: "waiter",
    run: async () => {
      const idempotencyKey = await idempotencyKeys.create("opening", { scope: "global" });
      await wait.for({ hours: 1, idempotencyKey });
    },
  });
  await using kit = await TriggerKit.start([waiter]);
  const first = await waiter.trigger();
  await kit.advance(HOUR / 2);
  const second = await waiter.trigger();
  await kit.advance(HOUR / 2);
  expect((await kit.run(first.id)).state).toBe("completed");
  expect((await kit.run(second.id)).state).toBe("completed");
});

test("a token is completed once, with rich data, before or after somebody waits", async () => {
  const waiter = task({
    id: "waiter",
    run: async (token: string) => {
      const result = await wait.forToken<{ at: Date }>(token);
      return result;
    },
  });
  await using kit = await TriggerKit.start([waiter]);
  const token = await wait.createToken({ timeout: "1h", tags: ["review"] });
  const { id } = await waiter.trigger(token.id);
  expect((await kit.run(id)).state).toBe("waiting");
  expect(await wait.completeToken(token, { at: new Date(7) })).toEqual({ success: true });
  expect(await kit.output(id)).toEqual({ ok: true, output: { at: new Date(7) } });
  const late = await waiter.trigger(token.id);
  expect(await kit.output(late.id)).toEqual({ ok: true, output: { at: new Date(7) } });
  await expect(wait.completeToken(token, "again")).rejects.toMatchObject({
    code: "TASK_TOKEN_ENDED",
  });
  await expect(wait.completeToken("waitpoint_none")).rejects.toMatchObject({
    code: "RUNS_UNKNOWN_TOKEN",
  });
  expect(await wait.retrieveToken(token)).toMatchObject({
    status: "COMPLETED",
    output: { at: new Date(7) },
    tags: ["review"],
  });
});

test("a token that nobody completes times out, ten minutes unless said otherwise", async () => {
  const waiter = task({
    id: "waiter",
    run: async () => {
      const token = await wait.createToken();
      const result = await wait.forToken(token);
      const failure = await wait
        .forToken(token)
        .unwrap()
        .catch((error: unknown) => error);
      return [result.ok, failure instanceof WaitpointTimeoutError, token.id];
    },
  });
  await using kit = await TriggerKit.start([waiter]);
  const from = kit.clock.now();
  const { id } = await waiter.trigger();
  const [isOk, isTimeout, tokenId] = (await kit.output(id)) as [boolean, boolean, string];
  expect([isOk, isTimeout]).toEqual([false, true]);
  expect(kit.clock.now() - from).toBe(600_000);
  await expect(wait.completeToken(tokenId, 1)).rejects.toMatchObject({ code: "TASK_TOKEN_ENDED" });
  expect(await wait.retrieveToken(tokenId)).toMatchObject({ status: "TIMED_OUT" });
});

test("the same key gives the same token", async () => {
  await using kit = await TriggerKit.start([task({ id: "any", run: async () => {} })]);
  const first = await wait.createToken({ idempotencyKey: "order 1" });
  const second = await wait.createToken({ idempotencyKey: "order 1" });
  expect(second).toEqual({ ...first, isCached: true });
  await kit.advance(2 * HOUR);
  expect((await wait.createToken({ idempotencyKey: "order 1" })).id).not.toBe(first.id);
});

test("waiting for a token that is none fails the run", async () => {
  const waiter = task({ id: "waiter", run: async () => wait.forToken("waitpoint_none") });
  await using kit = await TriggerKit.start([waiter]);
  const { id } = await waiter.trigger();
  expect((await kit.finish(id)).error).toMatchObject({ code: "RUNS_UNKNOWN_TOKEN" });
});
