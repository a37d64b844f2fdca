import { expect, expectTypeOf, test } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { batch, metadata, runs, tags, task, wait } from "../index.ts";
import type { RunWithData } from "./run-types.ts";

const HOUR = 3_600_000;

const steps = task({
  id: "steps",
  run: async (payload: { n: number }) => {
    metadata.set("step", 1);
    await wait.for({ hours: 1 });
    metadata.set("step", 2);
    await tags.add("half");
    await wait.for({ hours: 1 });
    return payload.n;
  },
});

/** Collects what a subscription brings, while the clock is moved. */
function follow<T>(items: AsyncIterable<T>): { readonly seen: T[]; readonly ended: Promise<void> } {
  const seen: T[] = [];
  const ended = (async () => {
    for await (const item of items) seen.push(item);
  })();
  return { seen, ended };
}

/** What a subscription brings next that fits. */
async function next<T>(items: AsyncGenerator<T>, fits: (item: T) => boolean): Promise<T> {
  for (;;) {
    const { value, done } = await items.next();
    if (done) throw new Error("the subscription has ended");
    if (fits(value)) return value;
  }
}

test("a run is followed to its end, with its metadata and tags", async () => {
  await using kit = await TriggerKit.start([steps]);
  const handle = await steps.trigger({ n: 5 });
  const subscription = runs.subscribeToRun(handle);
  expectTypeOf(subscription).toExtend<AsyncIterable<{ readonly output?: number }>>();
  const waits = (step: number) =>
    next(subscription, (run) => run.status === "WAITING" && run.metadata?.["step"] === step);
  expect(await waits(1)).toMatchObject({ payload: { n: 5 }, tags: [], isWaiting: true });
  await kit.advance(HOUR);
  expect((await waits(2)).tags).toEqual(["half"]);
  await kit.advance(HOUR);
  const over = await next(subscription, ({ isCompleted }) => isCompleted);
  expect(over).toMatchObject({ status: "COMPLETED", output: 5, metadata: { step: 2 } });
  expect((await subscription.next()).done).toBe(true);
});

test("a run that is over is shown once", async () => {
  await using kit = await TriggerKit.start([steps]);
  const handle = await steps.trigger({ n: 5 });
  await kit.finish(handle.id);
  const { seen, ended } = follow(runs.subscribeToRun(handle, { skipColumns: ["payload", "tags"] }));
  await ended;
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ id: handle.id, status: "COMPLETED", output: 5 });
  expect(seen[0]).not.toHaveProperty("payload");
  expect(seen[0]).not.toHaveProperty("tags");
});

test("without stopOnCompletion a run is followed until the signal", async () => {
  await using kit = await TriggerKit.start([steps]);
  const handle = await steps.trigger({ n: 5 });
  await kit.finish(handle.id);
  const stop = new AbortController();
  const subscription = runs.subscribeToRun(handle, {
    stopOnCompletion: false,
    signal: stop.signal,
  });
  expect((await subscription.next()).value).toMatchObject({ status: "COMPLETED" });
  const change = subscription.next();
  await kit.engine.stores.metadata.change({
    now: kit.clock.now(),
    runId: handle.id,
    changes: [{ type: "set", key: "seen", value: true }],
  });
  expect((await change).value).toMatchObject({ metadata: { seen: true, step: 2 } });
  const end = subscription.next();
  stop.abort();
  expect((await end).done).toBe(true);
});

test("runs with a tag are followed, those that come later too; of several tags a run has to have all", async () => {
  await using kit = await TriggerKit.start([steps]);
  const stop = new AbortController();
  const first = await steps.trigger({ n: 1 }, { tags: ["user", "paid"] });
  await kit.engine.whenQuiet();
  const both = follow(runs.subscribeToRunsWithTag(["user", "paid"], {}, { signal: stop.signal }));
  const one = follow(
    runs.subscribeToRunsWithTag("user", { createdAt: "1h" }, { signal: stop.signal }),
  );
  const second = await steps.trigger({ n: 2 }, { tags: "user" });
  await steps.trigger({ n: 3 }, { tags: "other" });
  await kit.advance(HOUR);
  await kit.advance(HOUR);
  await Promise.all([kit.finish(first.id), kit.finish(second.id)]);
  const last = (seen: readonly RunWithData[]) =>
    Object.fromEntries(seen.map(({ id, status }) => [id, status]));
  await expect
    .poll(() => last(one.seen))
    .toEqual({
      [first.id]: "COMPLETED",
      [second.id]: "COMPLETED",
    });
  await expect.poll(() => last(both.seen)).toEqual({ [first.id]: "COMPLETED" });
  stop.abort();
  await Promise.all([one.ended, both.ended]);
});

test("old runs with a tag are left out, and more than a week is refused", async () => {
  await using kit = await TriggerKit.start([steps]);
  const old = await steps.trigger({ n: 1 }, { tags: "user" });
  await kit.finish(old.id);
  await kit.advance(23 * HOUR);
  const recent = await steps.trigger({ n: 2 }, { tags: "user" });
  const found = runs.subscribeToRunsWithTag("user");
  expect((await found.next()).value?.id).toBe(recent.id);
  await found.return();
  const all = runs.subscribeToRunsWithTag("user", { createdAt: "7d" });
  expect((await all.next()).value?.id).toBe(old.id);
  await all.return();
  await expect(
    runs.subscribeToRunsWithTag("user", { createdAt: "8d" }).next(),
  ).rejects.toMatchObject({ code: "TASK_BAD_CALL" });
});

test("a batch is followed and retrieved", async () => {
  await using kit = await TriggerKit.start([steps]);
  const failing = task({
    id: "failing",
    run: async () => {
      throw new Error("no");
    },
  });
  kit.add(failing);
  const handle = await batch.triggerByTask([
    { task: steps, payload: { n: 1 } },
    { task: failing, payload: undefined },
  ]);
  await kit.engine.whenQuiet();
  const ids = handle.map(({ id }) => id);
  expect(await batch.retrieve(handle.batchId)).toMatchObject({
    id: handle.batchId,
    status: "PENDING",
    runCount: 2,
    runs: ids,
    successfulRunCount: 0,
    failedRunCount: 1,
  });
  const stop = new AbortController();
  const { seen, ended } = follow(runs.subscribeToBatch(handle, { signal: stop.signal }));
  await kit.advance(2 * HOUR);
  await expect
    .poll(() => Object.fromEntries(seen.map(({ id, status }) => [id, status])))
    .toEqual({ [ids[0]!]: "COMPLETED", [ids[1]!]: "FAILED" });
  stop.abort();
  await ended;
  expect(await batch.retrieve(handle)).toMatchObject({
    status: "COMPLETED",
    successfulRunCount: 1,
    completedAt: new Date(kit.clock.now()),
  });
});
