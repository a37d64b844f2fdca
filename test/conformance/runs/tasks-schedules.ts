import { describe, expect, test } from "vitest";
import type { ScheduleRequest } from "../../../src/runs/store/schedule-store.ts";
import { HOUR, MINUTE, RunKit, type RunStoreKind, T0 } from "./kit.ts";

/** Schedules that are made while the program runs. */
export function testTaskSchedules({ open, openTwo }: RunStoreKind): void {
  const schedule = (more: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
    functionId: "fn",
    cron: "0 * * * *",
    timeZone: "UTC",
    nextAt: T0 + HOUR,
    ...more,
  });
  const create = (kit: RunKit, id: string, more: Partial<ScheduleRequest> = {}, key = id) =>
    kit.store.stores.schedules.create({
      now: kit.now,
      id,
      deduplicationKey: key,
      schedule: schedule(more),
    });
  const tick = (kit: RunKit, id: string, at: number, nextAt = at + HOUR) =>
    kit.store.stores.schedules.tick({ now: kit.now, id, at, nextAt, start: kit.request() });

  describe("schedules", () => {
    test("are made once a key: another with it changes the first", async () => {
      const kit = new RunKit(open());
      const { schedules } = kit.store.stores;
      const made = await create(kit, "sched_1", { externalId: "user_1" }, "key");
      expect(made).toEqual({
        id: "sched_1",
        deduplicationKey: "key",
        functionId: "fn",
        cron: "0 * * * *",
        timeZone: "UTC",
        externalId: "user_1",
        isActive: true,
        createdAt: T0,
        updatedAt: T0,
        nextAt: T0 + HOUR,
      });
      kit.now += MINUTE;
      const changed = await create(
        kit,
        "sched_2",
        { cron: "5 * * * *", functionId: "other" },
        "key",
      );
      expect(changed).toMatchObject({ id: "sched_1", cron: "5 * * * *", functionId: "other" });
      expect(changed).toMatchObject({ createdAt: T0, updatedAt: kit.now });
      expect(changed).not.toHaveProperty("externalId");
      expect(await schedules.retrieve("sched_1")).toEqual(changed);
      expect(await schedules.retrieve("sched_2")).toBeUndefined();
    });

    test("tick when they are due, for those who serve their functions", async () => {
      const kit = new RunKit(open());
      const { schedules } = kit.store.stores;
      await create(kit, "sched_1");
      await create(kit, "sched_2", { functionId: "other", nextAt: T0 + MINUTE });
      expect(await kit.store.advance({ now: T0 })).toBe(Infinity);
      schedules.serve(["fn", "unknown"]);
      expect(await kit.store.advance({ now: T0 })).toBe(T0 + HOUR);
      expect(await schedules.due({ now: T0 + HOUR - 1 })).toEqual([]);
      kit.now = T0 + HOUR;
      expect(await schedules.due({ now: kit.now })).toMatchObject([{ id: "sched_1" }]);
      expect(await tick(kit, "sched_1", T0 + HOUR)).toBe(true);
      expect(await tick(kit, "sched_1", T0 + HOUR)).toBe(false);
      expect(await kit.ended()).toHaveLength(1);
      const after = { lastAt: T0 + HOUR, nextAt: T0 + 2 * HOUR };
      expect(await schedules.retrieve("sched_1")).toMatchObject(after);
      expect(await kit.store.advance({ now: kit.now })).toBe(T0 + 2 * HOUR);
    });

    test("tell those who keep time when they come", async () => {
      const kit = new RunKit(open());
      const { work } = kit.listen();
      await create(kit, "sched_1");
      expect(work).toEqual([{ claimable: false, dueAt: T0 + HOUR }]);
    });

    test.skipIf(openTwo === undefined)("tick once for two processes", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      await create(a, "sched_1");
      const ticks = [a, b].map((kit) => tick(kit, "sched_1", T0 + HOUR));
      expect((await Promise.all(ticks)).filter(Boolean)).toHaveLength(1);
      expect(await a.claim()).toHaveLength(1);
    });

    test("that are not active do not tick, whatever is changed", async () => {
      const kit = new RunKit(open());
      const { schedules } = kit.store.stores;
      schedules.serve(["fn"]);
      await create(kit, "sched_1");
      const off = await schedules.setActive({ now: T0, id: "sched_1", nextAt: undefined });
      expect(off).toMatchObject({ isActive: false });
      expect(off).not.toHaveProperty("nextAt");
      const changed = await schedules.update({
        now: T0,
        id: "sched_1",
        schedule: schedule({ cron: "1 * * * *" }),
      });
      expect(changed).toMatchObject({ cron: "1 * * * *", isActive: false });
      expect(await tick(kit, "sched_1", T0 + HOUR)).toBe(false);
      expect(await kit.store.advance({ now: T0 })).toBe(Infinity);
      const on = await schedules.setActive({ now: T0, id: "sched_1", nextAt: T0 + MINUTE });
      expect(on).toMatchObject({ isActive: true, nextAt: T0 + MINUTE });
      expect(await kit.store.advance({ now: T0 })).toBe(T0 + MINUTE);
    });

    test("are removed", async () => {
      const kit = new RunKit(open());
      const { schedules } = kit.store.stores;
      await create(kit, "sched_1");
      expect(await schedules.delete("sched_1")).toBe(true);
      expect(await schedules.delete("sched_1")).toBe(false);
      expect(await tick(kit, "sched_1", T0 + HOUR)).toBe(false);
      const gone = { now: T0, id: "sched_1" };
      expect(await schedules.update({ ...gone, schedule: schedule() })).toBeUndefined();
      expect(await schedules.setActive({ ...gone, nextAt: T0 })).toBeUndefined();
    });

    test("are listed oldest first, a page at a time", async () => {
      const kit = new RunKit(open());
      const { schedules } = kit.store.stores;
      for (const id of ["sched_c", "sched_a", "sched_b"]) await create(kit, id);
      const page = await schedules.list({ limit: 2, offset: 1 });
      expect(page.schedules.map(({ id }) => id)).toEqual(["sched_a", "sched_b"]);
      expect(page.count).toBe(3);
    });
  });
}
