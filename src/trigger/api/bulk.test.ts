import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { runs, task, wait } from "../index.ts";

const sleeper = task({ id: "sleeper", run: async (hours: number) => wait.for({ hours }) });
const double = task({ id: "double", run: async (n: number) => n * 2 });

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ payload: n + 1 }));

test("cancels all runs of a filter, over more than one page, and none that come later", async () => {
  await using kit = await TriggerKit.start([sleeper, double]);
  await sleeper.batchTrigger(numbers(250));
  await double.trigger(1);
  await kit.engine.whenQuiet();
  const { id } = await runs.bulk.cancel({
    filter: { status: ["WAITING"] },
    name: "stop all",
  });
  const later = await sleeper.trigger(1);
  await kit.engine.whenQuiet();
  const action = await runs.bulk.retrieve(id);
  expect(action).toMatchObject({
    id,
    name: "stop all",
    type: "CANCEL",
    status: "COMPLETED",
    counts: { total: 250, success: 250, failure: 0 },
  });
  expect((await runs.retrieve(later)).status).toBe("WAITING");
  expect(await runs.bulk.poll(id)).toEqual(action);
  const canceled = await kit.runs("sleeper");
  expect(canceled.filter(({ state }) => state === "canceled")).toHaveLength(250);
});

test("repeats each run of a list once, and counts what it could not repeat", async () => {
  await using kit = await TriggerKit.start([double]);
  const first = await double.trigger(4);
  const second = await double.trigger(5);
  await kit.engine.whenQuiet();
  const { id } = await runs.bulk.replay({ runIds: [first.id, second.id, first.id, "run_gone"] });
  await kit.engine.whenQuiet();
  expect((await runs.bulk.retrieve(id)).counts).toEqual({ total: 3, success: 2, failure: 1 });
  const made = await kit.runs("double");
  expect(made.slice(2).map(({ details }) => details?.replayOf)).toEqual([first.id, second.id]);
});

test("with a filter of everything it does nothing to itself, and is in no list of runs", async () => {
  await using kit = await TriggerKit.start([double]);
  await double.trigger(1);
  await kit.engine.whenQuiet();
  const { id } = await runs.bulk.replay({ filter: {} });
  await kit.engine.whenQuiet();
  expect((await runs.bulk.retrieve(id)).counts).toEqual({ total: 1, success: 1, failure: 0 });
  const { data } = await runs.list();
  expect(data.map(({ taskIdentifier }) => taskIdentifier)).toEqual(["double", "double"]);
});

test("is done once somebody executes tasks, and can be aborted before", async () => {
  const kit = TriggerKit.open([sleeper]);
  await using _ = kit;
  await sleeper.trigger(1);
  const first = await runs.bulk.cancel({ filter: {} });
  const second = await runs.bulk.cancel({ filter: {} });
  expect(await runs.bulk.retrieve(first)).toMatchObject({ status: "PENDING" });
  expect(await runs.bulk.abort(first.id)).toEqual({ id: first.id });
  await kit.engine.start();
  await kit.engine.whenQuiet();
  expect(await runs.bulk.retrieve(first.id)).toMatchObject({
    status: "ABORTED",
    counts: { total: 0, success: 0, failure: 0 },
  });
  const page = await runs.bulk.list({ limit: 1 });
  expect(page.data).toMatchObject([{ id: second.id, status: "COMPLETED" }]);
  expect((await page.getNextPage()).data.map(({ id }) => id)).toEqual([first.id]);
});

test("is done by another process, over a restart", async () => {
  const path = join(tempFolder(), "runs.db");
  let id: string;
  {
    await using _ = TriggerKit.open([double], { path });
    await double.batchTrigger(numbers(3));
    ({ id } = await runs.bulk.cancel({ filter: { taskIdentifier: "double" } }));
  }
  // It has no use for the task, nor has it called for anything in bulk.
  await using kit = await TriggerKit.start([sleeper], { path });
  await kit.engine.whenQuiet();
  expect(await runs.bulk.retrieve(id)).toMatchObject({
    status: "COMPLETED",
    counts: { total: 3, success: 3, failure: 0 },
  });
});

test("refuses what it cannot do", async () => {
  await using _ = await TriggerKit.start([double]);
  const bad = { code: "TASK_BAD_CALL" };
  await expect(runs.bulk.cancel({})).rejects.toMatchObject(bad);
  await expect(runs.bulk.cancel({ runIds: ["a"], filter: {} })).rejects.toMatchObject(bad);
  await expect(runs.bulk.cancel({ runIds: [1 as never] })).rejects.toMatchObject(bad);
  await expect(runs.bulk.replay({ filter: { limit: 5 } as never })).rejects.toMatchObject(bad);
  await expect(runs.bulk.replay({ filter: {}, targetRegion: "eu" } as never)).rejects.toMatchObject(
    { code: "TASK_UNSUPPORTED" },
  );
  const { id } = await double.trigger(1);
  for (const call of [runs.bulk.retrieve, runs.bulk.abort, runs.bulk.poll])
    await expect(call(id)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
});
