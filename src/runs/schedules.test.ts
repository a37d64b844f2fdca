import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FunctionDefinition } from "./definition.ts";
import {
  createScheduledStart,
  dueTick,
  jitterOf,
  nextTick,
  previousTick,
  readSchedule,
  readTicks,
  type Schedule,
} from "./schedules.ts";

const at = (iso: string): number => Date.parse(iso);
/** The first ticks after a time, as UTC. */
function ticks(schedule: Schedule, after: string, count: number): string[] {
  let tick = at(after);
  return Array.from({ length: count }, () => {
    tick = nextTick(schedule, tick);
    return new Date(tick).toISOString().slice(0, 19);
  });
}

describe("reading a cron trigger", () => {
  it.each<[string, string | undefined, Schedule]>([
    ["0 9 * * *", undefined, { cron: "0 9 * * *", timeZone: "UTC" }],
    ["0 9 * * *", "Asia/Tokyo", { cron: "0 9 * * *", timeZone: "Asia/Tokyo" }],
    ["TZ=Europe/Paris 0 9 * * *", undefined, { cron: "0 9 * * *", timeZone: "Europe/Paris" }],
    ["CRON_TZ=Europe/Paris  0 9 * * *", "Europe/Paris", parisAtNine()],
    [" */5 * * * * * ", undefined, { cron: "*/5 * * * * *", timeZone: "UTC" }],
    ["@daily", undefined, { cron: "@daily", timeZone: "UTC" }],
  ])("%s in %s", (cron, timeZone, schedule) => {
    expect(readSchedule({ cron, timeZone })).toEqual(schedule);
  });

  it.each([
    "",
    "* * * *",
    "* * * * * * *",
    "60 * * * *",
    "TZ=Nowhere/At_All * * * * *",
    "TZ=Europe/Paris",
    "2026-01-15T12:00:00",
    "@fortnightly",
    "a b c d e",
  ])("%s is refused", (cron) => {
    expect(() => readSchedule({ cron })).toThrow(Error);
  });

  it("of two different time zones neither is right", () => {
    const trigger = { cron: "TZ=Europe/Paris 0 9 * * *", timeZone: "Asia/Tokyo" };
    expect(() => readSchedule(trigger)).toThrow("two time zones");
  });
});

describe("an interval", () => {
  it("ticks one interval after it was stored, and then without drift", () => {
    const every = readTicks({ everyMs: 60_000 });
    expect(every.next(5)).toBe(60_005);
    expect(every.due(60_005, 60_005)).toEqual({ scheduledAt: 60_005, nextAt: 120_005 });
    expect(every.due(60_005, 60_900)).toEqual({ scheduledAt: 60_005, nextAt: 120_005 });
  });

  it("makes up for the last tick of a downtime only", () => {
    const every = readTicks({ everyMs: 60_000 });
    expect(every.due(60_005, 250_000)).toEqual({ scheduledAt: 240_005, nextAt: 300_005 });
  });

  it("is of whole ms, a second at least", () => {
    expect(() => readTicks({ everyMs: 999 })).toThrow("1000 is the least");
    expect(() => readTicks({ everyMs: 1_000.5 })).toThrow("every 1000.5 ms");
  });
});

describe("ticks", () => {
  it("have one before them", () => {
    const before = (cron: string, time: string) => previousTick({ cron }, at(time));
    expect(before("0 9 * * *", "2026-01-15T09:00:00Z")).toBe(at("2026-01-14T09:00:00Z"));
    expect(before("0 0 30 2 *", "2026-01-15T09:00:00Z")).toBeUndefined();
  });

  it("have minutes, or seconds", () => {
    const minutes = readSchedule({ cron: "*/15 * * * *" });
    expect(ticks(minutes, "2026-01-15T12:00:00Z", 2)).toEqual([
      "2026-01-15T12:15:00",
      "2026-01-15T12:30:00",
    ]);
    const seconds = readSchedule({ cron: "30 0 12 * * *" });
    expect(ticks(seconds, "2026-01-15T12:00:00Z", 2)).toEqual([
      "2026-01-15T12:00:30",
      "2026-01-16T12:00:30",
    ]);
  });

  it("come in their time zone", () => {
    expect(ticks(parisAtNine(), "2026-01-15T12:00:00Z", 1)).toEqual(["2026-01-16T08:00:00"]);
    expect(ticks(parisAtNine(), "2026-07-15T12:00:00Z", 1)).toEqual(["2026-07-16T07:00:00"]);
  });

  it("? is any day", () => {
    const schedule = readSchedule({ cron: "0 9 ? * MON-FRI" });
    expect(ticks(schedule, "2026-01-16T12:00:00Z", 1)).toEqual(["2026-01-19T09:00:00"]);
  });

  it("day of month and day of week are alternatives, as in cron", () => {
    const schedule = readSchedule({ cron: "0 0 1 * MON" });
    expect(ticks(schedule, "2026-01-28T12:00:00Z", 3)).toEqual([
      ...["2026-02-01T00:00:00", "2026-02-02T00:00:00", "2026-02-09T00:00:00"],
    ]);
  });

  it("end where no date is left", () => {
    expect(nextTick(readSchedule({ cron: "0 0 30 2 *" }), 0)).toBe(Infinity);
  });

  it("are computed from the tick before, so that they do not drift", () => {
    const schedule = readSchedule({ cron: "*/7 * * * *" });
    const all = ticks(schedule, "2026-01-15T12:00:00Z", 20);
    const late = at(`${all[0]!}Z`) + 1;
    expect(new Date(nextTick(schedule, late)).toISOString()).toContain(all[1]!);
  });
});

describe("when clocks change in New York", () => {
  const zone = "America/New_York";
  // 2026-03-08: 02:00 EST is 03:00 EDT. 2026-11-01: 02:00 EDT is 01:00 EST.
  const spring = "2026-03-07T12:00:00Z";
  const autumn = "2026-10-31T12:00:00Z";

  it("01:30 exists in spring", () => {
    const schedule = readSchedule({ cron: "30 1 * * *", timeZone: zone });
    expect(ticks(schedule, spring, 2)).toEqual(["2026-03-08T06:30:00", "2026-03-09T05:30:00"]);
  });

  it("01:30 comes twice in autumn and runs the first time", () => {
    const schedule = readSchedule({ cron: "30 1 * * *", timeZone: zone });
    expect(ticks(schedule, autumn, 2)).toEqual(["2026-11-01T05:30:00", "2026-11-02T06:30:00"]);
  });

  it("02:30 does not exist in spring and runs when the gap ends, at 03:00", () => {
    const schedule = readSchedule({ cron: "30 2 * * *", timeZone: zone });
    expect(ticks(schedule, spring, 2)).toEqual(["2026-03-08T07:00:00", "2026-03-09T06:30:00"]);
  });

  it("02:30 exists once in autumn", () => {
    const schedule = readSchedule({ cron: "30 2 * * *", timeZone: zone });
    expect(ticks(schedule, autumn, 2)).toEqual(["2026-11-01T07:30:00", "2026-11-02T07:30:00"]);
  });

  it("several fixed times a day are fixed times too", () => {
    const schedule = readSchedule({ cron: "30 2,14 * * *", timeZone: zone });
    expect(ticks(schedule, spring, 3)).toEqual([
      ...["2026-03-07T19:30:00", "2026-03-08T07:00:00", "2026-03-08T18:30:00"],
    ]);
  });

  it("every half hour goes on through the gap and through the repeated hour", () => {
    const schedule = readSchedule({ cron: "*/30 * * * *", timeZone: zone });
    expect(ticks(schedule, "2026-03-08T06:00:00Z", 3)).toEqual([
      ...["2026-03-08T06:30:00", "2026-03-08T07:00:00", "2026-03-08T07:30:00"],
    ]);
    expect(ticks(schedule, "2026-11-01T05:00:00Z", 4)).toEqual([
      ...["2026-11-01T05:30:00", "2026-11-01T06:00:00"],
      ...["2026-11-01T06:30:00", "2026-11-01T07:00:00"],
    ]);
  });
});

describe("when clocks change by half an hour, on Lord Howe", () => {
  const zone = "Australia/Lord_Howe";
  // 2026-10-04: 02:00 (+10:30) is 02:30 (+11). 2026-04-05: 02:00 (+11) is 01:30 (+10:30).

  it("02:15 does not exist in spring and runs when the gap ends, at 02:30", () => {
    const schedule = readSchedule({ cron: "15 2 * * *", timeZone: zone });
    expect(ticks(schedule, "2026-10-03T12:00:00Z", 2)).toEqual([
      ...["2026-10-03T15:30:00", "2026-10-04T15:15:00"],
    ]);
  });

  it("01:45 comes twice in autumn and runs the first time", () => {
    const schedule = readSchedule({ cron: "45 1 * * *", timeZone: zone });
    expect(ticks(schedule, "2026-04-04T12:00:00Z", 2)).toEqual([
      ...["2026-04-04T14:45:00", "2026-04-05T15:15:00"],
    ]);
  });
});

describe("a tick that is due", () => {
  const hourly = readSchedule({ cron: "0 * * * *" });
  const tick = at("2026-01-15T12:00:00Z");
  const hour = 3_600_000;

  it("runs, and the next is an hour after it, however late it is", () => {
    expect(dueTick(hourly, tick, tick)).toEqual({ scheduledAt: tick, nextAt: tick + hour });
    expect(dueTick(hourly, tick, tick + hour - 1)).toEqual({
      scheduledAt: tick,
      nextAt: tick + hour,
    });
  });

  it("after a downtime the last one that was missed runs, and no other", () => {
    expect(dueTick(hourly, tick, tick + hour)).toEqual({
      scheduledAt: tick + hour,
      nextAt: tick + 2 * hour,
    });
    expect(dueTick(hourly, tick, tick + 1000.5 * hour)).toEqual({
      scheduledAt: tick + 1000 * hour,
      nextAt: tick + 1001 * hour,
    });
  });

  it("a month of missed seconds takes no time", () => {
    const schedule = readSchedule({ cron: "* * * * * *" });
    const now = tick + 30 * 24 * hour + 400;
    expect(dueTick(schedule, tick, now)).toEqual({
      scheduledAt: now - 400,
      nextAt: now + 600,
    });
  });

  it("the last of all is followed by none", () => {
    const never = readSchedule({ cron: "0 0 30 2 *" });
    expect(dueTick(never, tick, tick + hour)).toEqual({ scheduledAt: tick, nextAt: Infinity });
  });

  it("never goes back, and leaves nothing due behind", () => {
    const crons = ["*/7 * * * *", "30 2 * * *", "15 * * * * *", "0 0 1 * *", "30 1,2 * * *"];
    const zones = ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
    fc.assert(
      fc.property(
        fc.constantFrom(...crons),
        fc.constantFrom(...zones),
        fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z") }),
        fc.integer({ min: 0, max: 40 * 24 * hour }),
        (cron, timeZone, start, late) => {
          const schedule = readSchedule({ cron, timeZone });
          const first = nextTick(schedule, start);
          const now = first + late;
          const { scheduledAt, nextAt } = dueTick(schedule, first, now);
          expect(scheduledAt).toBeGreaterThanOrEqual(first);
          expect(scheduledAt).toBeLessThanOrEqual(now);
          expect(nextAt).toBeGreaterThan(now);
          expect(nextTick(schedule, scheduledAt)).toBe(nextAt);
        },
      ),
    );
  });
});

describe("jitter", () => {
  it("is the same for the same tick, below its bound, and spread", () => {
    expect(jitterOf("report", 1000, 0)).toBe(0);
    expect(jitterOf("report", 1000, 60_000)).toBe(jitterOf("report", 1000, 60_000));
    const all = Array.from({ length: 1000 }, (_, i) => jitterOf("report", i * 60_000, 60_000));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(60_000);
    const below = all.filter((ms) => ms < 30_000).length;
    expect(below).toBeGreaterThan(400);
    expect(below).toBeLessThan(600);
    expect(jitterOf("other", 0, 60_000)).not.toBe(jitterOf("report", 0, 60_000));
  });
});

describe("the start of a tick", () => {
  const definition: FunctionDefinition = {
    id: "daily-report",
    triggers: [],
    retries: 4,
    backoff: () => 1000,
    handler: () => Promise.resolve(),
  };
  const tick = at("2026-01-15T12:00:00Z");

  it("has the event of a timer, and happens once for a moment", () => {
    const start = createScheduledStart(definition, { cron: "0 12 * * *" }, tick, tick + 5);
    const again = createScheduledStart(definition, { cron: "0 */12 * * *" }, tick, tick + 9);
    expect(start).toMatchObject({
      functionId: "daily-report",
      notBefore: undefined,
      idempotency: { until: tick + 5 + 86_400_000 },
      events: [
        {
          externalId: "2026-01-15T12:00:00.000Z",
          name: "inngest/scheduled.timer",
          ts: tick,
          data: {
            cron: "0 12 * * *",
            scheduledAt: "2026-01-15T12:00:00.000Z",
            fireAt: "2026-01-15T12:00:00.000Z",
          },
        },
      ],
    });
    expect(again.idempotency?.key).toBe(start.idempotency?.key);
  });

  it("waits for its jitter", () => {
    const trigger = { cron: "0 12 * * *", jitterMs: 60_000 };
    const { notBefore, events } = createScheduledStart(definition, trigger, tick, tick);
    expect(notBefore).toBe(tick + jitterOf("daily-report", tick, 60_000));
    expect(events[0]!.data).toMatchObject({ fireAt: new Date(notBefore!).toISOString() });
    expect(createScheduledStart(definition, trigger, tick, tick + 60_000).notBefore).toBe(
      undefined,
    );
  });
});

function parisAtNine(): Schedule {
  return { cron: "0 9 * * *", timeZone: "Europe/Paris" };
}
