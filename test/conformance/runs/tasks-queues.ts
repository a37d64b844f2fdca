import { describe, expect, test } from "vitest";
import { queueSlot, UNLIMITED } from "../../../src/runs/store/queue-store.ts";
import type { QueueStore } from "../../../src/runs/store/queue-store.ts";
import { done, HOUR, RunKit, type RunStoreKind, T0 } from "./kit.ts";

/** Queues: limits with a name, that change while runs are in line. */
export function testTaskQueues({ open, openTwo }: RunStoreKind): void {
  const inQueue = (name: string, limit?: number, key?: string) => ({
    slots: [queueSlot(name, limit, key)],
  });
  const start = async (kit: RunKit, count: number, more: Parameters<RunKit["started"]>[0]) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) ids.push(await kit.started(more));
    return ids;
  };
  const pause = (kit: RunKit, name: string, isPaused = true) =>
    kit.store.stores.queues.setPaused({ now: kit.now, name, isPaused });
  const override = (kit: RunKit, name: string, limit?: number) =>
    kit.store.stores.queues.override({ now: kit.now, name, limit });
  const declare = (kit: RunKit, queues: Parameters<QueueStore["declare"]>[0]["queues"]) =>
    kit.store.stores.queues.declare({ now: kit.now, queues });

  describe("queues", () => {
    test("a concurrency key has the whole limit to itself", async () => {
      const kit = new RunKit(open());
      await start(kit, 3, inQueue("mail", 2, "a"));
      await start(kit, 3, inQueue("mail", 2, "b"));
      await start(kit, 3, inQueue("mail", 2));
      expect(await kit.claim()).toHaveLength(6);
    });

    test("of several functions have one limit", async () => {
      const kit = new RunKit(open());
      await start(kit, 2, { ...inQueue("mail", 1), functionId: "a" });
      await start(kit, 2, { ...inQueue("mail", 1), functionId: "b" });
      expect(await kit.claim(9, ["a", "b"])).toHaveLength(1);
    });

    test("paused ones let nobody run; when they go on, all go on in order", async () => {
      const kit = new RunKit(open());
      await declare(kit, [{ name: "mail", limit: 2 }]);
      await pause(kit, "mail");
      const ids = await start(kit, 3, inQueue("mail", 2));
      const other = await kit.started(inQueue("other", 2));
      expect(await kit.claimedIds()).toEqual([other]);
      expect(await pause(kit, "mail", false)).toMatchObject({ isPaused: false });
      expect(await kit.claimedIds()).toEqual(ids.slice(0, 2));
    });

    test("runs that were ready when theirs was paused are held back, those that run are not", async () => {
      const kit = new RunKit(open());
      const ids = await start(kit, 3, inQueue("mail"));
      const [running] = await kit.claim(1);
      await pause(kit, "mail");
      expect(await kit.claim()).toEqual([]);
      expect(await kit.append(running!, [done("a")])).toBe(true);
      await kit.suspend(running!, { dueAt: T0 + 1 });
      await kit.advanceTo(T0 + 1);
      expect(await kit.claim()).toEqual([]);
      await pause(kit, "mail", false);
      expect(await kit.claimedIds()).toEqual(ids);
    });

    test("paused ones let no key in, and all keys when they go on", async () => {
      const kit = new RunKit(open());
      await declare(kit, [{ name: "mail" }]);
      await pause(kit, "mail");
      for (let n = 0; n < 150; n++) await kit.started(inQueue("mail", 1, `key ${n}`));
      await kit.started(inQueue("mail", 1));
      expect(await kit.claim()).toEqual([]);
      await pause(kit, "mail", false);
      await kit.advanceTo(T0);
      expect(await kit.claim(1000)).toHaveLength(151);
    });

    test("of a function are there for every function, limit or not", async () => {
      const kit = new RunKit(open());
      const ids = await start(kit, 3, {});
      await kit.started({ functionId: "other" });
      expect(await pause(kit, "task/fn")).toMatchObject({
        type: "task",
        isPaused: true,
        queued: 3,
      });
      expect(await kit.claim(9, ["fn", "other"])).toMatchObject([{ functionId: "other" }]);
      await start(kit, 1, {});
      expect(await kit.claim()).toEqual([]);
      await override(kit, "task/fn", 2);
      await pause(kit, "task/fn", false);
      expect(await kit.claimedIds()).toEqual(ids.slice(0, 2));
      await override(kit, "task/fn");
      expect(await kit.claim()).toHaveLength(2);
    });

    test("an override holds back the runs of a function that had no limit", async () => {
      const kit = new RunKit(open());
      await start(kit, 5, {});
      await override(kit, "task/fn", 2);
      const runs = await kit.claim();
      expect(runs).toHaveLength(2);
      await kit.finish(runs[0]!);
      expect(await kit.claim()).toHaveLength(1);
      await kit.suspend(runs[1]!, { dueAt: T0 + HOUR });
      expect(await kit.claim()).toHaveLength(1);
      expect(await kit.claim()).toHaveLength(0);
    });

    test("a lower limit holds back runs that were ready; the oldest run first", async () => {
      const kit = new RunKit(open());
      const ids = await start(kit, 6, inQueue("mail"));
      await override(kit, "mail", 2);
      const runs = await kit.claim();
      expect(runs.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      expect(await kit.claim()).toEqual([]);
      await kit.finish(runs[0]!);
      expect(await kit.claimedIds()).toEqual([ids[2]]);
      await override(kit, "mail");
      expect(await kit.claimedIds()).toEqual(ids.slice(3));
    });

    test("a run in another queue is not in that of its function", async () => {
      const kit = new RunKit(open());
      const id = await kit.started(inQueue("mail"));
      await pause(kit, "task/fn");
      expect(await kit.claimedIds()).toEqual([id]);
    });

    test("a higher override lets parked runs in at once, a lower one counts from the next", async () => {
      const kit = new RunKit(open());
      await declare(kit, [{ name: "mail", limit: 1 }]);
      await start(kit, 6, inQueue("mail", 1));
      const [first] = await kit.claim();
      const record = await override(kit, "mail", 3);
      expect(record).toMatchObject({ limit: 3, baseLimit: 1, overrideLimit: 3, overriddenAt: T0 });
      const more = await kit.claim();
      expect(more).toHaveLength(2);
      await override(kit, "mail", 1);
      for (const run of more) await kit.finish(run);
      expect(await kit.claim()).toEqual([]);
      await kit.finish(first!);
      expect(await kit.claim()).toHaveLength(1);
      expect(await override(kit, "mail")).not.toHaveProperty("overrideLimit");
    });

    test("what the code says counts for starts that do not say it", async () => {
      const kit = new RunKit(open());
      await declare(kit, [{ name: "mail", limit: 2 }]);
      await start(kit, 4, inQueue("mail"));
      expect(await kit.claim()).toHaveLength(2);
      await declare(kit, [{ name: "mail", limit: 3 }]);
      expect(await kit.claim()).toHaveLength(1);
    });

    test("a run whose queue is paused and that is canceled leaves its line", async () => {
      const kit = new RunKit(open());
      const [first, second] = await start(kit, 2, inQueue("mail", 5));
      await pause(kit, "mail");
      await kit.claim();
      await kit.store.cancel({ now: T0, runId: first!, reason: "" });
      await pause(kit, "mail", false);
      expect(await kit.claimedIds()).toEqual([second]);
    });

    test("know how many runs are in line and run", async () => {
      const kit = new RunKit(open());
      const count = async (name: string) => {
        const record = await kit.store.stores.queues.retrieve(name);
        return record && [record.queued, record.running];
      };
      expect(await count("mail")).toBeUndefined();
      await start(kit, 3, { ...inQueue("mail", 2), functionId: "child" });
      await kit.started({ ...inQueue("mail", 2), functionId: "child", notBefore: T0 + HOUR });
      expect(await count("mail")).toEqual([3, 0]);
      const [first, second] = await kit.claim(9, ["child"]);
      expect(await count("mail")).toEqual([1, 2]);
      await kit.suspend(first!, { dueAt: T0 + HOUR });
      expect(await count("mail")).toEqual([1, 1]);
      await kit.finish(second!);
      expect(await count("mail")).toEqual([1, 0]);
      expect(await count("task/child")).toEqual([1, 0]);
    });

    test("are listed by name, a page at a time", async () => {
      const kit = new RunKit(open());
      const { queues } = kit.store.stores;
      await declare(kit, [{ name: "b", limit: 3 }, { name: "declared" }]);
      await kit.started(inQueue("a"));
      await pause(kit, "a");
      const names = async (params: { limit: number; offset?: number }) =>
        (await queues.list(params)).queues.map(({ name }) => name);
      expect(await queues.list({ limit: 9 })).toMatchObject({
        count: 4,
        queues: [
          { name: "a", type: "custom", isPaused: true, queued: 1 },
          { name: "b", limit: 3, queued: 0 },
          { name: "declared" },
          { name: "task/fn", type: "task" },
        ],
      });
      expect(await names({ limit: 1, offset: 1 })).toEqual(["b"]);
    });

    test("that are not there cannot be changed", async () => {
      const kit = new RunKit(open());
      expect(await pause(kit, "none")).toBeUndefined();
      expect(await override(kit, "none", 1)).toBeUndefined();
    });

    test("a slot without a limit has a number that JSON can say", () => {
      expect(JSON.parse(JSON.stringify(queueSlot("mail")))).toEqual({
        key: "queue:mail\n",
        limit: UNLIMITED,
      });
    });

    test.skipIf(openTwo === undefined)("are paused for all processes", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      await start(a, 1, inQueue("mail", 5));
      expect(await b.claim(0)).toEqual([]);
      await pause(a, "mail");
      await a.started(inQueue("mail", 5));
      expect(await b.claim()).toEqual([]);
      await pause(a, "mail", false);
      expect(await b.claim()).toHaveLength(2);
    });
  });
}
