import { describe, expect, test } from "vitest";
import type { DebounceRequest } from "../../../src/runs/store/run-store.ts";
import type { StartDetails } from "../../../src/runs/store/start-details.ts";
import { HOUR, MINUTE, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

/** Starts as tasks make them: details, keys that a failure gives back, debounces, other times. */
export function testTaskStarts({ open }: RunStoreKind): void {
  describe("details of a start", () => {
    const details: StartDetails = {
      tags: ["user_1", "nightly"],
      metadata: '{"progress":0}',
      parentRunId: "run_parent",
      depth: 2,
      scheduleId: "sched_1",
      isTest: true,
      replayOf: "run_before",
      maxAttempts: 5,
      maxDurationMs: MINUTE,
      queue: "mail",
      extra: '{"a":1}',
    };

    test("come with the run, to its holder and to people", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ details });
      const all = { ...details, rootRunId: "run_parent" };
      expect(run.details).toEqual(all);
      expect((await kit.store.getRun(run.id))!.details).toEqual(all);
      await kit.finish(run);
      expect((await kit.store.getRun(run.id))!.details).toEqual(all);
    });

    test("a run without any has none", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ details: {} });
      expect(run.details).toBeUndefined();
      expect(await kit.store.getRun(run.id)).not.toHaveProperty("details");
    });

    test("the root of a grandchild is that of its parent", async () => {
      const kit = new RunKit(open());
      const root = await kit.started();
      const child = await kit.started({ details: { parentRunId: root } });
      const grandchild = await kit.started({ details: { parentRunId: child } });
      expect((await kit.store.getRun(grandchild))!.details).toMatchObject({ rootRunId: root });
    });

    test("a live run that its process remembers is claimed without them", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ details });
      await kit.suspend(run, { dueAt: T0 + SECOND });
      await kit.advanceTo(T0 + SECOND);
      const params = { now: kit.now, functionIds: ["fn"], limit: 9, leaseMs: HOUR };
      const asked: unknown[] = [];
      const [again] = await kit.store.claim({
        ...params,
        isParked: (...args) => asked.push(args) > 0,
      });
      expect(asked).toEqual([[run.id, 1]]);
      expect(again).toMatchObject({ id: run.id, generation: 2, events: [], journal: [] });
    });
  });

  describe("idempotency keys", () => {
    const idempotency = { key: "k", until: T0 + HOUR, clearedByFailure: true };

    test("are given back by a run that fails", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ idempotency });
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId: run.id });
      await kit.fail(run);
      const second = await kit.started({ idempotency });
      expect(second).not.toBe(run.id);
    });

    test("are given back by a run that expires", async () => {
      const kit = new RunKit(open());
      await kit.started({ idempotency, startTimeoutMs: SECOND });
      await kit.advanceTo(T0 + SECOND);
      expect(await kit.start({ idempotency })).toMatchObject({ outcome: "started" });
    });

    test("are kept by runs that complete, or are canceled", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ idempotency });
      await kit.finish(run);
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId: run.id });
      const other = { ...idempotency, key: "other" };
      const runId = await kit.started({ idempotency: other });
      await kit.store.cancel({ now: T0, runId, reason: "" });
      expect(await kit.start({ idempotency: other })).toEqual({ outcome: "duplicate", runId });
    });

    test("are kept by a failure that does not say so", async () => {
      const kit = new RunKit(open());
      const plain = { key: "k", until: T0 + HOUR };
      const run = await kit.running({ idempotency: plain });
      await kit.fail(run);
      expect(await kit.start({ idempotency: plain })).toMatchObject({ outcome: "duplicate" });
    });

    test("a late failure does not take the key from a newer run", async () => {
      const kit = new RunKit(open());
      const first = await kit.running({ idempotency });
      await kit.store.stores.starts.resetIdempotency({ now: T0, functionId: "fn", key: "k" });
      const second = await kit.started({ idempotency });
      await kit.fail(first);
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId: second });
    });

    test("are reset by hand, for one function", async () => {
      const kit = new RunKit(open());
      const { starts } = kit.store.stores;
      await kit.started({ idempotency });
      const reset = { now: T0, functionId: "fn", key: "k" };
      expect(await starts.resetIdempotency({ ...reset, functionId: "other" })).toBe(false);
      expect(await starts.resetIdempotency(reset)).toBe(true);
      expect(await starts.resetIdempotency(reset)).toBe(false);
      await kit.started({ idempotency });
    });
  });

  describe("debounces of tasks", () => {
    const debounce = (more: Partial<DebounceRequest>): DebounceRequest => ({
      key: "d",
      periodMs: 10 * SECOND,
      ...more,
    });
    const join = async (kit: RunKit, n: number, more: Partial<DebounceRequest>) => {
      const outcome = await kit.start({
        events: [kit.event("called", { n })],
        debounce: debounce(more),
        details: { tags: [`t${n}`], metadata: `{"n":${n}}`, maxAttempts: n, extra: `"${n}"` },
        prioritySeconds: n,
      });
      return (outcome as { runId: string }).runId;
    };

    test("leading keeps the first start, and moves its time", async () => {
      const kit = new RunKit(open());
      const id = await join(kit, 1, { mode: "leading" });
      kit.now = T0 + 5 * SECOND;
      expect(await join(kit, 2, { mode: "leading" })).toBe(id);
      await kit.advanceTo(T0 + 14 * SECOND);
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(T0 + 15 * SECOND);
      const run = await kit.claimOne();
      expect(run.events.map(({ data }) => data)).toEqual([{ n: 1 }]);
      expect(run.details).toMatchObject({ tags: ["t1"], metadata: '{"n":1}', maxAttempts: 1 });
    });

    test("trailing takes the data of the last, and leaves the rest", async () => {
      const kit = new RunKit(open());
      const id = await join(kit, 1, { mode: "trailing" });
      kit.now = T0 + 5 * SECOND;
      expect(await join(kit, 2, { mode: "trailing" })).toBe(id);
      await kit.advanceTo(T0 + 15 * SECOND);
      const run = await kit.claimOne();
      expect(run.events.map(({ data }) => data)).toEqual([{ n: 2 }]);
      expect(run.details).toEqual({
        tags: ["t2"],
        metadata: '{"n":2}',
        maxAttempts: 2,
        extra: '"1"',
      });
      expect(await kit.store.stores.runs.list({ limit: 9, tags: ["t1"] })).toEqual([]);
      expect(await kit.store.stores.runs.list({ limit: 9, tags: ["t2"] })).toHaveLength(1);
    });

    test("past the longest delay the run keeps its time, and another one is made", async () => {
      const kit = new RunKit(open());
      const bounded = { mode: "trailing", maxDelayMs: 18 * SECOND } as const;
      const first = await join(kit, 1, bounded);
      kit.now = T0 + 8 * SECOND;
      expect(await join(kit, 2, bounded)).toBe(first);
      kit.now = T0 + 9 * SECOND;
      const second = await join(kit, 3, bounded);
      expect(second).not.toBe(first);
      kit.now = T0 + 12 * SECOND;
      expect(await join(kit, 4, bounded)).toBe(second);
      await kit.advanceTo(T0 + 18 * SECOND);
      const run = await kit.claimOne();
      expect([run.id, run.events[0]!.data]).toEqual([first, { n: 2 }]);
    });

    test("a failure gives back the keys of all starts that were merged", async () => {
      const kit = new RunKit(open());
      const keys = ["a", "b", "c"].map((key) => ({
        key,
        until: T0 + HOUR,
        clearedByFailure: true,
      }));
      for (const idempotency of keys)
        await kit.start({ debounce: debounce({ mode: "leading" }), idempotency });
      await kit.advanceTo(T0 + 10 * SECOND);
      await kit.fail(await kit.claimOne());
      for (const idempotency of keys)
        expect(await kit.start({ idempotency })).toMatchObject({ outcome: "started" });
    });

    test("whoever waits for a merged start gets the end of the run", async () => {
      const kit = new RunKit(open());
      const start = () => kit.request({ functionId: "child", debounce: debounce({}) });
      await kit.waiting({ kind: "children", starts: [start(), start()] });
      await kit.advanceTo(T0 + 10 * SECOND);
      await kit.finish(await kit.claimOne("child"), "7");
      const [entry] = (await kit.claimOne()).journal;
      expect(JSON.parse(entry!.data!)).toMatchObject([{ output: "7" }, { output: "7" }]);
    });
  });

  describe("delays", () => {
    test("the time to live begins when the delay is over, and ends with the first start", async () => {
      const kit = new RunKit(open());
      const late = await kit.started({ notBefore: T0 + HOUR, startTimeoutMs: MINUTE });
      await kit.advanceTo(T0 + HOUR + MINUTE - 1);
      expect(await kit.state(late)).toBe("queued");
      const early = await kit.started({ startTimeoutMs: MINUTE });
      await kit.suspend(
        (await kit.claim()).find(({ id }) => id === early)!,
        {
          dueAt: kit.now + HOUR,
        },
      );
      await kit.advanceTo(T0 + HOUR + 5 * MINUTE);
      expect(await kit.state(early)).toBe("waiting");
      // Its holder died.
      expect(await kit.state(late)).toBe("queued");
    });

    test("a delayed run is given another time, earlier or later", async () => {
      const kit = new RunKit(open());
      const { starts } = kit.store.stores;
      const runId = await kit.started({ notBefore: T0 + HOUR });
      expect((await kit.store.getRun(runId))!.dueAt).toBe(T0 + HOUR);
      expect(await starts.reschedule({ now: T0, runId, notBefore: T0 + 2 * HOUR })).toBe(true);
      await kit.advanceTo(T0 + HOUR);
      expect(await kit.state(runId)).toBe("delayed");
      expect(await starts.reschedule({ now: kit.now, runId, notBefore: T0 })).toBe(true);
      await kit.advanceTo(T0 + HOUR);
      expect(await kit.claimedIds()).toEqual([runId]);
      expect(await starts.reschedule({ now: kit.now, runId, notBefore: T0 })).toBe(false);
      expect(await starts.reschedule({ now: T0, runId: "run_x", notBefore: T0 })).toBe(false);
    });
  });
}
