import { queueSlot } from "../../../src/runs/store/queue-store.ts";
import { done, HOUR, pending, type RunKit, T0 } from "./kit.ts";

/** Calls everything that tasks need of a store: for those who look at how it is done. */
export async function useTaskStores(kit: RunKit): Promise<void> {
  const { store } = kit;
  const { stores } = store;
  await useStarts(kit);
  const details = {
    tags: ["a"],
    metadata: "{}",
    batchId: "batch",
    scheduleId: "sched",
    parentRunId: "run_p",
  };
  const idempotency = { key: "task", until: T0 + HOUR, clearedByFailure: true };
  const run = await kit.running({ functionId: "task", details, idempotency });
  const runId = run.id;
  await stores.tags.add({ now: T0, runId, tags: ["b"] });
  for (const target of ["self", "parent", "root"] as const)
    await stores.metadata.change({
      now: T0,
      runId,
      target,
      changes: [{ type: "set", key: "a", value: 1 }],
    });
  await stores.metadata.get(runId);
  await stores.streams.append({ now: T0, runId, stream: "s", chunks: ["1"] });
  await stores.streams.read({ runId, stream: "s", from: 0, limit: 1 });
  await stores.streams.names(runId);
  await stores.streams.close({ now: T0, runId, stream: "s" });
  const entry = { at: T0, kind: "log", level: "info", message: "", attempt: 0 } as const;
  await stores.logs.append({ runId, entries: [entry] });
  await stores.logs.list({ runId, limit: 1 });
  await useTokens(kit, runId);
  await stores.batches.create({
    now: T0,
    id: "empty",
    count: 1,
    idempotency: { key: "k", until: T0 },
  });
  await stores.batches.retrieve("batch");
  await useQueues(kit);
  await useSchedules(kit);
  await useLists(kit);
  const watched = stores.runs.watchRun(runId)[Symbol.asyncIterator]();
  await watched.next();
  await watched.return!();
  await kit.fail(run);
}

async function useStarts(kit: RunKit): Promise<void> {
  const { starts } = kit.store.stores;
  for (const mode of ["leading", "trailing"] as const)
    for (let n = 0; n < 3; n++, kit.now += 5)
      await kit.start({
        functionId: "debounced",
        debounce: { key: mode, periodMs: 9, maxDelayMs: 12, mode },
        details: { tags: [`${n}`] },
        idempotency: { key: `${mode}${n}`, until: T0 + HOUR, clearedByFailure: true },
      });
  const runId = await kit.started({ notBefore: T0 + HOUR });
  await starts.reschedule({ now: T0, runId, notBefore: T0 + 2 * HOUR });
  await starts.resetIdempotency({ now: T0, functionId: "debounced", key: "x" });
  await kit.store.cancel({ now: T0, runId, reason: "" });
  const parent = await kit.running({ functionId: "parent" });
  const start = (): ReturnType<RunKit["request"]> => kit.request({ functionId: "child" });
  const withArgs = { entry: { ...done("a").entry, args: "hash" } };
  const start1 = {
    ...done("start", undefined, "start"),
    effect: { kind: "start", starts: [start()] },
  } as const;
  const forChildren = { kind: "children", starts: [start(), start()] } as const;
  const forRuns = { kind: "runs", runIds: [start1.effect.starts[0].runId] } as const;
  await kit.append(parent, [
    withArgs,
    start1,
    pending("children", T0, Infinity, forChildren),
    pending("runs", T0, Infinity, forRuns),
  ]);
  for (const child of await kit.claim(9, ["child"])) await kit.finish(child);
  await kit.append(parent, [done("runs", "[]", "child")]);
  await kit.suspend(parent, { dueAt: kit.now });
  await kit.store.stillWaiting([{ run: parent.key, generation: 1 }]);
  const params = { now: kit.now, functionIds: ["parent"], limit: 1, leaseMs: HOUR };
  const [again] = await kit.store.claim({ ...params, isParked: () => true });
  await kit.finish(again!);
}

async function useTokens(kit: RunKit, runId: string): Promise<void> {
  const { tokens } = kit.store.stores;
  const idempotency = { key: "k", until: T0 + HOUR };
  const { id } = await tokens.create({ now: T0, token: { runId, idempotency } });
  await tokens.create({ now: T0, token: { timeoutAt: T0 + 1, idempotency } });
  await tokens.create({ now: T0, token: { timeoutAt: T0 + 1 } });
  const waiting = await kit.waiting({ kind: "token", tokenId: id }, { functionId: "waits" });
  await tokens.complete({ now: T0, id, output: "1" });
  await tokens.list({ limit: 9, after: id });
  await kit.store.cancel({ now: T0, runId: waiting.id, reason: "" });
}

async function useQueues(kit: RunKit): Promise<void> {
  const { queues } = kit.store.stores;
  const name = "mail";
  await queues.declare({ now: T0, queues: [{ name, limit: 1 }] });
  for (const key of ["a", "a", "b"])
    await kit.started({ functionId: "mail", slots: [queueSlot(name, 1, key)] });
  await queues.setPaused({ now: T0, name, isPaused: true });
  await kit.claim(9, ["mail"]);
  await queues.setPaused({ now: T0, name, isPaused: false });
  await queues.override({ now: T0, name, limit: 5 });
  await queues.override({ now: T0, name: "task/mail", limit: 1 });
  await queues.list({ limit: 9 });
  for (const run of await kit.claim(9, ["mail"])) await kit.finish(run);
}

async function useSchedules(kit: RunKit): Promise<void> {
  const { schedules } = kit.store.stores;
  const now = T0;
  const id = "sched";
  const schedule = { functionId: "fn", cron: "* * * * *", timeZone: "UTC", nextAt: T0 };
  for (let n = 0; n < 2; n++)
    await schedules.create({ now, id, deduplicationKey: "key", schedule });
  schedules.serve(["fn"]);
  await kit.store.advance({ now });
  await schedules.due({ now });
  await schedules.tick({ now, id, at: T0, nextAt: T0 + HOUR, start: kit.request() });
  await schedules.setActive({ now, id, nextAt: undefined });
  await schedules.list({ limit: 1 });
  await schedules.delete(id);
}

async function useLists(kit: RunKit): Promise<void> {
  const { runs } = kit.store.stores;
  const filters = [
    { parentRunId: "run_p" },
    { rootRunId: "run_p" },
    { scheduleId: "sched" },
    { batchId: "batch" },
    { tags: ["a", "b"] },
    { functionIds: ["fn", "task"] },
    { from: T0, to: T0 + HOUR },
  ];
  for (const filter of filters)
    for (const cursor of [{}, { before: "run_0" }, { after: "run_x" }])
      await runs.list({ limit: 2, ...filter, ...cursor });
}
