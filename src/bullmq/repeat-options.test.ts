import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  isRepeated,
  planRepeat,
  refuseDefaultRepeat,
  refuseRepeatInFlow,
} from "./repeat-options.ts";
import type { JobsOptions, RepeatOptions } from "./types.ts";

const daily = { pattern: "0 9 * * *" };

function idOf(name: string, repeat: RepeatOptions, opts: JobsOptions = {}): string {
  return planRepeat(name, { ...opts, repeat }).schedulerId;
}

describe("the scheduler", () => {
  test("has the id that BullMQ 5 derived as the repeat key", () => {
    const key = "report:weekly:1767225600000:Europe/Rome:0 9 * * *";
    const repeat = { ...daily, tz: "Europe/Rome", endDate: "2026-01-01T00:00:00Z" };
    expect(idOf("report", repeat, { jobId: "weekly" })).toBe(
      createHash("md5").update(key).digest("hex"),
    );
  });

  test("has another id for another name, job id, pattern, interval, time zone or end", () => {
    const ids = [
      idOf("a", daily),
      idOf("b", daily),
      idOf("a", daily, { jobId: "x" }),
      idOf("a", { pattern: "0 8 * * *" }),
      idOf("a", { every: 1000 }),
      idOf("a", { ...daily, tz: "Asia/Tokyo" }),
      idOf("a", { ...daily, endDate: "2099-01-01" }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("has the same id whatever else changes", () => {
    expect(idOf("a", { ...daily, limit: 3, offset: 5 }, { attempts: 2 })).toBe(idOf("a", daily));
    expect(idOf("a", { cron: daily.pattern })).toBe(idOf("a", daily));
  });

  test("has the id given as key", () => {
    expect(idOf("a", { ...daily, key: "morning" })).toBe("morning");
  });

  test("gets the job's options as its template", () => {
    const plan = planRepeat("a", {
      repeat: { cron: "* * * * *", limit: 2 },
      jobId: "x",
      attempts: 3,
    });
    expect(plan).toMatchObject({ repeat: { pattern: "* * * * *", limit: 2 } });
    expect(plan.template).toEqual({ attempts: 3 });
  });
});

describe("repeat is refused", () => {
  test.each([
    [{ ...daily, every: 5 }, /Both .pattern and .every options are defined/],
    [{}, /Either .pattern or .every options must be defined/],
    [{ pattern: "* * * * *", cron: "0 * * * *" }, /two names of one option/],
    [{ every: -5 }, /every must be a number of ms above 0, not -5/],
    [{ ...daily, limit: 0 }, /limit must be a whole number above 0, not 0/],
    [{ ...daily, offset: "1s" }, /offset must be a number of ms, not 1s/],
    [{ ...daily, tz: "Middle-earth/Shire" }, /tz "Middle-earth\/Shire" is no time zone/],
    [{ ...daily, startDate: "soon" }, /startDate "soon" is no date/],
    [{ ...daily, key: "" }, /key must be a string that is not empty/],
    [{ ...daily, timezone: "Europe/Rome" }, /no option timezone, only pattern, cron, every, tz/],
    ["0 9 * * *", /repeat must be an object/],
  ])("as %j", (repeat, reason) => {
    const plan = () => planRepeat("report", { repeat: repeat as RepeatOptions });
    expect(plan).toThrow(reason);
    expect(plan).toThrow(/^report cannot be repeated/);
    expect(plan).toThrow(expect.objectContaining({ code: "BULLMQ_BAD_REPEAT" }));
  });

  test.each([
    [{ delay: 5 }, /delay has no meaning beside repeat/],
    [{ deduplication: { id: "a" } }, /deduplication has no meaning beside repeat/],
    [{ parent: { id: "1", queue: "bull:a" } }, /cannot be the child of another/],
  ])("beside %j", (opts, reason) => {
    expect(() => planRepeat("report", { ...opts, repeat: daily })).toThrow(reason);
  });

  test("as a default of a queue, and in a flow", () => {
    expect(() =>
      refuseDefaultRepeat("mails", { defaultJobOptions: { repeat: daily } as never }),
    ).toThrow(/mails cannot be repeated: .* give it to add\(\)/);
    const node = { name: "a", queueName: "q", opts: { repeat: daily } as object };
    expect(() => refuseRepeatInFlow(node)).toThrow(/a job of a flow cannot be repeated/);
  });

  test("but options for a repeat strategy of the user's own go through", () => {
    const repeat = { pattern: "FREQ=DAILY", skipHolidays: true } as RepeatOptions;
    const settings = { repeatStrategy: () => 1 };
    expect(planRepeat("a", { repeat }, settings).repeat).toEqual(repeat);
  });
});

test("a job that a scheduler has made is added again as the single job it is", () => {
  expect(isRepeated({ repeat: daily })).toBe(true);
  expect(isRepeated({ repeat: daily, repeatJobKey: "morning" })).toBe(false);
  expect(isRepeated({})).toBe(false);
  expect(isRepeated(undefined)).toBe(false);
});
