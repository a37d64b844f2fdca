import { expect, test } from "vitest";
import { checkRetry, retryDelay } from "./retry.ts";

const half = (): number => 0.5;
const delays = (options: Parameters<typeof retryDelay>[0], tries: number): unknown[] =>
  Array.from({ length: tries }, (_, failed) => retryDelay(options, failed, half));

test("the first two waits are the least, then they grow by the factor", () => {
  const options = { limit: 6, minTimeoutInMs: 100, factor: 2, randomize: false };
  expect(delays(options, 6)).toEqual([100, 100, 200, 400, 800, undefined]);
});

test("by default five tries, each wait longer by a random part", () => {
  expect(delays({}, 5)).toEqual([1_500, 1_500, 2_700, 4_860, undefined]);
});

test("the longest wait counts after the random part", () => {
  expect(delays({ limit: 3, minTimeoutInMs: 800, maxTimeoutInMs: 1_000 }, 3)).toEqual([
    1_000,
    1_000,
    undefined,
  ]);
});

test("one try, or none, is no retry", () => {
  expect(delays({ limit: 1 }, 1)).toEqual([undefined]);
  expect(delays({ limit: 0 }, 1)).toEqual([undefined]);
});

test("what no formula can work with is refused", () => {
  expect(() => checkRetry({ limit: Number.NaN }, "io.runTask()")).toThrow(
    "io.runTask() cannot be used: retry.limit is NaN, and must be a number from 0 up",
  );
  expect(() => checkRetry({ factor: -1 }, "it")).toThrow("retry.factor is -1");
  expect(() => checkRetry({ limit: 3, factor: 1.5 }, "it")).not.toThrow();
});
