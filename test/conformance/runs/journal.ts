import { describe, expect, test } from "vitest";
import type { Appended } from "../../../src/runs/store/run-store.ts";
import { done, HOUR, pending, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

export function testJournal({ open }: RunStoreKind): void {
  describe("the journal", () => {
    test("comes back in the order of last writes, one entry a key", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const error = { name: "Error", message: "no" };
      const retry = { key: "b", kind: "run", state: "retry", attempt: 1, at: T0 } as const;
      const failed = {
        key: "d",
        kind: "send",
        state: "failed",
        attempt: 3,
        error,
        at: T0,
      } as const;
      await kit.append(run, [done("a", "1"), { entry: { ...retry, error, dueAt: T0 + 5 } }]);
      await kit.append(run, [pending("c", T0, T0 + HOUR)]);
      await kit.append(run, [{ entry: failed }, done("b", "2")]);
      const expected = [
        done("a", "1"),
        pending("c", T0, T0 + HOUR),
        { entry: failed },
        done("b", "2"),
      ];
      const entries = expected.map(({ entry }) => entry);
      expect((await kit.store.getRun(run.id))!.journal).toEqual(entries);
      await kit.suspend(run, { dueAt: T0 });
      expect((await kit.claimOne()).journal).toEqual(entries);
    });

    test("what is written with a suspend is there at the next claim", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.append(run, [done("a")]);
      await kit.suspend(run, { writes: [pending("nap", T0, T0 + HOUR)], dueAt: T0 + HOUR });
      expect(await kit.state(run.id)).toBe("waiting");
      expect(await kit.claim()).toEqual([]);
      expect(await kit.advanceTo(T0 + HOUR - 1)).toBe(T0 + HOUR);
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(T0 + HOUR);
      const again = await kit.claimOne();
      expect(again).toMatchObject({ id: run.id, generation: 2, startedAt: T0 });
      expect(again.journal.map(({ key, state }) => `${key} ${state}`)).toEqual([
        "a done",
        "nap pending",
      ]);
    });

    test("a run that is suspended until a time that has come is queued at once", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.suspend(run, { dueAt: T0 });
      expect(await kit.state(run.id)).toBe("queued");
      expect((await kit.claimOne()).generation).toBe(2);
    });

    test("a run that is suspended without a time sleeps on", async () => {
      const kit = new RunKit(open());
      await kit.suspend(await kit.running());
      await kit.suspend(await kit.running(), { dueAt: Infinity });
      expect(await kit.advanceTo(T0 + 1000 * HOUR)).toBe(Infinity);
      expect(await kit.claim()).toEqual([]);
    });

    test("a waiting run can be woken ahead of its time, by the generation that suspended it", async () => {
      const kit = new RunKit(open());
      const { key: run, generation } = await kit.running();
      const claimed = { key: run, generation, attempt: 0 };
      await kit.suspend(claimed as never, { dueAt: T0 + HOUR });
      expect(await kit.store.wake({ now: T0, run, generation: 2 })).toBe(false);
      expect(await kit.store.wake({ now: T0, run, generation })).toBe(true);
      expect(await kit.store.wake({ now: T0, run, generation })).toBe(false);
      await kit.claimOne();
      expect(await kit.advanceTo(T0 + SECOND)).toBeGreaterThan(T0 + SECOND);
    });

    test("counts attempts until a step is finished", async () => {
      const kit = new RunKit(open());
      let run = await kit.running();
      await kit.suspend(run, { dueAt: T0, attempt: 1 });
      run = await kit.claimOne();
      expect(run.attempt).toBe(1);
      await kit.append(run, [pending("nap", T0, T0)], { resetAttempt: false });
      await kit.suspend(run, { dueAt: T0, attempt: 2 });
      run = await kit.claimOne();
      expect(run.attempt).toBe(2);
      await kit.append(run, [done("a")], { resetAttempt: true });
      await kit.store.release({ now: T0, run: run.key, generation: run.generation });
      expect((await kit.claimOne()).attempt).toBe(0);
    });

    test("a step's events are stored with its entry, or not at all", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const event = kit.event("sent");
      const start = kit.request({ functionId: "other", events: [event] });
      const batch = kit.batch([event], [start]);
      const stale = { ...run, generation: 9 };
      expect(await kit.append(stale, [done("send", "[]", "send")], { batch })).toBe(false);
      expect(await kit.state(start.runId)).toBeUndefined();
      expect(await kit.append(run, [done("send", "[]", "send")], { batch })).toBe(true);
      expect(await kit.claimedIds(5, ["other"])).toEqual([start.runId]);
    });

    test("of long runs side by side stay apart and whole", async () => {
      const kit = new RunKit(open());
      for (let n = 0; n < 5; n++) await kit.started();
      const runs = await kit.claim();
      const steps = 400;
      await Promise.all(
        runs.map(async (run, index) => {
          for (let n = 0; n < steps; n++)
            await kit.append(run, [done(`step:${n}`, `"${index}-${n}"`)]);
        }),
      );
      for (const [index, run] of runs.entries()) {
        const { journal } = (await kit.store.getRun(run.id))!;
        const expected = Array.from({ length: steps }, (_, n) => `"${index}-${n}"`);
        expect(journal.map(({ data }) => data)).toEqual(expected);
      }
    });

    test("writes of one turn take effect and resolve in their order", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const resolved: string[] = [];
      const note = (name: string) => (held: Appended) => resolved.push(`${name} ${String(held)}`);
      await Promise.all([
        kit.append(run, [done("a")]).then(note("a")),
        kit.append(run, [done("b")]).then(note("b")),
        kit.finish(run).then(note("finish")),
        kit.append(run, [done("c")]).then(note("c")),
      ]);
      expect(resolved).toEqual(["a true", "b true", "finish true", "c false"]);
      const { journal } = (await kit.store.getRun(run.id))!;
      expect(journal.map(({ key }) => key)).toEqual(["a", "b"]);
    });
  });
}
