import { expect, test } from "vitest";
import { durationMs, dueTime, secondsOrText, waitDurationMs } from "./durations.ts";

const bad = expect.objectContaining({ code: "TASK_BAD_DURATION" }) as Error;

test("durations as text", () => {
  expect(durationMs("10m", "ttl")).toBe(600_000);
  expect(durationMs("1h52m18s", "delay")).toBe(6_738_000);
  expect(durationMs("2w", "delay")).toBe(14 * 86_400_000);
  expect(durationMs("1d2hr", "delay")).toBe(93_600_000);
  for (const text of ["", "10", "m", "1.5h", "-1h", "1 h", "1h!", "1y", "99999999999w"])
    expect(() => durationMs(text, "delay")).toThrow(bad);
});

test("lengths of wait.for", () => {
  expect(waitDurationMs({ seconds: 1.5 })).toBe(1_500);
  expect(waitDurationMs({ minutes: 2 })).toBe(120_000);
  expect(waitDurationMs({ weeks: 1 })).toBe(7 * 86_400_000);
  expect(waitDurationMs({ months: 1 })).toBe(30 * 86_400_000);
  expect(waitDurationMs({ years: 1, idempotencyKey: "key" })).toBe(365 * 86_400_000);
  for (const wait of [{}, { seconds: -1 }, { seconds: "3" }, { seconds: 1, hours: 1 }])
    expect(() => waitDurationMs(wait)).toThrow(bad);
  expect(() => waitDurationMs({ days: Number.NaN })).toThrow(bad);
});

test("a time is a duration from now, a Date, or what JSON made of one", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(dueTime("1h", now, "delay")).toBe(now + 3_600_000);
  expect(dueTime(new Date(5), now, "delay")).toBe(5);
  expect(dueTime("2026-02-01T00:00:00.000Z", now, "delay")).toBe(Date.UTC(2026, 1, 1));
  expect(() => dueTime(new Date("never"), now, "delay")).toThrow(bad);
  expect(() => dueTime("2026-99-01", now, "delay")).toThrow(bad);
  expect(() => dueTime("soon", now, "delay")).toThrow(/delay/);
});

test("times to live are text or seconds", () => {
  expect(secondsOrText("10m", "ttl")).toBe(600_000);
  expect(secondsOrText(90, "ttl")).toBe(90_000);
  expect(secondsOrText(0, "ttl")).toBe(0);
  expect(() => secondsOrText(-1, "ttl")).toThrow(bad);
});
