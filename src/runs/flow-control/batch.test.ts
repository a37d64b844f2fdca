import { expect, it } from "vitest";
import { joinBatch, MAX_BATCH_BYTES } from "./batch.ts";

const options = { maxSize: 3, timeoutMs: 5000 };

it("batchEvents runs when maxSize events are there", () => {
  const one = joinBatch(options, undefined, 10, 1000);
  expect(one).toEqual({ count: 1, bytes: 10, dueAt: 6000, full: false });
  const two = joinBatch(options, one, 20, 4000);
  expect(two).toEqual({ count: 2, bytes: 30, dueAt: 6000, full: false });
  expect(joinBatch(options, two, 5, 4500)).toMatchObject({ count: 3, bytes: 35, full: true });
});

it("batchEvents runs when the events take 10 MiB", () => {
  const open = { count: 1, bytes: MAX_BATCH_BYTES - 10, dueAt: 6000 };
  expect(joinBatch(options, open, 9, 1000).full).toBe(false);
  expect(joinBatch(options, open, 10, 1000).full).toBe(true);
});
