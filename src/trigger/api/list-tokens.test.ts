import { expect, test } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { task, wait } from "../index.ts";

const HOUR = 3_600_000;

const anchor = task({ id: "anchor", run: async () => {} });

test("tokens are listed by status, tag, key and time, newest first", async () => {
  await using kit = await TriggerKit.start([anchor]);
  const host = kit.engine;
  const make = async (tags: readonly string[], timeoutAt?: number) =>
    (await host.stores.tokens.create({ now: kit.clock.now(), token: { tags, timeoutAt } })).id;
  const from = kit.clock.now();
  const expiring = await make(["red"], from + HOUR / 2);
  const waiting = await make(["red", "blue"]);
  await kit.advance(HOUR);
  const keyed = await wait.createToken({ timeout: "1d", idempotencyKey: "approval" });
  await wait.completeToken(keyed, { ok: true });
  const found = async (params?: Parameters<typeof wait.listTokens>[0]) => {
    const ids: string[] = [];
    for await (const { id } of wait.listTokens(params)) ids.push(id);
    return ids;
  };
  expect(await found()).toEqual([keyed.id, waiting, expiring]);
  expect(await found({ limit: 1 })).toEqual([keyed.id, waiting, expiring]);
  expect(await found({ status: "WAITING" })).toEqual([waiting]);
  expect(await found({ status: ["TIMED_OUT", "COMPLETED"] })).toEqual([keyed.id, expiring]);
  expect(await found({ tags: "red" })).toEqual([waiting, expiring]);
  expect(await found({ tags: ["blue"] })).toEqual([waiting]);
  expect(await found({ period: "30m" })).toEqual([keyed.id]);
  expect(await found({ to: from })).toEqual([waiting, expiring]);
  expect(await found({ after: waiting })).toEqual([expiring]);
  const [first] = (await wait.listTokens({ status: "COMPLETED" })).data;
  expect(first).toMatchObject({ id: keyed.id, status: "COMPLETED", output: { ok: true } });
  expect(await found({ idempotencyKey: first!.idempotencyKey })).toEqual([keyed.id]);
});

test("what cannot be asked for is refused", async () => {
  await using _ = await TriggerKit.start([anchor]);
  const refusal = (params: unknown): Promise<unknown> =>
    wait.listTokens(params as never).then(
      () => "nothing",
      (error: unknown) => error,
    );
  const bad = { code: "TASK_BAD_CALL" };
  expect(await refusal({ status: "DONE" })).toMatchObject(bad);
  expect(await refusal({ limit: 1_000 })).toMatchObject(bad);
  expect(await refusal({ period: "1d", from: 5 })).toMatchObject(bad);
  expect(await refusal({ before: "token" })).toMatchObject({ code: "TASK_UNSUPPORTED" });
});
