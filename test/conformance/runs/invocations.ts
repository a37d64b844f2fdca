import { describe, expect, test } from "vitest";
import type { StartRequest } from "../../../src/runs/store/run-store.ts";
import { done, HOUR, pending, RunKit, type RunStoreKind, T0 } from "./kit.ts";

export function testInvocations({ open, openTwo }: RunStoreKind): void {
  /** A run that waits for another one, of `child`. */
  async function invoke(kit: RunKit, more: Partial<StartRequest> = {}) {
    const start = kit.request({ functionId: "child", ...more });
    return kit.waiting({ kind: "invoke", start }, { functionId: "parent" });
  }

  /** The step of the parent, once it goes on. */
  async function answered(kit: RunKit) {
    const parent = await kit.claimOne("parent");
    return parent.journal[0]!;
  }

  describe("invocations", () => {
    test("the child's result is the parent's", async () => {
      const kit = new RunKit(open());
      await invoke(kit, { events: [kit.event("invoked", { n: 1 })] });
      expect(await kit.claim(5, ["parent"])).toEqual([]);
      const child = await kit.claimOne("child");
      expect(child.events[0]!.data).toEqual({ n: 1 });
      kit.now += 9;
      await kit.finish(child, '{"sum":2}');
      expect(await answered(kit)).toMatchObject({
        kind: "invoke",
        state: "pending",
        data: '{"sum":2}',
        at: T0 + 9,
      });
    });

    test("the child's error is the parent's", async () => {
      const kit = new RunKit(open());
      await invoke(kit);
      await kit.fail(await kit.claimOne("child"), "no stock");
      expect((await answered(kit)).error).toEqual({ name: "Error", message: "no stock" });
    });

    test("without a result it is null", async () => {
      const kit = new RunKit(open());
      await invoke(kit);
      const { key: run, generation } = await kit.claimOne("child");
      const batch = kit.batch([]);
      await kit.store.finish({ now: T0, run, generation, state: "completed", ...batch });
      expect((await answered(kit)).data).toBe("null");
    });

    test.each([
      ["canceled", "RUNS_CANCELED", {}],
      ["expired", "RUNS_EXPIRED", { startTimeoutMs: 10 }],
      ["timed out", "RUNS_TIMED_OUT", { finishTimeoutMs: 10 }],
    ])("a child that was %s fails the step", async (what, code, more) => {
      const kit = new RunKit(open());
      await invoke(kit, more);
      if (what === "timed out") await kit.claimOne("child");
      if (what === "canceled") {
        const [child] = await kit.store.listRuns({ functionId: "child", limit: 1 });
        await kit.store.cancel({ now: T0, runId: child!.id, reason: "" });
      }
      await kit.advanceTo(T0 + 10);
      expect((await answered(kit)).error).toMatchObject({ code });
    });

    test("a child that a rate limit drops fails the step at once", async () => {
      const kit = new RunKit(open());
      const rate = { key: "r", limit: 1, periodMs: HOUR, burst: 0, mode: "gcra" as const };
      await kit.started({ functionId: "child", rateLimit: rate });
      await invoke(kit, { rateLimit: rate });
      expect((await answered(kit)).error).toMatchObject({ code: "RUNS_RATE_LIMITED" });
    });

    test("a child that a singleton skips fails the step at once", async () => {
      const kit = new RunKit(open());
      const singleton = { key: "s", mode: "skip" as const };
      await kit.started({ functionId: "child", singleton });
      await invoke(kit, { singleton });
      expect((await answered(kit)).error).toMatchObject({ code: "RUNS_SKIPPED" });
    });

    test("all that joined a debounce get the result of the run that comes of it", async () => {
      const kit = new RunKit(open());
      const debounce = { key: "d", periodMs: 100 };
      for (let n = 0; n < 3; n++) await invoke(kit, { debounce });
      await kit.advanceTo(T0 + 100);
      await kit.finish(await kit.claimOne("child"), "5");
      const parents = await kit.claim(9, ["parent"]);
      expect(parents.map(({ journal }) => journal[0]!.data)).toEqual(["5", "5", "5"]);
    });

    test("all that joined a batch get its result", async () => {
      const kit = new RunKit(open());
      const batch = { key: "b", maxSize: 2, timeoutMs: 100 };
      for (let n = 0; n < 2; n++) await invoke(kit, { batch });
      await kit.finish(await kit.claimOne("child"), "6");
      expect(await kit.claim(9, ["parent"])).toHaveLength(2);
    });

    test("an equal start gets the result of the first, also when that has ended", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "k", until: T0 + HOUR };
      const parents = [await invoke(kit, { idempotency }), await invoke(kit, { idempotency })];
      await kit.finish(await kit.claimOne("child"), "7");
      parents.push(await invoke(kit, { idempotency }));
      const entries = await Promise.all(parents.map((parent) => kit.waitEntry(parent)));
      expect(entries.map((entry) => entry!.data)).toEqual(["7", "7", "7"]);
      expect(await kit.state(parents[2]!.id)).toBe("queued");
    });

    test("an equal start whose result is no longer kept fails the step", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "k", until: T0 + HOUR };
      await kit.finish(await kit.running({ functionId: "child", idempotency }));
      const keep = { keepRunsMs: Infinity, keepRuns: 0, keepEventsMs: Infinity };
      await kit.store.sweep({ now: T0, ...keep });
      await invoke(kit, { idempotency });
      expect((await answered(kit)).error).toMatchObject({ code: "RUNS_FORGOTTEN" });
    });

    test("a result that comes after the step's final entry is not wanted", async () => {
      const kit = new RunKit(open());
      const parent = await kit.running({ functionId: "parent" });
      const start = kit.request({ functionId: "child" });
      await kit.append(parent, [pending("wait", T0, T0 + HOUR, { kind: "invoke", start })]);
      await kit.append(parent, [done("wait", '"early"', "invoke")]);
      await kit.suspend(parent, { dueAt: T0 + HOUR });
      await kit.finish(await kit.claimOne("child"), "8");
      expect(await kit.state(parent.id)).toBe("waiting");
      expect((await kit.waitEntry(parent))!.data).toBe('"early"');
    });

    test("a result that comes after the parent's end is not wanted", async () => {
      const kit = new RunKit(open());
      const parent = await invoke(kit);
      await kit.store.cancel({ now: T0, runId: parent.id, reason: "" });
      expect(await kit.finish(await kit.claimOne("child"))).toBe(true);
      expect(await kit.state(parent.id)).toBe("canceled");
    });

    test("the holder of a parent hears of the child's end", async () => {
      const kit = new RunKit(open());
      const { news } = kit.listen();
      const parent = await kit.running({ functionId: "parent" });
      const start = kit.request({ functionId: "child" });
      await kit.append(parent, [pending("wait", T0, T0 + HOUR, { kind: "invoke", start })]);
      await kit.finish(await kit.claimOne("child"), "9");
      expect(news).toMatchObject([{ run: parent.key, answered: [{ key: "wait", data: "9" }] }]);
    });

    test("a run that invokes itself as a singleton that cancels is canceled", async () => {
      const kit = new RunKit(open());
      const singleton = { key: "s", mode: "cancel" as const };
      const run = await kit.running({ singleton });
      const start = kit.request({ singleton });
      const wait = { kind: "invoke" as const, start };
      const writes = [pending("wait", T0, T0 + HOUR, wait), done("never")];
      expect(await kit.suspend(run, { writes, dueAt: T0 + HOUR })).toBe(false);
      expect(await kit.state(run.id)).toBe("canceled");
      expect((await kit.claimOne()).id).toBe(start.runId);
    });
  });

  describe("signals", () => {
    const forSignal = (signal: string, onConflict: "fail" | "replace" = "fail") =>
      ({ kind: "signal", signal, onConflict }) as const;
    const send = ({ store, now }: RunKit, signal: string, data = "1") =>
      store.signal({ now, signal, data });

    test("reach the run that waits for them, once", async () => {
      const kit = new RunKit(open());
      const run = await kit.waiting(forSignal("go"));
      expect(await send(kit, "other")).toBeUndefined();
      expect(await send(kit, "go", '{"ok":1}')).toBe(run.id);
      expect(await send(kit, "go")).toBeUndefined();
      const { journal } = await kit.claimOne();
      expect(journal[0]).toMatchObject({ kind: "signal", state: "pending", data: '{"ok":1}' });
    });

    test("are not kept for later, and are no events", async () => {
      const kit = new RunKit(open());
      expect(await send(kit, "go")).toBeUndefined();
      const run = await kit.waiting(forSignal("go"));
      await kit.send("go");
      expect(await kit.state(run.id)).toBe("waiting");
    });

    test("a second waiter fails if it said so", async () => {
      const kit = new RunKit(open());
      const first = await kit.waiting(forSignal("go"));
      const second = await kit.waiting(forSignal("go", "fail"));
      const again = await kit.claimOne();
      expect(again.id).toBe(second.id);
      expect(again.journal[0]!.error).toMatchObject({ code: "RUNS_SIGNAL_TAKEN" });
      expect(await send(kit, "go")).toBe(first.id);
    });

    test("a second waiter takes the place of the first if it said so", async () => {
      const kit = new RunKit(open());
      const first = await kit.waiting(forSignal("go"));
      const second = await kit.waiting(forSignal("go", "replace"));
      expect(await send(kit, "go")).toBe(second.id);
      expect(await send(kit, "go")).toBeUndefined();
      expect(await kit.state(first.id)).toBe("waiting");
      await kit.advanceTo(T0 + HOUR);
      expect((await kit.claimedIds()).toSorted()).toEqual([first.id, second.id].toSorted());
    });

    test("a waiter whose time is over is in nobody's way", async () => {
      const kit = new RunKit(open());
      await kit.waiting(forSignal("go"), { until: T0 + 10 });
      kit.now = T0 + 10;
      expect(await send(kit, "go")).toBeUndefined();
      const second = await kit.waiting(forSignal("go"));
      expect(await send(kit, "go")).toBe(second.id);
    });

    test.skipIf(openTwo === undefined)("reach a run from another process", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const run = await a.waiting(forSignal("go"));
      expect(await send(b, "go")).toBe(run.id);
      expect((await a.claimOne()).id).toBe(run.id);
    });
  });
}
