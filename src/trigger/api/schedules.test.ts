import { describe, expect, test } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { runs, type ScheduledPayload, schedules, task } from "../index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Midnight. */
const NEW_YEAR = Date.UTC(2026, 0, 1);

const report = schedules.task({ id: "report", run: async (payload) => payload });
const plain = task({ id: "plain", run: async (payload: ScheduledPayload) => payload.externalId });

/** A kit whose clock stands at midnight of a new year. */
async function start(...tasks: Parameters<typeof TriggerKit.start>[0]): Promise<TriggerKit> {
  const kit = TriggerKit.open(tasks);
  await kit.clock.advance(NEW_YEAR - kit.clock.now());
  await kit.engine.start();
  return kit;
}

const nightly = {
  task: "report",
  cron: "0 9 * * *",
  timezone: "Europe/Paris",
  externalId: "user_1",
  deduplicationKey: "user_1-report",
};

describe("schedules.create", () => {
  test("starts a task by its cron, with a payload that says when and for whom", async () => {
    await using kit = await start(report);
    const schedule = await schedules.create(nightly);
    expect(schedule).toMatchObject({
      type: "IMPERATIVE",
      task: "report",
      active: true,
      deduplicationKey: "user_1-report",
      externalId: "user_1",
      generator: { type: "CRON", expression: "0 9 * * *" },
      timezone: "Europe/Paris",
      nextRun: new Date("2026-01-01T08:00:00Z"),
    });
    await kit.advance(2 * DAY);
    const [first, second, ...rest] = await kit.runs("report");
    expect(rest).toEqual([]);
    const day = (date: number) => new Date(Date.UTC(2026, 0, date, 8));
    expect(await kit.output(first!.id)).toEqual({
      scheduleId: schedule.id,
      type: "IMPERATIVE",
      timestamp: day(1),
      timezone: "Europe/Paris",
      externalId: "user_1",
      upcoming: [2, 3, 4, 5, 6].map(day),
    });
    expect(await kit.output(second!.id)).toMatchObject({
      timestamp: day(2),
      lastTimestamp: day(1),
    });
    expect(await schedules.retrieve(schedule.id)).toMatchObject({
      lastRun: day(2),
      nextRun: day(3),
    });
    const { data } = await runs.list({ schedule: schedule.id });
    expect(data.map(({ id }) => id)).toEqual([second!.id, first!.id]);
    expect((await runs.retrieve(first!.id)).schedule).toEqual({
      id: schedule.id,
      externalId: "user_1",
    });
  });

  test("a plain task may be on a schedule, given as an object too; L is the last day of a month", async () => {
    await using kit = await start(plain);
    const { nextRun } = await schedules.create({
      task: plain,
      cron: "30 12 L * *",
      externalId: "it",
      deduplicationKey: "monthly",
    });
    expect(nextRun).toEqual(new Date("2026-01-31T12:30:00Z"));
    await kit.advance(31 * DAY);
    const [run] = await kit.runs("plain");
    expect(await kit.output(run!.id)).toBe("it");
  });

  test("with a key that is taken it changes the schedule that has it", async () => {
    await using kit = await start(report);
    const first = await schedules.create(nightly);
    const second = await schedules.create({ ...nightly, cron: "0 10 * * *", timezone: "UTC" });
    expect(second.id).toBe(first.id);
    expect(second.nextRun).toEqual(new Date("2026-01-01T10:00:00Z"));
    await kit.advance(DAY);
    expect(await kit.runs("report")).toHaveLength(1);
  });

  test.each([
    [{ cron: "0 9 * *" }, /five fields/],
    [{ cron: "0 0 9 * * *" }, /five fields/],
    [{ cron: "@daily" }, /five fields/],
    [{ cron: "61 * * * *" }, /61/],
    [{ cron: "0 0 30 2 *" }, /never ticks/],
    [{ cron: 5 }, /cron is 5/],
    [{ timezone: "Europe/Nowhere" }, /Europe\/Nowhere/],
    [{ deduplicationKey: undefined }, /deduplicationKey/],
    [{ externalId: 5 }, /externalId/],
    [{ every: "1h" }, /no option every/],
  ])("refuses %o", async (options, message) => {
    await using _ = await start(report);
    const call = schedules.create({ ...nightly, ...options } as never);
    await expect(call).rejects.toMatchObject({ code: "TASK_BAD_CALL" });
    await expect(call).rejects.toThrow(message);
  });

  test("refuses a task that nobody knows, and a window", async () => {
    await using _ = await start(report);
    await expect(schedules.create({ ...nightly, task: "nobody" })).rejects.toMatchObject({
      code: "TASK_NOT_FOUND",
    });
    await expect(schedules.create({ ...nightly, window: "30m" } as never)).rejects.toMatchObject({
      code: "TASK_UNSUPPORTED",
    });
  });
});

describe("a schedule that is there", () => {
  test("update, deactivate, activate and del", async () => {
    await using kit = await start(report);
    const { id } = await schedules.create(nightly);
    const updated = await schedules.update(id, { task: "report", cron: "0 * * * *" });
    expect(updated).toMatchObject({ id, timezone: "UTC", nextRun: new Date(NEW_YEAR + HOUR) });
    expect(updated).not.toHaveProperty("externalId");
    const paused = await schedules.deactivate(id);
    expect(paused.active).toBe(false);
    expect(paused).not.toHaveProperty("nextRun");
    await kit.advance(DAY);
    expect(await kit.runs("report")).toEqual([]);
    // Ticks that were missed meanwhile are not made up for.
    expect(await schedules.activate(id)).toMatchObject({
      active: true,
      nextRun: new Date(NEW_YEAR + DAY + HOUR),
    });
    await kit.advance(HOUR);
    expect(await kit.runs("report")).toHaveLength(1);
    expect(await schedules.del(id)).toEqual({ id });
    await kit.advance(DAY);
    expect(await kit.runs("report")).toHaveLength(1);
    for (const call of [
      schedules.retrieve,
      schedules.del,
      schedules.activate,
      schedules.deactivate,
    ])
      await expect(call(id)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  test("that of a task's code is shown, and changed in the code only", async () => {
    const declared = schedules.task({
      id: "declared",
      cron: { pattern: "0 5 * * *", timezone: "Asia/Tokyo" },
      run: async ({ scheduleId }) => scheduleId,
    });
    await using kit = await start(declared, report);
    await kit.advance(DAY);
    const [run] = await kit.runs("declared");
    const id = (await kit.output(run!.id)) as string;
    expect(await schedules.retrieve(id)).toMatchObject({
      id,
      type: "DECLARATIVE",
      task: "declared",
      generator: { expression: "0 5 * * *" },
      timezone: "Asia/Tokyo",
      nextRun: new Date(NEW_YEAR + DAY + 20 * HOUR),
    });
    for (const call of [schedules.del, schedules.activate, schedules.deactivate])
      await expect(call(id)).rejects.toMatchObject({ code: "TASK_CONFLICT" });
    await expect(schedules.update(id, { task: "report", cron: "0 * * * *" })).rejects.toMatchObject(
      { code: "TASK_CONFLICT" },
    );
  });

  test("list shows pages of all schedules, and walks over them", async () => {
    await using _ = await start(report);
    const { pagination } = await schedules.list();
    const before = pagination.count;
    const made: string[] = [];
    for (const key of ["a", "b", "c"])
      made.push((await schedules.create({ ...nightly, deduplicationKey: key })).id);
    const page = await schedules.list({ perPage: before + 2, page: 1 });
    expect(page.pagination).toEqual({ currentPage: 1, totalPages: 2, count: before + 3 });
    expect(page.data.slice(before).map(({ id }) => id)).toEqual(made.slice(0, 2));
    expect((await page.getNextPage()).data.map(({ id }) => id)).toEqual(made.slice(2));
    const all: string[] = [];
    for await (const { id } of schedules.list({ perPage: 1 })) all.push(id);
    expect(all.slice(before)).toEqual(made);
    await expect(schedules.list({ page: 0 })).rejects.toMatchObject({ code: "TASK_BAD_CALL" });
  });

  test("timezones names all that may be used", async () => {
    const { timezones } = await schedules.timezones();
    expect(timezones).toEqual(expect.arrayContaining(["UTC", "Europe/Paris", "Asia/Tokyo"]));
    const without = await schedules.timezones({ excludeUtc: true });
    expect(without.timezones).toEqual(timezones.filter((zone) => zone !== "UTC"));
  });
});
