import { describe, expect, test } from "vitest";
import { HOUR, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

/** Batches: runs that were started together. */
export function testTaskBatches({ open }: RunStoreKind): void {
  describe("batches", () => {
    test("are made by their first run, and know what became of all", async () => {
      const kit = new RunKit(open());
      const { batches } = kit.store.stores;
      const details = { batchId: "batch_1" };
      const idempotency = { key: "k", until: T0 + HOUR };
      const known = await kit.started({ idempotency });
      await kit.finish(await kit.claimOne());
      const ids = [await kit.started({ details }), await kit.started({ details })];
      await kit.start({ details, idempotency });
      const runIds = [...ids, known];
      expect(await batches.retrieve("batch_1")).toEqual({
        id: "batch_1",
        createdAt: T0,
        count: 3,
        runIds,
        counts: { queued: 2, completed: 1 },
      });
      const [first, second] = await kit.claim();
      await kit.finish(first!);
      kit.now += SECOND;
      await kit.fail(second!);
      const ended = { counts: { completed: 2, failed: 1 }, finishedAt: T0 + SECOND };
      expect(await batches.retrieve("batch_1")).toMatchObject(ended);
      expect(await batches.retrieve("batch_x")).toBeUndefined();
    });

    test("that were made for more runs are not finished before they have them", async () => {
      const kit = new RunKit(open());
      const { batches } = kit.store.stores;
      await batches.create({ now: T0, id: "batch_1", count: 2 });
      const details = { batchId: "batch_1" };
      await kit.finish(await kit.running({ details }));
      const record = await batches.retrieve("batch_1");
      expect(record).toMatchObject({ count: 2, counts: { completed: 1 } });
      expect(record).not.toHaveProperty("finishedAt");
      await kit.finish(await kit.running({ details }));
      expect(await batches.retrieve("batch_1")).toMatchObject({ finishedAt: T0 });
    });

    test("with a key are made once, until its time", async () => {
      const kit = new RunKit(open());
      const { batches } = kit.store.stores;
      const create = (id: string, now: number, until = T0 + HOUR) =>
        batches.create({ now, id, count: 1, idempotency: { key: "k", until } });
      expect(await create("batch_1", T0)).toEqual({ id: "batch_1", isCached: false });
      expect(await create("batch_2", T0)).toEqual({ id: "batch_1", isCached: true });
      expect(await batches.retrieve("batch_2")).toBeUndefined();
      expect(await create("batch_3", T0 + HOUR, Infinity)).toMatchObject({ isCached: false });
      expect(await create("batch_4", T0 + HOUR)).toEqual({ id: "batch_3", isCached: true });
    });
  });
}
