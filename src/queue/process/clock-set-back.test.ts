import { expect, test } from "vitest";
import { liesAhead } from "./clock-set-back.ts";

const MINUTE = 60_000;

test.each([
  ["over", -1, 1000, false],
  ["running", 1000, 1000, false],
  ["a little longer than ours, set by another process", MINUTE, 1000, false],
  ["further ahead than a clock that runs on can bring it", MINUTE + 1, 1000, true],
  ["long, and just begun", 60 * MINUTE, 60 * MINUTE, false],
  ["long, and not begun", 60 * MINUTE + 1, 60 * MINUTE, true],
])("a span that is %s", (_, leftMs, lengthMs, expected) => {
  const now = 1_000_000;
  expect(liesAhead(now + leftMs, now, lengthMs)).toBe(expected);
});
