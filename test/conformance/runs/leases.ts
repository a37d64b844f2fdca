import { describe, expect, test } from "vitest";
import type { ClaimedRun } from "../../../src/runs/store/run-store.ts";
import { done, HOUR, LEASE_MS, RunKit, type RunStoreKind, T0 } from "./kit.ts";

const release = ({ store, now }: RunKit, { key, generation }: ClaimedRun): Promise<boolean> =>
  store.release({ now, run: key, generation });

const extend = ({ store, now }: RunKit, runs: readonly ClaimedRun[]): Promise<readonly number[]> =>
  store.extendLeases({
    now,
    leaseMs: LEASE_MS,
    runs: runs.map(({ key, generation }) => ({ run: key, generation })),
  });

/** Every write that a holder can make. */
async function writesOf(kit: RunKit, run: ClaimedRun): Promise<boolean[]> {
  return [
    (await kit.append(run, [done("late")])) === true,
    await kit.suspend(run, { dueAt: T0 + HOUR }),
    await release(kit, run),
    (await extend(kit, [run])).length > 0,
    await kit.finish(run),
  ];
}

const REFUSED = [false, false, false, false, false];

export function testLeases({ open, openTwo }: RunStoreKind): void {
  describe("leases", () => {
    test("one that has run out is lost: the run is claimed anew, and its old holder can write nothing", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      expect(await kit.store.advance({ now: T0 + LEASE_MS - 1 })).toBe(T0 + LEASE_MS);
      expect(await kit.append(run, [done("a")])).toBe(true);
      await kit.advanceTo(T0 + LEASE_MS);
      expect(await kit.state(run.id)).toBe("queued");
      expect(await writesOf(kit, run)).toEqual(REFUSED);
      const again = await kit.claimOne();
      expect(again).toMatchObject({ id: run.id, generation: 2, losses: 1, attempt: 0 });
      expect(again.journal.map(({ key }) => key)).toEqual(["a"]);
      expect(await writesOf(kit, run)).toEqual(REFUSED);
      expect(await kit.append(again, [done("b")])).toBe(true);
      expect(await kit.finish(again)).toBe(true);
      expect(await writesOf(kit, again)).toEqual(REFUSED);
    });

    test("one that ran out and was not taken yet may still be renewed", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      kit.now += LEASE_MS + 1;
      expect(await extend(kit, [run])).toEqual([run.key]);
      expect(await kit.advanceTo(kit.now)).toBe(kit.now + LEASE_MS);
      expect(await kit.finish(run)).toBe(true);
    });

    test("renewing says which runs are still held", async () => {
      const kit = new RunKit(open());
      const runs = [await kit.running(), await kit.running(), await kit.running()];
      await kit.finish(runs[1]!);
      kit.now += 5000;
      const stale = { ...runs[2]!, generation: 5 };
      expect(await extend(kit, [runs[0]!, runs[1]!, stale])).toEqual([runs[0]!.key]);
      await kit.advanceTo(T0 + LEASE_MS);
      expect(await kit.state(runs[0]!.id)).toBe("running");
      expect(await kit.state(runs[2]!.id)).toBe("queued");
    });

    test("lost ones are counted until a step is finished", async () => {
      const kit = new RunKit(open());
      let run = await kit.running();
      for (const losses of [1, 2]) {
        await kit.advanceTo(kit.now + LEASE_MS);
        run = await kit.claimOne();
        expect(run.losses).toBe(losses);
      }
      await kit.append(run, [done("a")]);
      await kit.advanceTo(kit.now + LEASE_MS);
      expect((await kit.claimOne()).losses).toBe(1);
    });

    test("a run that is given back is as it was", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      await kit.append(run, [done("a")]);
      expect(await release(kit, run)).toBe(true);
      expect(await release(kit, run)).toBe(false);
      const again = await kit.claimOne();
      expect(again).toMatchObject({ generation: 2, losses: 0, attempt: 0, startedAt: T0 });
      expect(again.journal).toHaveLength(1);
      expect(await kit.append(run, [done("b")])).toBe(false);
    });

    test("a run that is given back keeps its place in line", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      kit.now++;
      const next = await kit.started();
      await release(kit, run);
      expect(await kit.claimedIds()).toEqual([run.id, next]);
    });

    test("a holder is told when its run is taken from it", async () => {
      const kit = new RunKit(open());
      const { news } = kit.listen();
      const runs = [await kit.running(), await kit.running(), await kit.running()];
      await kit.store.cancel({ now: kit.now, runId: runs[0]!.id, reason: "why not" });
      const gone = ({ key, generation }: ClaimedRun) => ({
        run: key,
        generation,
        held: false,
        answered: [],
      });
      expect(news).toEqual([gone(runs[0]!)]);
      await kit.finish(runs[1]!);
      expect(news).toHaveLength(1);
      await kit.advanceTo(T0 + LEASE_MS);
      expect(news).toEqual([gone(runs[0]!), gone(runs[2]!)]);
    });

    test.skipIf(openTwo === undefined)(
      "a holder is told what another process did to its run",
      async () => {
        const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
        const { news } = a.listen();
        const run = await a.running();
        await b.store.cancel({ now: T0, runId: run.id, reason: "there" });
        await expect.poll(() => news).toMatchObject([{ run: run.key, held: false }]);
        expect(await writesOf(a, run)).toEqual(REFUSED);
      },
    );

    test.skipIf(openTwo === undefined)("fences hold between processes", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const run = await a.running();
      expect(await a.append(run, [done("a")])).toBe(true);
      await b.advanceTo(T0 + LEASE_MS);
      const taken = await b.claimOne();
      expect(await writesOf(a, run)).toEqual(REFUSED);
      expect(await b.append(taken, [done("b")])).toBe(true);
      expect(await b.finish(taken)).toBe(true);
      const record = await a.store.getRun(run.id);
      expect(record).toMatchObject({ state: "completed" });
      expect(record!.journal.map(({ key }) => key)).toEqual(["a", "b"]);
    });
  });
}
