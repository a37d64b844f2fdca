import { describe, expect, test } from "vitest";
import type { ChildEnd } from "../../../src/runs/store/start-details.ts";
import type { ClaimedRun, JournalWrite, StartRequest } from "../../../src/runs/store/run-store.ts";
import { done, HOUR, pending, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

const endsOf = (data: string | undefined): ChildEnd[] => JSON.parse(data!) as ChildEnd[];

/** Runs that start others, and wait for them or not. */
export function testTaskChildren({ open, openTwo }: RunStoreKind): void {
  const starting = (kit: RunKit, count: number, more: Partial<StartRequest> = {}) =>
    Array.from({ length: count }, () => kit.request({ functionId: "child", ...more }));
  const effect = (kit: RunKit, count: number): JournalWrite => ({
    ...done("start", undefined, "start"),
    effect: { kind: "start", starts: starting(kit, count) },
  });

  describe("children", () => {
    test("wake their parent once, when the last has ended, with all ends in order", async () => {
      const kit = new RunKit(open());
      const starts = starting(kit, 3);
      const parent = await kit.waiting({ kind: "children", starts }, { until: Infinity });
      const children = await kit.claim(9, ["child"]);
      await kit.finish(children[2]!, '{"n":2}');
      await kit.fail(children[0]!, "no");
      expect(await kit.state(parent.id)).toBe("waiting");
      await kit.store.cancel({ now: T0, runId: children[1]!.id, reason: "enough" });
      const again = await kit.claimOne();
      expect(endsOf(again.journal[0]!.data)).toEqual([
        {
          runId: starts[0]!.runId,
          functionId: "child",
          state: "failed",
          error: { name: "Error", message: "no" },
        },
        {
          runId: starts[1]!.runId,
          functionId: "child",
          state: "canceled",
          error: expect.objectContaining({ code: "RUNS_CANCELED" }) as unknown,
        },
        { runId: starts[2]!.runId, functionId: "child", state: "completed", output: '{"n":2}' },
      ]);
    });

    test("that end while their parent is held are news to its holder", async () => {
      const kit = new RunKit(open());
      const { news } = kit.listen();
      const parent = await kit.running();
      const wait = { kind: "children", starts: starting(kit, 2) } as const;
      await kit.append(parent, [pending("wait", T0, Infinity, wait)]);
      for (const child of await kit.claim(9, ["child"])) await kit.finish(child, "1");
      expect(news).toHaveLength(1);
      expect(news[0]).toMatchObject({ run: parent.key, held: true, answered: [{ key: "wait" }] });
      await kit.append(parent, [done("wait", "[]", "child")]);
      await kit.suspend(parent, { dueAt: T0 + HOUR });
      expect(await kit.state(parent.id)).toBe("waiting");
    });

    test("are started once, where an equal start was made before, and waited for once", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "k", until: T0 + HOUR };
      const starts = starting(kit, 3, { idempotency });
      await kit.waiting({ kind: "children", starts });
      const child = await kit.claimOne("child");
      await kit.finish(child, "5");
      const ends = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(ends.map(({ runId, output }) => [runId, output])).toEqual(
        [1, 2, 3].map(() => [child.id, "5"]),
      );
    });

    test("none to wait for is an answer at once", async () => {
      const kit = new RunKit(open());
      await kit.waiting({ kind: "children", starts: [] });
      expect((await kit.claimOne()).journal[0]!.data).toBe("[]");
    });

    test("that were refused or forgotten have an end that says so", async () => {
      const kit = new RunKit(open());
      const rateLimit = { key: "r", limit: 1, periodMs: HOUR, burst: 0, mode: "window" } as const;
      const starts = starting(kit, 2, { rateLimit });
      await kit.waiting({ kind: "children", starts });
      await kit.finish(await kit.claimOne("child"));
      const [first, second] = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(first!.state).toBe("completed");
      expect(second).toMatchObject({ state: "skipped", error: { code: "RUNS_RATE_LIMITED" } });
      await kit.waiting({ kind: "runs", runIds: ["run_x"] });
      const [gone] = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(gone).toMatchObject({ runId: "run_x", error: { code: "RUNS_FORGOTTEN" } });
    });

    test("keep their ends for a parent that sleeps longer than they are kept", async () => {
      const kit = new RunKit(open());
      await kit.waiting({ kind: "children", starts: starting(kit, 2) }, { until: Infinity });
      const [first, second] = await kit.claim(9, ["child"]);
      await kit.finish(first!, "1");
      kit.now += HOUR;
      await kit.store.sweep({ now: kit.now, keepRunsMs: 0, keepRuns: 0, keepEventsMs: 0 });
      expect(await kit.store.getRun(first!.id)).toBeUndefined();
      await kit.finish(second!, "2");
      const ends = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(ends.map(({ output }) => output)).toEqual(["1", "2"]);
    });

    test("a wait that is over hears no more of them", async () => {
      const kit = new RunKit(open());
      const parent = await kit.running();
      const wait = { kind: "children", starts: starting(kit, 2) } as const;
      await kit.append(parent, [pending("wait", T0, T0 + SECOND, wait)]);
      await kit.append(parent, [done("wait", "null", "child")]);
      for (const child of await kit.claim(9, ["child"])) await kit.finish(child);
      await kit.finish(parent);
      expect((await kit.store.getRun(parent.id))!.journal).toMatchObject([{ data: "null" }]);
    });

    test("a thousand in one write", async () => {
      const kit = new RunKit(open());
      await kit.waiting({ kind: "children", starts: starting(kit, 1000) });
      const children = await kit.claim(1000, ["child"]);
      await Promise.all(children.map((child, n) => kit.finish(child, String(n))));
      const ends = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(ends.map(({ output }) => Number(output))).toEqual([...Array(1000).keys()]);
    });

    test.skipIf(openTwo === undefined)("of another process wake it too", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      await a.waiting({ kind: "children", starts: starting(a, 1) });
      await b.finish(await b.claimOne("child"), "1");
      expect(endsOf((await b.claimOne()).journal[0]!.data)).toMatchObject([{ output: "1" }]);
    });
  });

  describe("starts of a step", () => {
    test("are made with its entry, which has what became of them", async () => {
      const kit = new RunKit(open());
      const parent = await kit.running();
      const idempotency = { key: "k", until: T0 + HOUR };
      const known = await kit.started({ functionId: "child", idempotency });
      const [start] = starting(kit, 1);
      const write = effect(kit, 1);
      const effects = [
        write,
        {
          ...done("second", undefined, "start"),
          effect: { kind: "start", starts: [{ ...start!, idempotency }] },
        } as const,
      ];
      const filled = (await kit.append(parent, [done("a"), ...effects])) as string[];
      const started = JSON.parse(filled[0]!) as { runId: string }[];
      expect(started).toMatchObject([{ isCached: false }]);
      expect(JSON.parse(filled[1]!)).toEqual([{ runId: known, isCached: true }]);
      expect(await kit.claimedIds(9, ["child"])).toEqual([known, started[0]!.runId]);
      const { journal } = (await kit.store.getRun(parent.id))!;
      expect(journal.map(({ key, data }) => [key, data])).toEqual([
        ["a", "null"],
        ["start", filled[0]],
        ["second", filled[1]],
      ]);
    });

    test("are refused to who no longer holds the run", async () => {
      const kit = new RunKit(open());
      const parent = await kit.running();
      await kit.store.cancel({ now: T0, runId: parent.id, reason: "" });
      expect(await kit.append(parent, [effect(kit, 1)])).toBe(false);
      expect(await kit.claim(9, ["child"])).toEqual([]);
    });
  });

  describe("waiting for runs that exist", () => {
    test("gives the ends of those that have ended, and of those that have not", async () => {
      const kit = new RunKit(open());
      const [ended, live] = [
        await kit.running({ functionId: "child" }),
        await kit.running({ functionId: "child" }),
      ];
      await kit.finish(ended, "1");
      const runIds = [live.id, ended.id, live.id];
      await kit.waiting({ kind: "runs", runIds });
      await kit.finish(live, "2");
      const ends = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(ends.map(({ runId, output }) => [runId, output])).toEqual([
        [live.id, "2"],
        [ended.id, "1"],
        [live.id, "2"],
      ]);
    });
  });

  describe("runs that would wait for each other", () => {
    test("a start that is merged into a run that waits is an end that says so", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "k", until: T0 + HOUR };
      const [start] = starting(kit, 1);
      const root = await kit.waiting({ kind: "children", starts: [start!] }, { idempotency });
      const child = await kit.claimOne("child");
      const again = kit.request({ idempotency });
      await kit.suspend(child, {
        writes: [pending("wait", T0, Infinity, { kind: "children", starts: [again] })],
      });
      const { journal } = await kit.claimOne("child");
      expect(endsOf(journal[0]!.data)).toMatchObject([
        { runId: root.id, functionId: "fn", state: "failed", error: { code: "RUNS_WAIT_CYCLE" } },
      ]);
    });

    test("a run cannot wait for itself", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const wait = { kind: "runs", runIds: [run.id] } as const;
      await kit.suspend(run, { writes: [pending("wait", T0, Infinity, wait)] });
      const [end] = endsOf((await kit.claimOne()).journal[0]!.data);
      expect(end).toMatchObject({ error: { code: "RUNS_WAIT_CYCLE" } });
    });

    test("a run that has given up its wait may be waited for", async () => {
      const kit = new RunKit(open());
      const root = await kit.running();
      const [start] = starting(kit, 1);
      const wait = { kind: "children", starts: [start!] } as const;
      await kit.append(root, [pending("wait", T0, T0 + SECOND, wait)]);
      await kit.append(root, [done("wait", "null", "child")]);
      const child = await kit.claimOne("child");
      const forRoot = { kind: "runs", runIds: [root.id] } as const;
      await kit.suspend(child, { writes: [pending("wait", T0, Infinity, forRoot)] });
      await kit.finish(root, "1");
      const [end] = endsOf((await kit.claimOne("child")).journal[0]!.data);
      expect(end).toMatchObject({ runId: root.id, output: "1" });
    });
  });

  describe("canceling", () => {
    const childOf = (kit: RunKit, parent: { id: string }): Promise<ClaimedRun> =>
      kit.running({ functionId: "child", details: { parentRunId: parent.id } });

    test("takes unfinished children along, and theirs", async () => {
      const kit = new RunKit(open());
      const root = await kit.running();
      const [a, b] = [await childOf(kit, root), await childOf(kit, root)];
      const grandchild = await childOf(kit, a);
      const other = await kit.running();
      await kit.finish(b);
      await kit.store.cancel({ now: T0, runId: root.id, reason: "enough" });
      const states = await Promise.all(
        [root, a, b, grandchild, other].map(({ id }) => kit.state(id)),
      );
      expect(states).toEqual(["canceled", "canceled", "completed", "canceled", "running"]);
      expect((await kit.store.getRun(grandchild.id))!.error!.message).toContain(a.id);
    });

    test("does so when an event cancels", async () => {
      const kit = new RunKit(open());
      const cancelOn = [{ event: "stop", equals: [], until: T0 + HOUR }];
      const root = await kit.running({ cancelOn });
      const child = await childOf(kit, root);
      await kit.send("stop");
      expect(await kit.state(child.id)).toBe("canceled");
    });

    test("wakes no parent on the way, and lets nobody in whose turn is over", async () => {
      const kit = new RunKit(open());
      const slots = [{ key: "s", limit: 1 }];
      const root = await kit.running({ slots });
      const details = { parentRunId: root.id };
      const starts = [1, 2].map(() => kit.request({ slots, details }));
      await kit.suspend(root, {
        writes: [pending("wait", T0, Infinity, { kind: "children", starts })],
      });
      const [first] = await kit.claim();
      const outsider = await kit.started({ slots });
      await kit.store.cancel({ now: T0, runId: root.id, reason: "" });
      expect(await kit.state(first!.id)).toBe("canceled");
      expect(await kit.state(starts[1]!.runId)).toBe("canceled");
      expect(await kit.claimedIds()).toEqual([outsider]);
    });
  });

  describe("attempts of the whole handler", () => {
    test("steps that finish reset only the count of lost leases", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.suspend(run, { dueAt: T0, attempt: 2 });
      const again = await kit.claimOne();
      expect(again.attempt).toBe(2);
      await kit.advanceTo(T0 + HOUR);
      const third = await kit.claimOne();
      expect([third.attempt, third.losses]).toEqual([2, 1]);
      await kit.store.append({
        now: kit.now,
        run: third.key,
        generation: third.generation,
        writes: [done("a")],
        resetAttempt: true,
        keepsAttempt: true,
      });
      await kit.advanceTo(T0 + 2 * HOUR);
      expect(await kit.claimOne()).toMatchObject({ attempt: 2, losses: 1 });
    });

    test("what a step was called with is in its entry", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const { entry } = done("a");
      await kit.append(run, [{ entry: { ...entry, args: "hash" } }, done("b")]);
      const { journal } = (await kit.store.getRun(run.id))!;
      expect(journal).toEqual([{ ...entry, args: "hash" }, done("b").entry]);
    });

    test("which runs wait as they were suspended", async () => {
      const kit = new RunKit(open());
      const [a, b] = [await kit.running(), await kit.running()];
      for (const run of [a, b]) await kit.suspend(run, { dueAt: T0 + HOUR });
      await kit.store.wake({ now: T0, run: b.key, generation: 1 });
      const runs = [a, b].map(({ key }) => ({ run: key, generation: 1 }));
      expect(await kit.store.stillWaiting(runs)).toEqual([a.key]);
      expect(await kit.store.stillWaiting([{ run: a.key, generation: 2 }])).toEqual([]);
    });
  });
}
