import { describe, expect, test } from "vitest";
import type { MetadataChange, MetadataTarget } from "../../../src/runs/store/metadata-store.ts";
import type { RunRecord } from "../../../src/runs/store/run-store.ts";
import { HOUR, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

/** The next thing that is said; fails if nothing more is. */
async function next<T>(watched: AsyncIterator<T>): Promise<T> {
  const { value, done } = await watched.next();
  expect(done).toBe(false);
  return value as T;
}

const isOver = async (watched: AsyncIterator<unknown>): Promise<boolean> =>
  (await watched.next()).done === true;

const watching = <T>(watched: AsyncIterable<T>): AsyncIterator<T> =>
  watched[Symbol.asyncIterator]();

/** What people see of runs: tags, metadata, lists, changes as they come. */
export function testTaskRecords({ open, openTwo }: RunStoreKind): void {
  describe("tags", () => {
    const add = (kit: RunKit, runId: string, tags: string[]) =>
      kit.store.stores.tags.add({ now: kit.now, runId, tags });

    test("are added to those of the start, each once", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started({ details: { tags: ["a"] } });
      expect(await add(kit, runId, ["b", "a", "b"])).toEqual(["a", "b"]);
      expect((await kit.store.getRun(runId))!.details!.tags).toEqual(["a", "b"]);
      expect(await add(kit, "run_x", ["a"])).toBeUndefined();
    });

    test("are at most ten, none added if they would be more", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const nine = Array.from({ length: 9 }, (_, n) => `t${n}`);
      await add(kit, runId, nine);
      await expect(add(kit, runId, ["x", "y"])).rejects.toMatchObject({ code: "RUNS_TOO_LARGE" });
      await expect(add(kit, runId, ["x".repeat(129)])).rejects.toMatchObject({
        code: "RUNS_TOO_LARGE",
      });
      expect(await add(kit, runId, ["x"])).toEqual([...nine, "x"]);
      expect(await add(kit, runId, ["x", "t1"])).toHaveLength(10);
    });
  });

  describe("metadata", () => {
    const change = async (
      kit: RunKit,
      runId: string,
      changes: readonly MetadataChange[],
      target?: MetadataTarget,
    ) => {
      const params = { now: kit.now, runId, changes, target };
      const text = await kit.store.stores.metadata.change(params);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    };

    test("is changed in order, and read back", async () => {
      const kit = new RunKit(open());
      const { metadata } = kit.store.stores;
      const runId = await kit.started({ details: { metadata: '{"n":1}' } });
      const changed = await change(kit, runId, [
        { type: "increment", key: "n", value: 2 },
        { type: "set", key: "$.steps[0].name", value: "load" },
        { type: "append", key: "log", value: "a" },
        { type: "append", key: "log", value: "b" },
        { type: "remove", key: "log", value: "a" },
      ]);
      expect(changed).toEqual({ n: 3, steps: [{ name: "load" }], log: ["b"] });
      expect(JSON.parse((await metadata.get(runId))!)).toEqual(changed);
      expect(JSON.parse((await kit.store.getRun(runId))!.details!.metadata!)).toEqual(changed);
    });

    test("of parent and root is changed by their children", async () => {
      const kit = new RunKit(open());
      const { metadata } = kit.store.stores;
      const root = await kit.started();
      const parent = await kit.started({ details: { parentRunId: root } });
      const child = await kit.started({ details: { parentRunId: parent } });
      const one = [{ type: "increment", key: "done", value: 1 }] as const;
      for (const target of ["self", "parent", "root", "root"] as const)
        await change(kit, child, one, target);
      await change(kit, root, one, "parent");
      const read = await Promise.all([root, parent, child].map((id) => metadata.get(id)));
      expect(read).toEqual(['{"done":3}', '{"done":1}', '{"done":1}']);
    });

    test("of runs that are not there is not", async () => {
      const kit = new RunKit(open());
      const orphan = await kit.started({ details: { parentRunId: "run_x" } });
      const set = [{ type: "set", key: "a", value: 1 }] as const;
      expect(await change(kit, orphan, set, "parent")).toBeUndefined();
      expect(await change(kit, "run_x", set)).toBeUndefined();
      expect(await kit.store.stores.metadata.get(orphan)).toBeUndefined();
    });

    test("of two writers at once keeps both changes", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const one = [{ type: "increment", key: "n", value: 1 }] as const;
      await Promise.all(Array.from({ length: 20 }, () => change(kit, runId, one)));
      expect(await kit.store.stores.metadata.get(runId)).toBe('{"n":20}');
    });

    test("is at most 256 KiB, and stays what it was if it would be more", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started({ details: { metadata: '{"a":1}' } });
      const large = [{ type: "set", key: "b", value: "x".repeat(256 * 1024) }] as const;
      await expect(change(kit, runId, large)).rejects.toMatchObject({ code: "RUNS_TOO_LARGE" });
      const strange = [{ type: "set", key: "b", value: 1n }] as const;
      await expect(change(kit, runId, strange)).rejects.toMatchObject({ code: "RUNS_NOT_JSON" });
      expect(await kit.store.stores.metadata.get(runId)).toBe('{"a":1}');
    });
  });

  describe("lists of runs", () => {
    /** Forty runs of two functions, with details by their number; newest first. */
    async function forty(kit: RunKit): Promise<string[]> {
      const ids: string[] = [];
      for (let n = 0; n < 40; n++, kit.now += SECOND) {
        const details = {
          tags: [`t${n % 3}`, ...(n % 2 ? ["odd"] : [])],
          batchId: n < 10 ? "batch_1" : undefined,
          scheduleId: n % 10 === 0 ? "sched_1" : undefined,
          parentRunId: n > 30 ? "run_parent" : undefined,
          rootRunId: n > 20 ? "run_root" : undefined,
          queue: n % 4 === 0 ? "mail" : undefined,
          isTest: n % 5 === 0 ? true : undefined,
        };
        const functionId = n % 2 ? "odd" : "even";
        ids.unshift(await kit.started({ functionId, details: n === 39 ? undefined : details }));
      }
      return ids;
    }

    test("give those that all filters fit, newest first", async () => {
      const kit = new RunKit(open());
      const ids = await forty(kit);
      for (const run of await kit.claim(3, ["even"])) await kit.finish(run);
      const list = async (filter: object) =>
        (await kit.store.stores.runs.list({ limit: 99, ...filter })).map(
          ({ id }) => 39 - ids.indexOf(id),
        );
      const those = (fits: (n: number) => boolean) =>
        [...Array(40).keys()].filter(fits).toReversed();
      const isTagged = (n: number) => n !== 39;
      expect(await list({})).toEqual(those(() => true));
      expect(await list({ states: ["completed"] })).toEqual([4, 2, 0]);
      expect(await list({ states: ["completed", "queued"] })).toHaveLength(40);
      expect(await list({ functionIds: ["odd"] })).toEqual(those((n) => n % 2 === 1));
      expect(await list({ functionIds: ["odd", "even", "none"] })).toHaveLength(40);
      expect(await list({ functionIds: ["none"] })).toEqual([]);
      expect(await list({ functionIds: [] })).toEqual([]);
      expect(await list({ tags: ["t1"] })).toEqual(those((n) => isTagged(n) && n % 3 === 1));
      expect(await list({ tags: ["t1", "odd"] })).toEqual(
        those((n) => isTagged(n) && (n % 3 === 1 || n % 2 === 1)),
      );
      expect(await list({ tags: ["t1"], functionIds: ["odd"] })).toEqual(
        those((n) => isTagged(n) && n % 3 === 1 && n % 2 === 1),
      );
      expect(await list({ batchId: "batch_1" })).toEqual(those((n) => n < 10));
      expect(await list({ batchId: "batch_1", tags: ["odd"] })).toEqual([9, 7, 5, 3, 1]);
      expect(await list({ scheduleId: "sched_1" })).toEqual([30, 20, 10, 0]);
      expect(await list({ parentRunId: "run_parent" })).toEqual(those((n) => n > 30 && n < 39));
      expect(await list({ rootRunId: "run_root" })).toEqual(those((n) => n > 20 && n < 39));
      expect(await list({ queue: "mail" })).toEqual(those((n) => n % 4 === 0));
      expect(await list({ isTest: true })).toEqual(those((n) => n % 5 === 0));
      expect(await list({ isTest: false })).toEqual(those((n) => n % 5 !== 0));
      const times = { from: T0 + 5 * SECOND, to: T0 + 8 * SECOND };
      expect(await list(times)).toEqual([8, 7, 6, 5]);
      expect(await list({ ...times, states: ["queued"], functionIds: ["even"] })).toEqual([8, 6]);
    });

    test("are read a page at a time, both ways", async () => {
      const kit = new RunKit(open());
      const ids = await forty(kit);
      const list = async (params: object) =>
        (await kit.store.stores.runs.list({ limit: 3, ...params })).map(({ id }) => id);
      for (const filter of [{}, { tags: ["t0", "t1", "t2"] }, { functionIds: ["even", "odd"] }]) {
        const of = filter.tags ? ids.slice(1) : ids;
        expect(await list(filter)).toEqual(of.slice(0, 3));
        expect(await list({ ...filter, after: of[2] })).toEqual(of.slice(3, 6));
        expect(await list({ ...filter, before: of[6] })).toEqual(of.slice(3, 6));
        expect(await list({ ...filter, before: of[1] })).toEqual(of.slice(0, 1));
        expect(await list({ ...filter, after: of.at(-1) })).toEqual([]);
      }
      const members = ids.slice(-10);
      expect(await list({ batchId: "batch_1", after: members[0] })).toEqual(members.slice(1, 4));
      expect(await list({ batchId: "batch_1", before: members[4] })).toEqual(members.slice(1, 4));
      expect(await list({ limit: 9, after: "run_0" })).toEqual([]);
    });

    test("find the few among many", async () => {
      const kit = new RunKit(open());
      const needle = await kit.started({ functionId: "needle", details: { queue: "q" } });
      for (let n = 0; n < 400; n++) await kit.started();
      const found = await kit.store.stores.runs.list({ limit: 5, queue: "q" });
      expect(found.map(({ id }) => id)).toEqual([needle]);
    });
  });

  describe("watching runs", () => {
    test("says what a run is, then each change, and ends with it", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started({ notBefore: T0 + HOUR });
      const watched = watching(kit.store.stores.runs.watchRun(runId));
      expect(await next(watched)).toMatchObject({ id: runId, state: "delayed", dueAt: T0 + HOUR });
      await kit.advanceTo(T0 + HOUR);
      expect(await next(watched)).toMatchObject({ state: "queued" });
      const run = await kit.claimOne();
      expect(await next(watched)).toMatchObject({ state: "running" });
      await kit.store.stores.tags.add({ now: kit.now, runId, tags: ["a"] });
      expect(await next(watched)).toMatchObject({ details: { tags: ["a"] } });
      const changes = [{ type: "set", key: "n", value: 1 }] as const;
      await kit.store.stores.metadata.change({ now: kit.now, runId, changes });
      expect(await next(watched)).toMatchObject({ details: { metadata: '{"n":1}' } });
      await kit.finish(run, "5");
      expect(await next(watched)).toMatchObject({ state: "completed", output: "5" });
      expect(await isOver(watched)).toBe(true);
    });

    test("changes that come while nobody asks are one", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const watched = watching(kit.store.stores.runs.watchRun(runId));
      expect(await next(watched)).toMatchObject({ state: "queued" });
      await kit.finish(await kit.claimOne());
      expect(await next(watched)).toMatchObject({ state: "completed" });
      expect(await isOver(watched)).toBe(true);
    });

    test("ends for a run that is over, for one that is not there, with a signal, and with the store", async () => {
      const kit = new RunKit(open());
      const { runs } = kit.store.stores;
      const run = await kit.running();
      await kit.finish(run);
      const over = watching(runs.watchRun(run.id));
      expect(await next(over)).toMatchObject({ state: "completed" });
      expect(await isOver(over)).toBe(true);
      expect(await isOver(watching(runs.watchRun("run_x")))).toBe(true);
      const runId = await kit.started();
      const controller = new AbortController();
      const given = watching(runs.watchRun(runId, controller.signal));
      const closed = watching(runs.watchRun(runId));
      await Promise.all([next(given), next(closed)]);
      const ends = [isOver(given), isOver(closed)];
      controller.abort();
      expect(await ends[0]).toBe(true);
      await kit.store.close();
      expect(await ends[1]).toBe(true);
    });

    test("by a filter says what fits, what fits newly, and what becomes of it", async () => {
      const kit = new RunKit(open());
      const first = await kit.started({ details: { tags: ["a"] } });
      const watched = watching(kit.store.stores.runs.watch({ tags: ["a"] }));
      expect(await next(watched)).toMatchObject({ id: first, state: "queued" });
      await kit.started({ details: { tags: ["b"] } });
      const second = await kit.started({ details: { tags: ["a"] } });
      expect(await next(watched)).toMatchObject({ id: second });
      const runs = await kit.claim();
      const said = [await next(watched), await next(watched)].map((run: RunRecord) => run.id);
      expect(said.toSorted()).toEqual([first, second].toSorted());
      await kit.finish(runs.find(({ id }) => id === first)!);
      expect(await next(watched)).toMatchObject({ id: first, state: "completed" });
      await watched.return!();
    });

    test.skipIf(openTwo === undefined)("hears of another process", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const runId = await a.started({ details: { tags: ["a"] } });
      const one = watching(a.store.stores.runs.watchRun(runId));
      const all = watching(a.store.stores.runs.watch({ tags: ["a"] }));
      await Promise.all([next(one), next(all)]);
      await b.finish(await b.claimOne());
      expect(await next(one)).toMatchObject({ state: "completed" });
      expect(await next(all)).toMatchObject({ id: runId, state: "completed" });
      await all.return!();
    });

    test("ends of runs are told to whoever holds their children in memory", async () => {
      const kit = new RunKit(open());
      const ended: string[] = [];
      const stop = kit.store.onEnds((ids) => ended.push(...ids));
      const run = await kit.running();
      await kit.finish(run);
      stop();
      await kit.finish(await kit.running());
      expect(ended).toEqual([run.id]);
    });
  });
}
