import { expect, test } from "vitest";
import { durationMs, durationToMs, limitMs, timeMs } from "./durations.ts";

const temporalDuration = (fields: Record<string, number>): unknown => ({
  [Symbol.toStringTag]: "Temporal.Duration",
  ...fields,
});
const instant = (epochMilliseconds: number): unknown => ({
  [Symbol.toStringTag]: "Temporal.Instant",
  epochMilliseconds,
});

test.each([
  [1500, 1500],
  [0, 0],
  [0.4, 1],
  ["250", 250],
  ["5s", 5_000],
  ["30 mins", 1_800_000],
  ["1h30m", 5_400_000],
  ["1h 30m 15s", 5_415_000],
  ["2.5 days", 216_000_000],
  ["7d", 604_800_000],
  ["1w", 604_800_000],
  ["1 Hour", 3_600_000],
  ["100ms", 100],
  [temporalDuration({ weeks: 1, hours: 1, minutes: 30, milliseconds: 2 }), 610_200_002],
])("%o is %i ms", (input, expected) => {
  expect(durationMs(input, "the test")).toBe(expected);
});

test.each([
  "",
  "soon",
  "5 parsecs",
  "1h 30",
  "-5s",
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "300000000 years",
  temporalDuration({ months: 1 }),
  null,
  undefined,
  true,
  {},
])("%o is refused, and the option is named", (input) => {
  expect(() => durationMs(input, "debounce.period")).toThrow(
    expect.objectContaining({
      code: "INNGEST_BAD_DURATION",
      message: expect.stringContaining("debounce.period"),
    }),
  );
});

test("durationToMs is the same under Inngest's name", () => {
  expect(durationToMs("1m")).toBe(60_000);
  expect(() => durationToMs("x", { name: "maxRuntime" })).toThrow("maxRuntime");
});

test.each([
  [new Date(5), 5],
  ["2026-01-02T03:04:05Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
  [instant(77), 77],
  [{ [Symbol.toStringTag]: "Temporal.ZonedDateTime", epochMilliseconds: 78 }, 78],
])("the time %o", (input, expected) => {
  expect(timeMs(input, "the test")).toBe(expected);
});

test.each([new Date(Number.NaN), "tomorrow", 5, undefined])("%o is no time", (input) => {
  expect(() => timeMs(input, "sleepUntil")).toThrow("sleepUntil");
});

test("a limit is a duration from now, or what is left until a time", () => {
  expect(limitMs("5s", 1_000, "timeout")).toBe(5_000);
  expect(limitMs(new Date(4_000), 1_000, "timeout")).toBe(3_000);
  expect(limitMs(instant(500), 1_000, "timeout")).toBe(0);
});
