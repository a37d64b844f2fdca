import { expect, it } from "vitest";
import { parseDurationMs } from "./duration.ts";

it.each([
  ["10s", 10_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["2d", 172_800_000],
  ["1w", 604_800_000],
  ["250ms", 250],
  ["1000us", 1],
  ["1000µs", 1],
  ["1000000ns", 1],
  ["-1m", -60_000],
  ["+1m", 60_000],
  ["", undefined],
  ["10", undefined],
  ["10 s", undefined],
  ["1y", undefined],
  ["s", undefined],
])("%s is %s ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});
