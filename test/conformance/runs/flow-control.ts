import { describe, expect, test } from "vitest";
import type { ClaimedRun, RateSpec, SlotClaim } from "../../../src/runs/store/run-store.ts";
import { done, HOUR, LEASE_MS, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

const rate = (more: Partial<RateSpec> = {}): RateSpec => ({
  key: "r",
  limit: 2,
  periodMs: 10 * SECOND,
  burst: 0,
  mode: "gcra",
  ...more,
});

export function testFlowControl({ open, openTwo }: RunStoreKind): void {
  describe("slots", () => {
    const one: SlotClaim[] = [{ key: "one", limit: 1 }];
    const two: SlotClaim[] = [{ key: "two", limit: 2 }];

    /** Starts `count` runs, a ms apart. */
    async function startMany(kit: RunKit, count: number, slots: readonly SlotClaim[]) {
      const ids: string[] = [];
      for (let n = 0; n < count; n++, kit.now++) ids.push(await kit.started({ slots }));
      return ids;
    }

    test("as many runs as there are slots can be claimed, the oldest first", async () => {
      const kit = new RunKit(open());
      const ids = await startMany(kit, 5, two);
      const free = await kit.started();
      expect(await kit.state(ids[4]!)).toBe("queued");
      const runs = await kit.claim();
      expect(runs.map(({ id }) => id)).toEqual([ids[0], ids[1], free]);
      expect(await kit.claim()).toEqual([]);
      await kit.finish(runs[0]!);
      expect(await kit.claimedIds()).toEqual([ids[2]]);
    });

    const ways: [string, (kit: RunKit, run: ClaimedRun) => Promise<unknown>][] = [
      ["completes", (kit, run) => kit.finish(run)],
      ["fails", (kit, run) => kit.fail(run)],
      ["sleeps", (kit, run) => kit.suspend(run, { dueAt: T0 + HOUR })],
      ["is canceled", (kit, { id }) => kit.store.cancel({ now: kit.now, runId: id, reason: "" })],
      ["times out", (kit) => kit.advanceTo(T0 + 5000)],
    ];
    test.each(ways)("a run that %s frees its slot", async (_, end) => {
      const kit = new RunKit(open());
      const finishTimeoutMs = 5000;
      const run = await kit.running({ slots: one, finishTimeoutMs });
      const next = await kit.started({ slots: one });
      expect(await kit.claim()).toEqual([]);
      await end(kit, run);
      expect(await kit.claimedIds()).toEqual([next]);
    });

    test("a run that goes back to the line keeps its slot", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ slots: one });
      await kit.started({ slots: one });
      await kit.store.release({ now: T0, run: run.key, generation: run.generation });
      expect((await kit.claimOne()).id).toBe(run.id);
      await kit.advanceTo(T0 + LEASE_MS);
      expect((await kit.claimOne()).id).toBe(run.id);
    });

    test("a run that wakes waits for a slot again", async () => {
      const kit = new RunKit(open());
      const sleeper = await kit.running({ slots: one });
      await kit.suspend(sleeper, { dueAt: T0 + 1000 });
      const other = await kit.running({ slots: one });
      await kit.advanceTo(T0 + 1000);
      expect(await kit.state(sleeper.id)).toBe("queued");
      expect(await kit.claim()).toEqual([]);
      await kit.finish(other);
      expect((await kit.claimOne()).id).toBe(sleeper.id);
    });

    test("a run that is canceled while it is held back is in nobody's way", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ slots: one });
      const ids = await startMany(kit, 2, one);
      await kit.store.cancel({ now: kit.now, runId: ids[0]!, reason: "" });
      await kit.finish(run);
      expect(await kit.claimedIds()).toEqual([ids[1]]);
    });

    test("of several keys, all have to be free", async () => {
      const kit = new RunKit(open());
      const a = { key: "a", limit: 1 };
      const b = { key: "b", limit: 1 };
      const holdsA = await kit.running({ slots: [a] });
      const holdsB = await kit.running({ slots: [b] });
      const both = await kit.started({ slots: [a, b] });
      await kit.finish(holdsA);
      expect(await kit.claim()).toEqual([]);
      const takesA = await kit.running({ slots: [a] });
      await kit.finish(holdsB);
      expect(await kit.claim()).toEqual([]);
      await kit.finish(takesA);
      const run = await kit.claimOne();
      expect(run.id).toBe(both);
      const last = await kit.started({ slots: [b, a] });
      await kit.finish(run);
      expect((await kit.claimOne()).id).toBe(last);
    });

    test("many runs that two keys hold back all run in the end, at most one a key at a time", async () => {
      const kit = new RunKit(open());
      const shared = { key: "shared", limit: 3 };
      for (let n = 0; n < 200; n++)
        await kit.started({ slots: [shared, { key: `own:${n % 4}`, limit: 1 }] });
      let finished = 0;
      for (let round = 0; round < 400 && finished < 200; round++) {
        await kit.advanceTo(kit.now + 1);
        const runs = await kit.claim();
        expect(runs.length).toBeLessThanOrEqual(3);
        for (const run of runs) await kit.finish(run);
        finished += runs.length;
      }
      expect(finished).toBe(200);
    });

    test("a crowd that a freed key lets go, and another holds back, is passed on a bite at a time", async () => {
      const kit = new RunKit(open());
      const a = { key: "a", limit: 1 };
      const b = { key: "b", limit: 1 };
      const [holdsA, holdsB] = [
        await kit.running({ slots: [a] }),
        await kit.running({ slots: [b] }),
      ];
      for (let n = 0; n < 150; n++) await kit.started({ slots: [a, b] });
      const last = await kit.started({ slots: [a] });
      await kit.finish(holdsA);
      expect(await kit.claim()).toEqual([]);
      expect(await kit.store.advance({ now: kit.now })).toBeLessThanOrEqual(kit.now);
      await kit.advanceTo(kit.now);
      const runsA = await kit.claim();
      expect(runsA.map(({ id }) => id)).toEqual([last]);
      await kit.finish(runsA[0]!);
      await kit.finish(holdsB);
      expect(await kit.claim()).toHaveLength(1);
    });

    test("the limit of the last start counts", async () => {
      const kit = new RunKit(open());
      const ids = await startMany(kit, 3, one);
      expect(await kit.claimedIds()).toEqual([ids[0]]);
      ids.push(await kit.started({ slots: [{ key: "one", limit: 3 }] }));
      expect(await kit.claimedIds()).toEqual([ids[1], ids[2]]);
      await kit.started({ slots: one });
      expect(await kit.claim()).toEqual([]);
    });

    test("go by priority", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ slots: one });
      await kit.started({ slots: one });
      const urgent = await kit.started({ slots: one, prioritySeconds: 60 });
      await kit.finish(run);
      expect(await kit.claimedIds()).toEqual([urgent]);
    });

    test("are shared by functions that name the same key", async () => {
      const kit = new RunKit(open());
      await kit.started({ slots: one });
      await kit.started({ slots: one, functionId: "other" });
      expect(await kit.claim(10, ["fn", "other"])).toHaveLength(1);
    });

    test.skipIf(openTwo === undefined)("hold across two stores", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const starts = Array.from({ length: 10 }, (_, n) => (n % 2 ? a : b).started({ slots: two }));
      await Promise.all(starts);
      const runs = [...(await a.claim()), ...(await b.claim())];
      expect(runs).toHaveLength(2);
      await a.finish(runs[0]!);
      expect(await b.claim()).toHaveLength(1);
      expect(await a.claim()).toEqual([]);
    });
  });

  describe("throttle", () => {
    test("queues starts: some at once, then one at a time", async () => {
      const kit = new RunKit(open());
      const throttle = rate({ limit: 2, periodMs: 10 * SECOND });
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) ids.push(await kit.started({ throttle }));
      expect(await kit.ended()).toEqual(ids.slice(0, 2));
      expect(await kit.store.advance({ now: T0 })).toBe(T0 + 5 * SECOND);
      for (const n of [1, 2, 3]) {
        await kit.advanceTo(T0 + n * 5 * SECOND - 1);
        expect(await kit.claim()).toEqual([]);
        await kit.advanceTo(T0 + n * 5 * SECOND);
        expect(await kit.ended()).toEqual([ids[n + 1]]);
      }
    });

    test("holds back nobody who wakes, and nobody of another key", async () => {
      const kit = new RunKit(open());
      const throttle = rate({ limit: 1 });
      const run = await kit.running({ throttle });
      await kit.started({ throttle });
      await kit.suspend(run, { dueAt: T0 + 1 });
      const other = await kit.started({ throttle: rate({ limit: 1, key: "s" }) });
      await kit.advanceTo(T0 + 1);
      expect((await kit.claimedIds()).toSorted()).toEqual([run.id, other].toSorted());
    });

    test("one that is canceled meanwhile uses nothing up, and nobody overtakes", async () => {
      const kit = new RunKit(open());
      const throttle = rate({ limit: 1 });
      await kit.finish(await kit.running({ throttle }));
      const ids = [await kit.started({ throttle }), await kit.started({ throttle })];
      await kit.store.cancel({ now: T0, runId: ids[0]!, reason: "" });
      kit.now = T0 + 10 * SECOND;
      const late = await kit.started({ throttle });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(await kit.ended()).toEqual([ids[1]]);
      await kit.advanceTo(T0 + 20 * SECOND);
      expect(await kit.ended()).toEqual([late]);
    });

    test("lets a crowd through a bite at a time", async () => {
      const kit = new RunKit(open());
      const throttle = rate({ limit: 100, periodMs: 10 * SECOND });
      for (let n = 0; n < 200; n++) await kit.started({ throttle });
      expect(await kit.ended()).toHaveLength(100);
      kit.now += HOUR;
      expect(await kit.store.advance({ now: kit.now })).toBeLessThanOrEqual(kit.now);
      await kit.advanceTo(kit.now);
      expect(await kit.ended()).toHaveLength(100);
    });

    test("comes before slots", async () => {
      const kit = new RunKit(open());
      const options = { throttle: rate({ limit: 1, burst: 1 }), slots: [{ key: "x", limit: 1 }] };
      const run = await kit.running(options);
      const next = await kit.started(options);
      expect(await kit.claim()).toEqual([]);
      await kit.finish(run);
      expect(await kit.ended()).toEqual([next]);
    });
  });

  describe("rate limit", () => {
    test("drops starts, as Inngest does it", async () => {
      const kit = new RunKit(open());
      const rateLimit = rate({ limit: 5, periodMs: 10 * SECOND, burst: -4 });
      await kit.started({ rateLimit });
      expect(await kit.start({ rateLimit })).toEqual({ outcome: "limited" });
      kit.now += 2 * SECOND;
      await kit.started({ rateLimit });
      expect(await kit.start({ rateLimit })).toEqual({ outcome: "limited" });
      expect(await kit.claim()).toHaveLength(2);
      expect(await kit.store.listRuns({ limit: 10 })).toHaveLength(2);
    });

    test("drops starts beyond the exact number in any window", async () => {
      const kit = new RunKit(open());
      const rateLimit = rate({ mode: "window", limit: 2, periodMs: 10 * SECOND });
      const outcomes: string[] = [];
      for (const at of [0, 4, 9, 10, 13, 14, 15]) {
        kit.now = T0 + at * SECOND;
        outcomes.push(`${at} ${(await kit.start({ rateLimit })).outcome}`);
      }
      expect(outcomes).toEqual([
        "0 started",
        "4 started",
        "9 limited",
        "10 started",
        "13 limited",
        "14 started",
        "15 limited",
      ]);
    });

    test("goes on counting from now when the clock was set back", async () => {
      const kit = new RunKit(open());
      for (const mode of ["gcra", "window"] as const) {
        const rateLimit = rate({ key: mode, mode, limit: 2, periodMs: 10 * SECOND });
        const outcomes: string[] = [];
        for (const at of [HOUR, HOUR + 1, 0, 4 * SECOND, 10 * SECOND]) {
          kit.now = T0 + at;
          outcomes.push((await kit.start({ rateLimit })).outcome);
        }
        const [first, , back] = outcomes;
        expect([mode, first, back, outcomes.at(-1)]).toEqual([
          mode,
          ...["started", "limited", "started"],
        ]);
      }
    });

    test("counts each key by itself; a start that is a repetition does not count", async () => {
      const kit = new RunKit(open());
      const rateLimit = rate({ limit: 1 });
      const idempotency = { key: "i", until: T0 + HOUR };
      await kit.started({ rateLimit, idempotency });
      await kit.started({ rateLimit: rate({ limit: 1, key: "other" }) });
      expect((await kit.start({ rateLimit, idempotency })).outcome).toBe("duplicate");
    });

    test("a start that was dropped may come again", async () => {
      const kit = new RunKit(open());
      const rateLimit = rate({ limit: 1 });
      const idempotency = { key: "i", until: T0 + HOUR };
      await kit.started({ rateLimit });
      expect((await kit.start({ rateLimit, idempotency })).outcome).toBe("limited");
      kit.now += 10 * SECOND;
      await kit.started({ rateLimit, idempotency });
    });
  });

  describe("debounce", () => {
    const debounce = { key: "d", periodMs: 10 * SECOND };

    test("runs once, with the newest event, when no other has come for the period", async () => {
      const kit = new RunKit(open());
      const outcomes = [];
      for (const n of [1, 2, 3]) {
        outcomes.push(await kit.start({ debounce, events: [kit.event("e", { n })] }));
        kit.now += 6 * SECOND;
      }
      const { runId } = outcomes[0] as { runId: string };
      expect(outcomes).toEqual(outcomes.map(() => ({ outcome: "joined", runId })));
      expect(await kit.state(runId)).toBe("delayed");
      expect(await kit.store.advance({ now: kit.now })).toBe(T0 + 22 * SECOND);
      await kit.advanceTo(T0 + 22 * SECOND - 1);
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(T0 + 22 * SECOND);
      const run = await kit.claimOne();
      expect(run).toMatchObject({ id: runId, queuedAt: T0 + 22 * SECOND });
      expect(run.events.map(({ data }) => data)).toEqual([{ n: 3 }]);
      const next = await kit.start({ debounce });
      expect(next).toMatchObject({ outcome: "joined" });
      expect((next as { runId: string }).runId).not.toBe(runId);
    });

    test("has an end, if there is a time limit", async () => {
      const kit = new RunKit(open());
      const limited = { ...debounce, timeoutMs: 15 * SECOND };
      for (const at of [0, 8, 14]) {
        kit.now = T0 + at * SECOND;
        await kit.start({ debounce: limited });
      }
      await kit.advanceTo(T0 + 15 * SECOND);
      expect(await kit.claim()).toHaveLength(1);
    });

    test("passes over an event that is older than the one it has", async () => {
      const kit = new RunKit(open());
      await kit.start({ debounce, events: [kit.event("e", { n: 2 })] });
      kit.now += SECOND;
      const late = kit.event("e", { n: 1 }, { ts: T0 - 5 });
      await kit.start({ debounce, events: [late] });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect((await kit.claimOne()).events[0]!.data).toEqual({ n: 2 });
      expect(await kit.store.runsOfEvent(late.id)).toHaveLength(1);
    });

    test("counts each key and function by itself", async () => {
      const kit = new RunKit(open());
      await kit.start({ debounce });
      await kit.start({ debounce: { ...debounce, key: "other" } });
      await kit.start({ debounce, functionId: "other" });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(await kit.claim(9, ["fn", "other"])).toHaveLength(3);
    });

    test("takes slots, throttle and singleton when it is over, by the newest event", async () => {
      const kit = new RunKit(open());
      const singleton = { key: "s", mode: "skip" as const };
      await kit.start({ debounce, singleton, slots: [{ key: "old", limit: 1 }] });
      await kit.start({ debounce, singleton, slots: [{ key: "new", limit: 1 }] });
      const holder = await kit.running({ slots: [{ key: "new", limit: 1 }], singleton });
      await kit.suspend(holder, { dueAt: T0 + 5 * SECOND });
      await kit.advanceTo(T0 + 5 * SECOND);
      const again = await kit.claimOne();
      expect(again.id).toBe(holder.id);
      await kit.finish(again);
      const blocker = await kit.running({ slots: [{ key: "new", limit: 1 }] });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(await kit.claim()).toEqual([]);
      await kit.finish(blocker);
      await kit.claimOne();
      expect(await kit.start({ singleton })).toMatchObject({ outcome: "skipped" });
    });

    test("what comes of it may be skipped by a singleton", async () => {
      const kit = new RunKit(open());
      const singleton = { key: "s", mode: "skip" as const };
      const { runId } = (await kit.start({ debounce, singleton })) as { runId: string };
      await kit.started({ singleton });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(await kit.state(runId)).toBe("skipped");
      expect(await kit.claim()).toHaveLength(1);
    });

    test("can be canceled meanwhile; the next start opens another", async () => {
      const kit = new RunKit(open());
      const first = (await kit.start({ debounce })) as { runId: string };
      expect(await kit.store.cancel({ now: T0, runId: first.runId, reason: "" })).toBe(true);
      const second = (await kit.start({ debounce })) as { runId: string };
      expect(second.runId).not.toBe(first.runId);
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(await kit.claimedIds()).toEqual([second.runId]);
    });
  });

  describe("batch", () => {
    const batch = { key: "b", maxSize: 3, timeoutMs: 10 * SECOND };
    const names = (run: ClaimedRun) => run.events.map(({ name }) => name);

    test("runs with all events once it is full", async () => {
      const kit = new RunKit(open());
      const outcomes = [];
      for (const name of ["a", "b", "c"]) {
        expect(await kit.claim()).toEqual([]);
        outcomes.push(await kit.start({ batch, events: [kit.event(name)] }));
        kit.now++;
      }
      const { runId } = outcomes[0] as { runId: string };
      expect(outcomes).toEqual(outcomes.map(() => ({ outcome: "joined", runId })));
      const run = await kit.claimOne();
      expect(names(run)).toEqual(["a", "b", "c"]);
      expect(run.queuedAt).toBe(T0 + 2);
      for (const { id } of run.events)
        expect(await kit.store.runsOfEvent(id)).toMatchObject([{ id: runId }]);
      expect(await kit.advanceTo(T0 + HOUR)).toBe(Infinity);
      expect(await kit.store.listRuns({ limit: 9 })).toHaveLength(1);
    });

    test("runs when its time is over, counted from the first event", async () => {
      const kit = new RunKit(open());
      await kit.start({ batch, events: [kit.event("a")] });
      kit.now += 6 * SECOND;
      await kit.start({ batch, events: [kit.event("b")] });
      await kit.advanceTo(T0 + 10 * SECOND - 1);
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(T0 + 10 * SECOND);
      const run = await kit.claimOne();
      expect(names(run)).toEqual(["a", "b"]);
      await kit.finish(run);
      await kit.start({ batch, events: [kit.event("c")] });
      await kit.advanceTo(T0 + 20 * SECOND);
      expect(names(await kit.claimOne())).toEqual(["c"]);
    });

    test("a flood makes full batches and one that is open", async () => {
      const kit = new RunKit(open());
      const starts = Array.from({ length: 10 }, (_, n) =>
        kit.request({ batch, events: [kit.event(`e${n}`)] }),
      );
      const events = starts.map(({ events }) => events[0]!);
      await kit.store.ingest({ now: T0, ...kit.batch(events, starts) });
      const full = await kit.claim();
      expect(full.map(names)).toEqual([
        ["e0", "e1", "e2"],
        ["e3", "e4", "e5"],
        ["e6", "e7", "e8"],
      ]);
      for (const run of full) await kit.finish(run);
      await kit.advanceTo(T0 + 10 * SECOND);
      expect(names(await kit.claimOne())).toEqual(["e9"]);
    });

    test("counts each key by itself, and takes no event twice", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "same", until: T0 + HOUR };
      await kit.start({ batch, idempotency });
      expect(await kit.start({ batch, idempotency })).toMatchObject({ outcome: "duplicate" });
      await kit.start({ batch: { ...batch, key: "c" } });
      await kit.advanceTo(T0 + 10 * SECOND);
      expect((await kit.claim()).map(({ events }) => events.length)).toEqual([1, 1]);
    });
  });

  describe("singleton", () => {
    const skip = { key: "s", mode: "skip" as const };
    const cancel = { key: "s", mode: "cancel" as const };

    test("a start is skipped while a run of the key lives, and is recorded", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ singleton: skip });
      const outcome = await kit.start({ singleton: skip });
      expect(outcome.outcome).toBe("skipped");
      const { runId } = outcome as { runId: string };
      expect(await kit.store.getRun(runId)).toMatchObject({
        state: "skipped",
        finishedAt: T0,
        error: { code: "RUNS_SKIPPED" },
      });
      await kit.suspend(run, { dueAt: T0 + 1 });
      expect((await kit.start({ singleton: skip })).outcome).toBe("skipped");
      await kit.advanceTo(T0 + 1);
      await kit.finish(await kit.claimOne());
      await kit.started({ singleton: skip });
    });

    test("a start cancels the run of the key that lives", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ singleton: cancel });
      const next = await kit.started({ singleton: cancel });
      expect(await kit.state(run.id)).toBe("canceled");
      expect(await kit.append(run, [done("late")])).toBe(false);
      const last = await kit.started({ singleton: cancel });
      expect(await kit.state(next)).toBe("canceled");
      expect(await kit.claimedIds()).toEqual([last]);
    });

    test("counts each key and function by itself", async () => {
      const kit = new RunKit(open());
      await kit.started({ singleton: skip });
      await kit.started({ singleton: { ...skip, key: "t" } });
      await kit.started({ singleton: skip, functionId: "other" });
      expect(await kit.claim(9, ["fn", "other"])).toHaveLength(3);
    });

    test("a run that is delayed holds the key too", async () => {
      const kit = new RunKit(open());
      await kit.started({ singleton: skip, notBefore: T0 + HOUR });
      expect((await kit.start({ singleton: skip })).outcome).toBe("skipped");
      await kit.advanceTo(T0 + HOUR);
      await kit.claimOne();
    });
  });
}
