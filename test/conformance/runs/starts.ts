import { describe, expect, test } from "vitest";
import { HOUR, RunKit, type RunStoreKind, SECOND, T0, waitSpec } from "./kit.ts";

export function testStarts({ open, openTwo }: RunStoreKind): void {
  describe("starts", () => {
    test("a run is claimed with its event, goes on and ends", async () => {
      const kit = new RunKit(open());
      const event = kit.event("shop/order", { id: 7 });
      const runId = await kit.started({ events: [event] });
      expect(await kit.state(runId)).toBe("queued");
      kit.now += 5;
      const run = await kit.claimOne();
      expect(run).toEqual({
        key: run.key,
        id: runId,
        functionId: "fn",
        generation: 1,
        attempt: 0,
        losses: 0,
        events: [event],
        journal: [],
        createdAt: T0,
        queuedAt: T0,
        startedAt: T0 + 5,
      });
      expect(await kit.state(runId)).toBe("running");
      kit.now += 5;
      expect(await kit.finish(run, '{"total":3}')).toBe(true);
      expect(await kit.store.getRun(runId)).toEqual({
        id: runId,
        functionId: "fn",
        state: "completed",
        attempt: 0,
        events: [event],
        output: '{"total":3}',
        createdAt: T0,
        queuedAt: T0,
        startedAt: T0 + 5,
        finishedAt: T0 + 10,
        journal: [],
      });
      expect(await kit.claim()).toEqual([]);
    });

    test("a failed run keeps its error whole", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const error = { name: "TypeError", message: "né ☂", stack: "at x", code: "E1", cause: [1] };
      await kit.store.finish({
        now: kit.now,
        run: run.key,
        generation: run.generation,
        state: "failed",
        error,
        ...kit.batch([]),
      });
      const record = await kit.store.getRun(run.id);
      expect(record).toMatchObject({ state: "failed", error });
      expect(record?.output).toBeUndefined();
    });

    test("events come back as they were sent", async () => {
      const kit = new RunKit(open());
      const event = kit.event(
        "app/☂",
        { text: "näh\u0000\n", list: [1, null, 1.5, -0.25], deep: { a: { b: [] } } },
        { externalId: "mine", ts: 1, v: "2", user: { id: 1 }, meta: { sessions: {} } },
      );
      const bare = kit.event("app/bare");
      await kit.started({ events: [event] });
      expect((await kit.claimOne()).events).toEqual([event]);
      await kit.started({ events: [bare] });
      expect((await kit.claimOne()).events).toEqual([bare]);
    });

    test("an event that starts nothing is stored, and one event starts several functions", async () => {
      const kit = new RunKit(open());
      const lonely = await kit.send("nobody/cares");
      expect(await kit.store.runsOfEvent(lonely.id)).toEqual([]);
      const event = kit.event();
      const starts = ["a", "b"].map((functionId) => kit.request({ functionId, events: [event] }));
      const outcomes = await kit.store.ingest({ now: kit.now, ...kit.batch([event], starts) });
      expect(outcomes).toEqual(starts.map(({ runId }) => ({ outcome: "started", runId })));
      const runs = await kit.store.runsOfEvent(event.id);
      expect(runs.map(({ functionId }) => functionId)).toEqual(["a", "b"]);
      expect(runs.map(({ events }) => events)).toEqual([[event], [event]]);
    });

    test("a claim gives runs of the functions it names, as many as it asks for, the oldest first", async () => {
      const kit = new RunKit(open());
      const ids: string[] = [];
      for (const functionId of ["a", "b", "c", "a", "b"]) {
        kit.now++;
        ids.push(await kit.started({ functionId }));
      }
      expect(await kit.claimedIds(10, ["unknown"])).toEqual([]);
      expect(await kit.claimedIds(0, ["a"])).toEqual([]);
      expect(await kit.claimedIds(3, ["a", "b", "unknown"])).toEqual([ids[0], ids[1], ids[3]]);
      expect(await kit.claimedIds(3, ["a", "b"])).toEqual([ids[4]]);
      expect(await kit.claimedIds(3, ["c"])).toEqual([ids[2]]);
    });

    test("a run is claimed once, however many ask at once", async () => {
      const kit = new RunKit(open());
      for (let n = 0; n < 20; n++) await kit.started();
      const claims = await Promise.all(Array.from({ length: 10 }, () => kit.claimedIds(3)));
      expect(new Set(claims.flat()).size).toBe(20);
      expect(claims.flat()).toHaveLength(20);
    });

    test.skipIf(openTwo === undefined)("two stores never claim the same run", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store));
      for (let n = 0; n < 50; n++) await a!.started();
      const kits = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a! : b!));
      const claims = await Promise.all(kits.map((kit) => kit.claimedIds(3)));
      expect(claims.flat()).toHaveLength(50);
      expect(new Set(claims.flat()).size).toBe(50);
    });

    test("one that is for later is delayed until then", async () => {
      const kit = new RunKit(open());
      const { store } = kit;
      const runId = await kit.started({ notBefore: T0 + 5000 });
      expect(await kit.state(runId)).toBe("delayed");
      expect(await kit.claim()).toEqual([]);
      expect(await store.advance({ now: T0 + 4999 })).toBe(T0 + 5000);
      expect(await kit.advanceTo(T0 + 5000)).toBe(Infinity);
      const run = await kit.claimOne();
      expect(run).toMatchObject({ id: runId, queuedAt: T0 + 5000 });
    });

    test("one for the past starts at once", async () => {
      const kit = new RunKit(open());
      await kit.started({ notBefore: T0 - 1 });
      expect(await kit.claim()).toHaveLength(1);
    });

    test("of the events sent together, each sees what the earlier ones left", async () => {
      const kit = new RunKit(open());
      const events = [
        kit.event("order/made"),
        kit.event("order/canceled"),
        kit.event("order/made"),
      ];
      const cancelOn = [waitSpec("order/canceled")];
      const starts = [events[0]!, events[2]!].map((event) =>
        kit.request({ events: [event], cancelOn }),
      );
      await kit.store.ingest({ now: kit.now, ...kit.batch(events, starts) });
      expect(await kit.state(starts[0]!.runId)).toBe("canceled");
      expect(await kit.state(starts[1]!.runId)).toBe("queued");
    });

    test("the last write of a run stores events and what they start with it, or nothing", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const event = kit.event("fn/finished");
      const start = kit.request({ functionId: "after", events: [event] });
      const finish = {
        now: kit.now,
        run: run.key,
        generation: run.generation,
        state: "completed" as const,
        ...kit.batch([event], [start]),
      };
      expect(await kit.store.finish({ ...finish, generation: 7 })).toBe(false);
      expect(await kit.state(start.runId)).toBeUndefined();
      expect(await kit.store.finish(finish)).toBe(true);
      expect(await kit.claimedIds(1, ["after"])).toEqual([start.runId]);
      expect(await kit.store.finish(finish)).toBe(false);
    });
  });

  describe("idempotency", () => {
    const idempotency = { key: "order-7", until: T0 + 24 * HOUR };

    test("the same key starts a function once until its time is over", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started({ idempotency });
      kit.now += HOUR;
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId });
      await kit.finish(await kit.claimOne());
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId });
      kit.now = T0 + 24 * HOUR;
      const until = kit.now + 24 * HOUR;
      expect(await kit.started({ idempotency: { ...idempotency, until } })).not.toBe(runId);
      expect((await kit.start({ idempotency })).outcome).toBe("duplicate");
    });

    test("counts for each function by itself, and for each key", async () => {
      const kit = new RunKit(open());
      await kit.started({ idempotency });
      await kit.started({ idempotency, functionId: "other" });
      await kit.started({ idempotency: { ...idempotency, key: "order-8" } });
      await kit.started();
      expect(await kit.claim(9, ["fn", "other"])).toHaveLength(4);
    });

    test("holds within one batch of events", async () => {
      const kit = new RunKit(open());
      const events = [
        kit.event("a", {}, { externalId: "x" }),
        kit.event("a", {}, { externalId: "x" }),
      ];
      const starts = events.map((event) => kit.request({ events: [event], idempotency }));
      const outcomes = await kit.store.ingest({ now: kit.now, ...kit.batch(events, starts) });
      const { runId } = starts[0]!;
      expect(outcomes).toEqual([
        { outcome: "started", runId },
        { outcome: "duplicate", runId },
      ]);
      expect(await kit.claimedIds()).toEqual([runId]);
    });

    test.skipIf(openTwo === undefined)("holds across two stores at once", async () => {
      const kits = openTwo!().map((store) => new RunKit(store));
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => kits[index % 2]!.start({ idempotency })),
      );
      expect(outcomes.filter(({ outcome }) => outcome === "started")).toHaveLength(1);
      expect(await kits[0]!.claim()).toHaveLength(1);
    });
  });

  describe("priority", () => {
    test("a run goes before those queued up to so many seconds earlier", async () => {
      const kit = new RunKit(open());
      const ids: Record<string, string> = {};
      ids["old"] = await kit.started();
      kit.now += 30 * SECOND;
      ids["soon"] = await kit.started({ prioritySeconds: 20 });
      ids["first"] = await kit.started({ prioritySeconds: 31 });
      ids["last"] = await kit.started({ prioritySeconds: -5 });
      ids["normal"] = await kit.started();
      expect(await kit.claimedIds()).toEqual(
        ["first", "old", "soon", "normal", "last"].map((name) => ids[name]),
      );
    });

    test("counts between functions too, and one by one", async () => {
      const kit = new RunKit(open());
      const low = await kit.started({ functionId: "a" });
      const high = await kit.started({ functionId: "b", prioritySeconds: 1 });
      expect(await kit.claimedIds(1, ["a", "b"])).toEqual([high]);
      expect(await kit.claimedIds(1, ["a", "b"])).toEqual([low]);
    });

    test("a run that wakes keeps its place", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ prioritySeconds: 10 });
      await kit.suspend(run, { dueAt: T0 + SECOND });
      const other = await kit.started();
      await kit.advanceTo(T0 + SECOND);
      expect(await kit.claimedIds()).toEqual([run.id, other]);
    });
  });
}
