import { describe, expect, test } from "vitest";
import type { RunStore } from "../../../src/runs/store/run-store.ts";
import { HOUR, MINUTE, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

export function testTimes({ open, openTwo }: RunStoreKind): void {
  describe("timeouts", () => {
    test("a run that is not claimed in time expires", async () => {
      const kit = new RunKit(open());
      const startTimeoutMs = 10 * SECOND;
      const late = await kit.started({ startTimeoutMs });
      const parked = await kit.started({ startTimeoutMs, slots: [{ key: "x", limit: 0 }] });
      await kit.advanceTo(T0 + 10 * SECOND - 1);
      expect(await kit.state(late)).toBe("queued");
      await kit.advanceTo(T0 + 10 * SECOND);
      for (const id of [late, parked])
        expect(await kit.store.getRun(id)).toMatchObject({
          state: "expired",
          error: { code: "RUNS_EXPIRED" },
        });
      expect(await kit.claim()).toEqual([]);
    });

    test("the time to start ends with the first claim, and begins when a delayed run is queued", async () => {
      const kit = new RunKit(open());
      const run = await kit.running({ startTimeoutMs: SECOND });
      await kit.suspend(run, { dueAt: T0 });
      await kit.advanceTo(T0 + SECOND);
      expect(await kit.state(run.id)).toBe("queued");
      const delayed = await kit.started({ startTimeoutMs: SECOND, notBefore: T0 + HOUR });
      await kit.advanceTo(T0 + HOUR);
      await kit.advanceTo(T0 + HOUR + SECOND - 1);
      expect(await kit.state(delayed)).toBe("queued");
      await kit.advanceTo(T0 + HOUR + SECOND);
      expect(await kit.state(delayed)).toBe("expired");
    });

    test.each(["running", "waiting", "queued"])(
      "a run that does not end in time is timed out when it is %s",
      async (state) => {
        const kit = new RunKit(open());
        const id = await kit.started({ finishTimeoutMs: 5 * SECOND });
        kit.now += MINUTE;
        const run = await kit.claimOne();
        if (state !== "running") await kit.suspend(run, { dueAt: kit.now + HOUR });
        if (state === "queued")
          await kit.store.wake({ now: kit.now, run: run.key, generation: run.generation });
        await kit.advanceTo(T0 + MINUTE + 5 * SECOND - 1);
        expect(await kit.state(id)).toBe(state);
        await kit.advanceTo(T0 + MINUTE + 5 * SECOND);
        expect(await kit.store.getRun(id)).toMatchObject({
          state: "timedOut",
          error: { code: "RUNS_TIMED_OUT" },
        });
        expect(await kit.finish(run)).toBe(false);
        expect(await kit.advanceTo(T0 + 2 * HOUR)).toBe(Infinity);
      },
    );

    test("leave nothing behind when the run ends in time", async () => {
      const kit = new RunKit(open());
      const timeouts = { startTimeoutMs: MINUTE, finishTimeoutMs: MINUTE };
      await kit.finish(await kit.running(timeouts));
      const canceled = await kit.started(timeouts);
      await kit.store.cancel({ now: T0, runId: canceled, reason: "" });
      expect(await kit.store.advance({ now: T0 })).toBe(Infinity);
    });
  });

  describe("what is due", () => {
    test("thousands of runs that wake at once all wake, a bite at a time", async () => {
      const kit = new RunKit(open());
      const count = 2000;
      const starts = Array.from({ length: count }, () => kit.request({ notBefore: T0 + MINUTE }));
      const events = starts.map(({ events }) => events[0]!);
      await kit.store.ingest({ now: T0, ...kit.batch(events, starts) });
      expect(await kit.store.advance({ now: T0 })).toBe(T0 + MINUTE);
      kit.now = T0 + MINUTE;
      expect(await kit.store.advance({ now: kit.now })).toBeLessThanOrEqual(kit.now);
      await kit.advanceTo(kit.now);
      expect(await kit.claim(count)).toHaveLength(count);
    });

    test("listeners hear that there is work, and when the next is due", async () => {
      const kit = new RunKit(open());
      const { work } = kit.listen();
      await kit.started();
      expect(work.splice(0)).toEqual([{ claimable: true, dueAt: Infinity }]);
      await kit.started({ notBefore: T0 + HOUR });
      expect(work.splice(0)).toEqual([{ claimable: false, dueAt: T0 + HOUR }]);
      const run = await kit.claimOne();
      work.splice(0);
      await kit.suspend(run, { dueAt: T0 + MINUTE });
      expect(work.splice(0)).toEqual([{ claimable: false, dueAt: T0 + MINUTE }]);
      await kit.send("nobody/cares");
      expect(work).toEqual([]);
      await kit.advanceTo(T0 + MINUTE);
      expect(work.splice(0)).toEqual([{ claimable: true, dueAt: Infinity }]);
    });

    test("a listener that was removed hears nothing", async () => {
      const kit = new RunKit(open());
      let calls = 0;
      const stop = kit.store.onWork(() => calls++);
      await kit.started();
      stop();
      stop();
      await kit.started();
      expect(calls).toBe(1);
    });

    test.skipIf(openTwo === undefined)("listeners hear of another process's commits", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const { work } = a.listen();
      await b.started();
      await expect.poll(() => work.length).toBeGreaterThan(0);
      expect(await a.claim()).toHaveLength(1);
    });
  });

  describe("schedules", () => {
    const hourly = { functionId: "fn", expression: "0 * * * *" };
    const due = (store: RunStore, now: number) => store.dueSchedules({ now });

    /** Starts a tick as the engine does. */
    const tick = (kit: RunKit, at: number, schedule = hourly) =>
      kit.store.tick({ now: kit.now, ...schedule, at, nextAt: at + HOUR, start: kit.request() });

    test("tick once at each of their times", async () => {
      const kit = new RunKit(open());
      await kit.store.schedule({ now: T0, schedules: [{ ...hourly, nextAt: T0 + HOUR }] });
      expect(await kit.store.advance({ now: T0 })).toBe(T0 + HOUR);
      expect(await due(kit.store, T0 + HOUR - 1)).toEqual([]);
      kit.now = T0 + HOUR;
      expect(await due(kit.store, kit.now)).toEqual([{ ...hourly, at: T0 + HOUR }]);
      expect(await tick(kit, T0 + HOUR)).toBe(true);
      expect(await tick(kit, T0 + HOUR)).toBe(false);
      expect(await due(kit.store, kit.now)).toEqual([]);
      expect(await kit.store.advance({ now: kit.now })).toBe(T0 + 2 * HOUR);
      expect(await kit.claim()).toHaveLength(1);
    });

    test("that are set again keep their next time", async () => {
      const kit = new RunKit(open());
      const schedules = [{ ...hourly, nextAt: T0 + HOUR }];
      await kit.store.schedule({ now: T0, schedules });
      await kit.store.schedule({ now: T0, schedules: [{ ...hourly, nextAt: T0 + 5 * HOUR }] });
      expect(await due(kit.store, T0 + HOUR)).toEqual([{ ...hourly, at: T0 + HOUR }]);
    });

    test("that a function no longer has are removed", async () => {
      const kit = new RunKit(open());
      const daily = { functionId: "fn", expression: "0 0 * * *", nextAt: T0 + 24 * HOUR };
      const other = { ...hourly, functionId: "other", nextAt: T0 + HOUR };
      const gone = { ...hourly, functionId: "gone", nextAt: T0 + HOUR };
      await kit.store.schedule({
        now: T0,
        schedules: [{ ...hourly, nextAt: T0 + HOUR }, other, gone],
      });
      await kit.store.schedule({ now: T0, schedules: [daily, other], functionIds: ["gone"] });
      expect(await due(kit.store, T0 + HOUR)).toEqual([
        { functionId: "other", expression: hourly.expression, at: T0 + HOUR },
      ]);
      kit.now = T0 + HOUR;
      expect(await tick(kit, T0 + HOUR)).toBe(false);
      expect(await tick(kit, T0 + HOUR, { ...hourly, functionId: "gone" })).toBe(false);
    });

    test("work is announced when one is set", async () => {
      const kit = new RunKit(open());
      const { work } = kit.listen();
      await kit.store.schedule({ now: T0, schedules: [{ ...hourly, nextAt: T0 + HOUR }] });
      expect(work).toEqual([{ claimable: false, dueAt: T0 + HOUR }]);
    });

    test.skipIf(openTwo === undefined)("two processes tick once", async () => {
      const kits = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      for (const { store } of kits)
        await store.schedule({ now: T0, schedules: [{ ...hourly, nextAt: T0 + HOUR }] });
      for (const kit of kits) kit.now = T0 + HOUR;
      for (const { store } of kits) expect(await due(store, T0 + HOUR)).toHaveLength(1);
      const ticks = await Promise.all(kits.map((kit) => tick(kit, T0 + HOUR)));
      expect(ticks.filter(Boolean)).toEqual([true]);
      expect(await kits[0].claim()).toHaveLength(1);
      for (const { store } of kits) expect(await due(store, T0 + HOUR)).toEqual([]);
    });

    test.skipIf(openTwo === undefined)(
      "of other processes are not this one's to tick",
      async () => {
        const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
        await a.store.schedule({ now: T0, schedules: [{ ...hourly, nextAt: T0 + HOUR }] });
        expect(await b.store.advance({ now: T0 + HOUR })).toBe(Infinity);
        expect(await due(b.store, T0 + HOUR)).toEqual([]);
      },
    );
  });
}
