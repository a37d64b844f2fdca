import { describe, expect, test } from "vitest";
import { done, forEvent, HOUR, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

const KEEP_ALL = { keepRunsMs: Infinity, keepRuns: Infinity, keepEventsMs: Infinity };

export function testRecords({ open, openTwo }: RunStoreKind): void {
  describe("records", () => {
    test("a run that is not there is undefined", async () => {
      const kit = new RunKit(open());
      expect(await kit.store.getRun("run_x")).toBeUndefined();
      expect(await kit.store.runsOfEvent("evt_x")).toEqual([]);
      expect(await kit.store.listRuns({ limit: 5 })).toEqual([]);
    });

    test("are listed newest first, by function and state, a page at a time", async () => {
      const kit = new RunKit(open());
      const ids: string[] = [];
      for (let n = 0; n < 230; n++) {
        kit.now++;
        ids.push(await kit.started({ functionId: n % 2 ? "odd" : "even" }));
      }
      ids.reverse();
      for (const run of await kit.claim(5, ["odd"])) await kit.finish(run);
      const list = async (params: Partial<Parameters<typeof kit.store.listRuns>[0]>) =>
        (await kit.store.listRuns({ limit: 1000, ...params })).map(({ id }) => id);
      expect(await list({})).toEqual(ids);
      expect(await list({ limit: 3 })).toEqual(ids.slice(0, 3));
      expect(await list({ limit: 3, before: ids[2]! })).toEqual(ids.slice(3, 6));
      expect(await list({ before: ids.at(-1)! })).toEqual([]);
      const odd = ids.filter((_, index) => index % 2 === 0);
      expect(await list({ functionId: "odd" })).toEqual(odd);
      expect(await list({ functionId: "odd", state: "completed" })).toEqual(odd.slice(-5));
      expect(await list({ functionId: "even", state: "completed" })).toEqual([]);
      expect(await list({ state: "completed", limit: 2 })).toEqual(odd.slice(-5, -3));
      expect(await list({ functionId: "unknown" })).toEqual([]);
    });

    test("lists can do without journals, and have the events in order", async () => {
      const kit = new RunKit(open());
      const batch = { key: "b", maxSize: 2, timeoutMs: HOUR };
      const events = [kit.event("first"), kit.event("second")];
      for (const event of events) await kit.start({ batch, events: [event] });
      await kit.append(await kit.claimOne(), [done("a")]);
      const [bare] = await kit.store.listRuns({ limit: 1, withJournals: false });
      expect(bare).toMatchObject({ state: "running", events, journal: [] });
      const record = await kit.store.getRun(bare!.id);
      expect(record).toMatchObject({ ...bare, journal: [{ key: "a" }] });
      expect(await kit.store.listRuns({ limit: 1 })).toEqual([record]);
      expect(await kit.store.runsOfEvent(events[1]!.id)).toEqual([record]);
    });

    test("an outcome is the state of a run, with its output or error once it has ended", async () => {
      const kit = new RunKit(open());
      const [finished, failed] = [await kit.running(), await kit.running()];
      expect(await kit.store.outcome(finished.id)).toEqual({ state: "running" });
      await kit.finish(finished);
      await kit.fail(failed);
      for (const { id } of [finished, failed]) {
        const { state, output, error } = (await kit.store.getRun(id))!;
        const outcome = state === "completed" ? { state, output } : { state, error };
        expect(await kit.store.outcome(id)).toEqual(outcome);
      }
      expect(await kit.store.outcome("run_none")).toBeUndefined();
    });

    test("waitForEnd resolves with how a run ended", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const canceled = await kit.started();
      const ends = [run.id, canceled].map((id) => kit.store.waitForEnd(id));
      await kit.fail(run);
      await kit.store.cancel({ now: T0, runId: canceled, reason: "" });
      expect(await Promise.all(ends)).toEqual(["failed", "canceled"]);
      expect(await kit.store.waitForEnd(run.id)).toBe("failed");
    });

    test("waitForEnd can be given up", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const controller = new AbortController();
      const end = kit.store.waitForEnd(runId, controller.signal);
      controller.abort(new Error("enough"));
      await expect(end).rejects.toThrow("enough");
      await expect(kit.store.waitForEnd(runId, controller.signal)).rejects.toThrow("enough");
    });

    test.skipIf(openTwo === undefined)("waitForEnd hears of another process", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const end = a.store.waitForEnd(await a.started());
      await b.finish(await b.claimOne());
      expect(await end).toBe("completed");
    });

    test("a store that is closed takes nothing more", async () => {
      const kit = new RunKit(open());
      const end = kit.store.waitForEnd(await kit.started());
      const ended = end.catch((error: unknown) => error);
      await kit.store.close();
      await kit.store.close();
      expect(await ended).toMatchObject({ code: "STORE_CLOSED" });
      await expect(kit.started()).rejects.toMatchObject({ code: "STORE_CLOSED" });
    });
  });

  describe("retention", () => {
    /** Sweeps until nothing is left to do. */
    async function sweep(kit: RunKit, keep: Partial<typeof KEEP_ALL>): Promise<number> {
      for (let sweeps = 1; ; sweeps++)
        if (!(await kit.store.sweep({ now: kit.now, ...KEEP_ALL, ...keep }))) return sweeps;
    }

    async function finished(kit: RunKit): Promise<string> {
      const run = await kit.running();
      await kit.append(run, [done("a")]);
      await kit.finish(run);
      return run.id;
    }

    const remaining = async (kit: RunKit) =>
      (await kit.store.listRuns({ limit: 1000 })).map(({ id }) => id).toReversed();

    test("keeps everything if told to", async () => {
      const kit = new RunKit(open());
      const id = await finished(kit);
      kit.now += 1000 * HOUR;
      await sweep(kit, {});
      expect(await remaining(kit)).toEqual([id]);
    });

    test("removes ended runs by age", async () => {
      const kit = new RunKit(open());
      const ids: string[] = [];
      for (let n = 0; n < 5; n++, kit.now += HOUR) ids.push(await finished(kit));
      await sweep(kit, { keepRunsMs: 2.5 * HOUR });
      expect(await remaining(kit)).toEqual(ids.slice(3));
      expect(await kit.store.getRun(ids[0]!)).toBeUndefined();
    });

    test("removes ended runs by number, the oldest first, a bite at a time", async () => {
      const kit = new RunKit(open());
      const ids = await Promise.all(Array.from({ length: 450 }, () => kit.started()));
      const claimed = await kit.claim(450);
      await Promise.all(claimed.map((run) => kit.finish(run)));
      expect(await sweep(kit, { keepRuns: 7 })).toBeGreaterThan(1);
      expect(await remaining(kit)).toEqual(ids.slice(-7));
      await sweep(kit, { keepRuns: 7 });
      expect(await remaining(kit)).toHaveLength(7);
    });

    test("leaves alone what has not ended", async () => {
      const kit = new RunKit(open());
      const waiting = await kit.waiting(forEvent("go", {}, { until: Infinity }), {
        until: Infinity,
      });
      const parked = await kit.started({ slots: [{ key: "x", limit: 0 }] });
      kit.now += 1000 * HOUR;
      await sweep(kit, { keepRunsMs: 0, keepRuns: 0, keepEventsMs: 0 });
      expect(await remaining(kit)).toEqual([waiting.id, parked]);
      await kit.send("go");
      const again = await kit.claimOne();
      expect(again.events).toEqual(waiting.events);
      expect(again.journal).toHaveLength(1);
    });

    test("removes events that are old and belong to no run that is kept", async () => {
      const kit = new RunKit(open());
      const event = kit.event("used");
      const runId = await kit.started({ events: [event] });
      const lonely = Array.from({ length: 500 }, () => kit.event("lonely"));
      await kit.store.ingest({ now: kit.now, ...kit.batch(lonely) });
      kit.now += HOUR;
      expect(await sweep(kit, { keepEventsMs: HOUR })).toBeGreaterThan(1);
      expect((await kit.store.getRun(runId))!.events).toEqual([event]);
      await kit.finish(await kit.claimOne());
      await sweep(kit, { keepRuns: 0, keepEventsMs: HOUR });
      expect(await kit.store.runsOfEvent(event.id)).toEqual([]);
      expect(await remaining(kit)).toEqual([]);
    });

    test("forgets starts and rates only when they no longer matter", async () => {
      const kit = new RunKit(open());
      const rateLimit = { key: "r", limit: 1, periodMs: HOUR, burst: 0, mode: "gcra" as const };
      const idempotency = { key: "k", until: T0 + HOUR };
      const runId = await kit.started({ rateLimit, idempotency });
      kit.now += HOUR - SECOND;
      await sweep(kit, { keepRuns: 0, keepEventsMs: 0 });
      expect(await kit.start({ idempotency })).toEqual({ outcome: "duplicate", runId });
      expect(await kit.start({ rateLimit })).toEqual({ outcome: "limited" });
      kit.now += SECOND;
      await sweep(kit, {});
      await kit.started({ rateLimit, idempotency: { ...idempotency, until: kit.now + HOUR } });
    });
  });
}
