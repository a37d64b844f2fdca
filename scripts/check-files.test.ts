import { expect, it } from "vitest";
import { isKebabCase, median } from "./check-files.mjs";

it("knows kebab-case", () => {
  const good = ["src/a.ts", "src/job-key.test.ts", "a/0001-queues.sql", "vitest.config.ts"];
  const bad = ["src/jobKey.ts", "src/job_key.ts", "src/Job.ts", "src/-a.ts"];
  expect(good.filter((path) => !isKebabCase(path))).toEqual([]);
  expect(bad.filter(isKebabCase)).toEqual([]);
});

it("takes the median", () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([1, 2, 3, 10])).toBe(2.5);
  expect(median([])).toBe(0);
});
