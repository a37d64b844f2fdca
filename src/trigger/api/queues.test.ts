import { expect, test } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { queue, queues, runs, task, wait } from "../index.ts";

const line = queue({ name: "line", concurrencyLimit: 2 });
const lined = task({ id: "lined", queue: line, run: async (n: number) => n });
const free = task({ id: "free", run: async () => {} });
const napping = task({ id: "napping", queue: line, run: async () => wait.for({ hours: 1 }) });

test("a queue is retrieved by its name or its task", async () => {
  await using kit = await TriggerKit.start([lined, free]);
  await kit.engine.whenQuiet();
  expect(await queues.retrieve("line")).toEqual({
    id: "line",
    name: "line",
    type: "custom",
    running: 0,
    queued: 0,
    paused: false,
    concurrencyLimit: 2,
    concurrency: { current: 2, base: 2, override: null, overriddenAt: null },
  });
  const own = await queues.retrieve({ type: "task", name: "free" });
  expect(own).toMatchObject({
    id: "task/free",
    name: "free",
    type: "task",
    concurrencyLimit: null,
  });
  expect(await queues.retrieve(own.id)).toEqual(own);
});

test("a paused queue keeps its runs in line until it is resumed", async () => {
  await using kit = await TriggerKit.start([lined]);
  expect((await queues.pause({ type: "custom", name: "line" })).paused).toBe(true);
  const { id } = await lined.trigger(1);
  await kit.engine.whenQuiet();
  expect((await runs.retrieve(id)).status).toBe("QUEUED");
  expect((await queues.retrieve("line")).queued).toBe(1);
  expect((await queues.resume("line")).paused).toBe(false);
  expect(await kit.output(id)).toBe(1);
});

test("a run that waits goes on when its queue is resumed", async () => {
  await using kit = await TriggerKit.start([napping]);
  const { id } = await napping.trigger();
  await kit.engine.whenQuiet();
  await queues.pause("line");
  await kit.advance(3_600_000);
  expect((await runs.retrieve(id)).status).toBe("QUEUED");
  await queues.resume("line");
  await kit.engine.whenQuiet();
  expect((await runs.retrieve(id)).status).toBe("COMPLETED");
});

test("a limit is overridden and reset", async () => {
  await using kit = await TriggerKit.start([lined]);
  const now = new Date(kit.clock.now());
  const stopped = await queues.overrideConcurrencyLimit("line", 0);
  expect(stopped.concurrencyLimit).toBe(0);
  expect(stopped.concurrency).toEqual({ current: 0, base: 2, override: 0, overriddenAt: now });
  const { id } = await lined.trigger(1);
  await kit.engine.whenQuiet();
  expect((await runs.retrieve(id)).status).toBe("QUEUED");
  const reset = await queues.resetConcurrencyLimit("line");
  expect(reset.concurrency).toEqual({ current: 2, base: 2, override: null, overriddenAt: null });
  expect(await kit.output(id)).toBe(1);
});

test("queues are listed by pages", async () => {
  await using kit = await TriggerKit.start([lined, free]);
  await kit.engine.whenQuiet();
  const all: string[] = [];
  for await (const { id } of queues.list({ perPage: 1 })) all.push(id);
  expect(all).toEqual(expect.arrayContaining(["line", "task/free", "task/lined"]));
  const { data, pagination } = await queues.list({ page: 2, perPage: 2 });
  expect(data.map(({ id }) => id)).toEqual(all.slice(2, 4));
  expect(pagination).toMatchObject({ currentPage: 2, count: all.length });
});

test("an unknown queue, and limits that are none, are refused", async () => {
  await using _ = await TriggerKit.start([lined]);
  for (const call of [queues.retrieve, queues.pause, queues.resume, queues.resetConcurrencyLimit])
    await expect(call("nowhere")).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  for (const limit of [-1, 1.5, Number.NaN, "5", 100_001])
    await expect(queues.overrideConcurrencyLimit("line", limit as never)).rejects.toMatchObject({
      code: "TASK_BAD_CALL",
    });
  await expect(queues.retrieve({ type: "other", name: "line" } as never)).rejects.toThrow("type");
  await expect(queues.list({ perPage: 101 })).rejects.toMatchObject({ code: "TASK_BAD_CALL" });
});
