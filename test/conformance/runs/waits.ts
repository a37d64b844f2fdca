import { describe, expect, test } from "vitest";
import { done, forEvent, HOUR, pending, RunKit, type RunStoreKind, T0, waitSpec } from "./kit.ts";

export function testWaits({ open, openTwo }: RunStoreKind): void {
  describe("waits for events", () => {
    test("are answered by the first event that fits: in place, and the run goes on", async () => {
      const kit = new RunKit(open());
      const run = await kit.waiting(forEvent("paid", { "data.order": 7 }));
      kit.now += 5;
      const event = await kit.send("paid", { order: 7 });
      await kit.send("paid", { order: 7, again: true });
      const again = await kit.claimOne();
      expect(again.id).toBe(run.id);
      const { entry } = pending("wait", T0, T0 + HOUR, forEvent("paid"));
      expect(again.journal).toEqual([{ ...entry, data: JSON.stringify(event), at: T0 + 5 }]);
    });

    test.each([
      ["another name", "other", { order: 7 }],
      ["another value", "paid", { order: 8 }],
      ["a value of another type", "paid", { order: "7" }],
      ["no such value", "paid", {}],
      ["a list where the value should be", "paid", { order: [7] }],
    ])("are not answered by an event with %s", async (_, name, data) => {
      const kit = new RunKit(open());
      const run = await kit.waiting(forEvent("paid", { "data.order": 7 }));
      await kit.send(name, data);
      expect(await kit.claim()).toEqual([]);
      expect((await kit.waitEntry(run))!.data).toBeUndefined();
    });

    test("every equality part has to hold", async () => {
      const kit = new RunKit(open());
      await kit.waiting(forEvent("paid", { "data.order": 7, "data.by.card": true, name: "paid" }));
      await kit.send("paid", { order: 7 });
      await kit.send("paid", { order: 7, by: { card: false } });
      await kit.send("paid", { by: { card: true } });
      expect(await kit.claim()).toEqual([]);
      await kit.send("paid", { order: 7, by: { card: true } });
      await kit.claimOne();
    });

    test("what equality cannot say is asked with the event that started the run", async () => {
      const kit = new RunKit(open());
      const events = [kit.event("order", { n: 10 })];
      await kit.waiting(forEvent("paid", {}, { expression: "moreThanOriginal" }), { events });
      await kit.waiting(forEvent("paid", { "data.x": 1 }, { expression: "never" }));
      await kit.send("paid", { n: 10, x: 1 });
      expect(await kit.claim()).toEqual([]);
      const event = await kit.send("paid", { n: 11, x: 1 });
      expect((await kit.claimOne()).journal[0]!.data).toBe(JSON.stringify(event));
    });

    test("ask for values at several paths side by side", async () => {
      const kit = new RunKit(open());
      const runs = [
        await kit.waiting(forEvent("e")),
        await kit.waiting(forEvent("e", { "data.a": 1 })),
        await kit.waiting(forEvent("e", { "data.b": "x" })),
        await kit.waiting(forEvent("e", { "data.a": 2 })),
        await kit.waiting(forEvent("e", { "data.a": null })),
      ];
      await kit.send("e", { a: 1, b: "x" });
      expect(await kit.claimedIds()).toEqual(runs.slice(0, 3).map(({ id }) => id));
    });

    test("of ten thousand on one event name, the one that is meant is answered", async () => {
      const kit = new RunKit(open());
      const count = 10_000;
      const starts = Array.from({ length: count }, () => kit.request());
      const events = starts.map(({ events }) => events[0]!);
      await kit.store.ingest({ now: kit.now, ...kit.batch(events, starts) });
      const runs = await kit.claim(count);
      await Promise.all(
        runs.map((run, order) => {
          const wait = forEvent("paid", { "data.order": order });
          return kit.suspend(run, { writes: [pending("wait", T0, T0 + HOUR, wait)] });
        }),
      );
      const began = performance.now();
      for (let order = 0; order < 100; order++) await kit.send("paid", { order });
      expect(performance.now() - began).toBeLessThan(2000);
      expect(await kit.claimedIds()).toEqual(runs.slice(0, 100).map(({ id }) => id));
    });

    test("see only events that come after them, and not the one that starts the run", async () => {
      const kit = new RunKit(open());
      await kit.send("paid", { order: 7 });
      const events = [kit.event("paid", { order: 7 })];
      await kit.waiting(forEvent("paid", { "data.order": 7 }), { events });
      expect(await kit.claim()).toEqual([]);
    });

    test("are open until their time limit; then the run goes on, and the entry is its holder's", async () => {
      const kit = new RunKit(open());
      const until = T0 + 5000;
      const run = await kit.waiting(forEvent("paid", {}, { until }), { until });
      kit.now = until;
      await kit.send("paid");
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(until);
      const again = await kit.claimOne();
      expect(again.journal).toEqual([pending("wait", T0, until, forEvent("paid")).entry]);
      expect(await kit.append(again, [done("wait", "null", "event")])).toBe(true);
      await kit.suspend(again, { dueAt: T0 + HOUR });
      expect(await kit.state(run.id)).toBe("waiting");
    });

    test("are closed by their final entry", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.append(run, [pending("wait", T0, T0 + HOUR, forEvent("paid"))]);
      await kit.append(run, [done("wait", "null", "event")]);
      await kit.suspend(run, { dueAt: T0 + HOUR });
      await kit.send("paid");
      expect(await kit.state(run.id)).toBe("waiting");
      expect(await kit.waitEntry(run)).toMatchObject({ state: "done", data: "null" });
    });

    test("are closed by the end of the run", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.append(run, [pending("wait", T0, T0 + HOUR, forEvent("paid"))]);
      await kit.finish(run);
      await kit.send("paid");
      expect((await kit.waitEntry(run))!.data).toBeUndefined();
      expect(await kit.state(run.id)).toBe("completed");
    });

    test("several of one run are answered each by its own event", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const writes = [
        pending("a", T0, T0 + HOUR, forEvent("x")),
        pending("b", T0, T0 + HOUR, forEvent("y")),
      ];
      await kit.suspend(run, { writes, dueAt: T0 + HOUR });
      await kit.send("y");
      await kit.send("x");
      const { journal } = await kit.claimOne();
      expect(journal.map(({ key }) => key)).toEqual(["a", "b"]);
      expect(journal.map(({ data }) => (JSON.parse(data!) as { name: string }).name)).toEqual([
        "x",
        "y",
      ]);
    });

    test("the holder of a run hears of answers before the sender's promise resolves", async () => {
      const kit = new RunKit(open());
      const { news } = kit.listen();
      const run = await kit.running();
      await kit.append(run, [pending("wait", T0, T0 + HOUR, forEvent("paid"))]);
      kit.now += 7;
      const event = await kit.send("paid");
      const { entry } = pending("wait", T0, T0 + HOUR, forEvent("paid"));
      const answer = { ...entry, data: JSON.stringify(event), at: T0 + 7 };
      const held = { run: run.key, generation: 1, held: true, answered: [answer] };
      expect(news).toEqual([held]);
      await kit.append(run, [done("wait", answer.data, "event")]);
      await kit.suspend(run, { dueAt: T0 + HOUR });
      expect(await kit.state(run.id)).toBe("waiting");
    });

    test("an answer that the holder has not taken up keeps the run from falling asleep", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const waits = ["a", "b"].map((key) => pending(key, T0, T0 + HOUR, forEvent(key)));
      await kit.append(run, waits);
      await kit.send("a");
      await kit.send("b");
      await kit.append(run, [done("a", "null", "event")]);
      await kit.suspend(run, { dueAt: T0 + HOUR });
      const again = await kit.claimOne();
      expect(again.journal.map(({ key, state }) => `${key} ${state}`)).toEqual([
        "b pending",
        "a done",
      ]);
      await kit.suspend(again, { dueAt: T0 + HOUR });
      expect(await kit.state(run.id)).toBe("waiting");
    });

    test("an answer before the lease was lost is there for the next holder", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.append(run, [pending("wait", T0, T0 + HOUR, forEvent("paid"))]);
      await kit.send("paid");
      await kit.advanceTo(T0 + 10_000);
      const again = await kit.claimOne();
      expect(again.journal[0]!.data).toBeDefined();
    });

    test.skipIf(openTwo === undefined)(
      "events of another process answer, and the holder hears of it",
      async () => {
        const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
        const { news } = a.listen();
        const run = await a.running();
        await a.append(run, [pending("wait", T0, T0 + HOUR, forEvent("paid"))]);
        const event = await b.send("paid");
        await expect.poll(() => news).toHaveLength(1);
        expect(news[0]).toMatchObject({ held: true, answered: [{ data: JSON.stringify(event) }] });
        await b.send("paid");
        await a.suspend(run, { dueAt: T0 + HOUR });
        expect(await a.claim()).toHaveLength(1);
      },
    );
  });

  describe("cancelOn", () => {
    const cancelOn = [waitSpec("order/canceled", { "data.id": 7 })];

    test.each(["delayed", "queued", "running", "waiting"] as const)(
      "an event cancels a run that is %s",
      async (state) => {
        const kit = new RunKit(open());
        const notBefore = state === "delayed" ? T0 + HOUR : undefined;
        const runId = await kit.started({ cancelOn, notBefore });
        if (state === "running" || state === "waiting") {
          const run = await kit.claimOne();
          if (state === "waiting") await kit.suspend(run, { dueAt: T0 + HOUR });
        }
        expect(await kit.state(runId)).toBe(state);
        await kit.send("order/canceled", { id: 8 });
        expect(await kit.state(runId)).toBe(state);
        await kit.send("order/canceled", { id: 7 });
        const record = await kit.store.getRun(runId);
        expect(record).toMatchObject({ state: "canceled", finishedAt: T0 });
        expect(record!.error).toMatchObject({ code: "RUNS_CANCELED" });
        expect(await kit.advanceTo(T0 + 2 * HOUR)).toBe(Infinity);
        expect(await kit.claim()).toEqual([]);
      },
    );

    test("any of several will do, and only until its time limit", async () => {
      const kit = new RunKit(open());
      const either = [
        waitSpec("a", {}, { until: T0 + 10 }),
        waitSpec("b", {}, { expression: "always" }),
      ];
      const runs = [await kit.started({ cancelOn: either }), await kit.started()];
      kit.now = T0 + 10;
      await kit.send("a");
      expect(await kit.state(runs[0]!)).toBe("queued");
      await kit.send("b");
      expect(await kit.state(runs[0]!)).toBe("canceled");
      expect(await kit.state(runs[1]!)).toBe("queued");
    });

    test("does not count for the event that starts the run", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started({ cancelOn: [waitSpec("test/event")] });
      expect(await kit.state(runId)).toBe("queued");
      await kit.send("test/event");
      expect(await kit.state(runId)).toBe("canceled");
    });

    test("one event cancels many runs", async () => {
      const kit = new RunKit(open());
      for (let n = 0; n < 100; n++) await kit.started({ cancelOn });
      await kit.send("order/canceled", { id: 7 });
      expect(await kit.claim()).toEqual([]);
      expect(await kit.store.listRuns({ state: "canceled", limit: 200 })).toHaveLength(100);
    });
  });

  describe("cancel", () => {
    test("says whether there was something to cancel, and keeps the reason", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const cancel = (runId: string) => kit.store.cancel({ now: kit.now, runId, reason: "by ada" });
      expect(await cancel("unknown")).toBe(false);
      expect(await cancel(runId)).toBe(true);
      expect(await cancel(runId)).toBe(false);
      expect((await kit.store.getRun(runId))!.error!.message).toContain("by ada");
      const run = await kit.running();
      await kit.finish(run);
      expect(await cancel(run.id)).toBe(false);
      expect(await kit.state(run.id)).toBe("completed");
    });

    test("refuses what its holder writes from then on", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.store.cancel({ now: kit.now, runId: run.id, reason: "" });
      expect(await kit.append(run, [done("a")])).toBe(false);
      expect(await kit.finish(run)).toBe(false);
      expect((await kit.store.getRun(run.id))!.journal).toEqual([]);
    });
  });

  describe("ends that the store brings about", () => {
    test("cause what the function of this process says, in the same commit", async () => {
      const kit = new RunKit(open());
      const ends: string[] = [];
      kit.store.setEndEffects((end, now) => {
        ends.push(
          `${end.functionId} ${end.state} ${end.error?.code} ${end.events.length} ${now - T0}`,
        );
        if (end.functionId !== "fn") return undefined;
        const event = kit.event("fn/ended", { runId: end.runId });
        return kit.batch([event], [kit.request({ functionId: "after", events: [event] })]);
      });
      const waiter = await kit.waiting(forEvent("fn/ended"), { functionId: "waiter" });
      const cancelOn = [waitSpec("stop")];
      await kit.started({ cancelOn });
      await kit.started({ startTimeoutMs: 10 });
      await kit.started({ functionId: "other", cancelOn });
      await kit.send("stop");
      expect(ends).toEqual(["fn canceled RUNS_CANCELED 1 0", "other canceled RUNS_CANCELED 1 0"]);
      await kit.advanceTo(T0 + 10);
      expect(ends[2]).toBe("fn expired RUNS_EXPIRED 1 10");
      expect(await kit.claim(5, ["after"])).toHaveLength(2);
      expect(await kit.claimedIds(5, ["waiter"])).toEqual([waiter.id]);
      await kit.finish(await kit.running());
      expect(ends).toHaveLength(3);
    });
  });
}
