import { describe, expect, test } from "vitest";
import { HOUR, RunKit, type RunStoreKind, T0 } from "./kit.ts";

/** What belongs to a run goes with it. */
export function testTaskRetention({ open }: RunStoreKind): void {
  async function sweep(kit: RunKit): Promise<number> {
    const keep = { keepRunsMs: HOUR, keepRuns: 1000, keepEventsMs: HOUR };
    for (let sweeps = 1; ; sweeps++)
      if (!(await kit.store.sweep({ now: kit.now, ...keep }))) return sweeps;
  }

  describe("retention of what belongs to runs", () => {
    test("tags, metadata, logs, streams, tokens and batches go with their run", async () => {
      const kit = new RunKit(open());
      const { stores } = kit.store;
      const details = { tags: ["a"], metadata: "{}", batchId: "batch_1", parentRunId: "run_p" };
      const run = await kit.running({ details });
      const runId = run.id;
      await stores.streams.append({ now: T0, runId, stream: "s", chunks: ["1"] });
      const entries = Array.from({ length: 6_000 }, (_, at) => ({
        at,
        kind: "log" as const,
        level: "info" as const,
        message: "",
        attempt: 0,
      }));
      await stores.logs.append({ runId, entries });
      const token = await stores.tokens.create({ now: T0, token: { runId, timeoutAt: Infinity } });
      await kit.finish(run);
      await sweep(kit);
      expect((await kit.store.getRun(runId))!.details).toMatchObject(details);
      kit.now += HOUR;
      expect(await sweep(kit)).toBeGreaterThan(1);
      expect(await kit.store.getRun(runId)).toBeUndefined();
      expect(await stores.runs.list({ limit: 9, tags: ["a"] })).toEqual([]);
      expect(await stores.runs.list({ limit: 9, parentRunId: "run_p" })).toEqual([]);
      expect(await stores.metadata.get(runId)).toBeUndefined();
      expect(await stores.streams.read({ runId, stream: "s", from: 0, limit: 9 })).toMatchObject({
        chunks: [],
      });
      expect(await stores.logs.list({ runId, limit: 9 })).toEqual([]);
      expect(await stores.tokens.retrieve(token.id)).toBeUndefined();
      expect(await stores.batches.retrieve("batch_1")).toBeUndefined();
      expect(await kit.store.advance({ now: kit.now })).toBe(Infinity);
    });

    test("what was added to a run without details goes too", async () => {
      const kit = new RunKit(open());
      const { stores } = kit.store;
      const run = await kit.running();
      await stores.streams.append({ now: T0, runId: run.id, stream: "s", chunks: ["1"] });
      const idempotency = { key: "k", until: Infinity };
      const batchId = "batch_1";
      const other = await kit.running({ idempotency });
      await kit.start({ idempotency, details: { batchId } });
      for (const { key, generation } of [run, other]) await kit.finish({ ...run, key, generation });
      kit.now += HOUR;
      await sweep(kit);
      expect(await stores.streams.names(run.id)).toEqual([]);
      expect(await stores.batches.retrieve(batchId)).toBeUndefined();
    });

    test("a token that another run waits for stays", async () => {
      const kit = new RunKit(open());
      const { tokens } = kit.store.stores;
      const maker = await kit.running();
      const { id } = await tokens.create({ now: T0, token: { runId: maker.id } });
      await kit.finish(maker);
      await kit.waiting({ kind: "token", tokenId: id }, { until: Infinity });
      kit.now += HOUR;
      await sweep(kit);
      expect(await kit.store.getRun(maker.id)).toBeUndefined();
      expect(await tokens.complete({ now: kit.now, id, output: "1" })).toBe(true);
      await kit.finish(await kit.claimOne());
      await sweep(kit);
      expect(await tokens.retrieve(id)).toMatchObject({ state: "completed" });
      kit.now += HOUR;
      await sweep(kit);
      expect(await tokens.retrieve(id)).toBeUndefined();
    });

    test("tokens and batches without runs go when they are old and over", async () => {
      const kit = new RunKit(open());
      const { tokens, batches } = kit.store.stores;
      const ids: string[] = [];
      for (let n = 0; n < 300; n++)
        ids.push((await tokens.create({ now: T0, token: { tags: ["a"] } })).id);
      for (const id of ids.slice(1)) await tokens.complete({ now: T0, id, output: "1" });
      await batches.create({ now: T0, id: "batch_1", count: 5 });
      await batches.create({ now: T0 + 1, id: "batch_2", count: 5 });
      kit.now += HOUR;
      await sweep(kit);
      expect((await tokens.list({ limit: 999 })).map(({ id }) => id)).toEqual([ids[0]]);
      expect(await batches.retrieve("batch_1")).toBeUndefined();
      expect(await batches.retrieve("batch_2")).toMatchObject({ count: 5 });
    });
  });
}
