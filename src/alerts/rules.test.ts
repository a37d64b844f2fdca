import { expect, test } from "vitest";
import { type AlertRule, checkRules } from "./rules.ts";

const base = { name: "r" };

test("fills in what a rule leaves out", () => {
  const [failures, missed] = checkRules(
    [
      { name: "f", when: "failures", ratio: 0.1, task: ["resize"] },
      { name: "m", when: "missed-schedules", targets: ["two"], cooldownMs: 60_000 },
    ],
    ["one", "two"],
  );
  expect(failures).toEqual({
    ...{ name: "f", when: "failures", threshold: 0.1, isRatio: true, minimum: 10 },
    ...{ queues: [], functions: ["resize"], windowMs: 300_000, forMs: 0, cooldownMs: 3_600_000 },
    targets: ["one", "two"],
  });
  expect(missed).toMatchObject({
    ...{ threshold: 60_000, queues: undefined, functions: undefined, targets: ["two"] },
    cooldownMs: 60_000,
  });
});

test.each([
  [[], "rules has to be a list of rules"],
  [[{ when: "depth", threshold: 1 }], "a rule has no name"],
  [[{ ...base, when: "rain" }], "rule r: when is one of failures, stalled"],
  [[{ ...base, when: "failures" }], "threshold has to be a number of at least 1"],
  [[{ ...base, when: "failures", threshold: 1, ratio: 0.5 }], "give threshold or ratio, not both"],
  [[{ ...base, when: "failures", ratio: 1.5 }], "ratio is at most 1"],
  [[{ ...base, when: "depth", threshold: 1, function: "f" }], "function means nothing for depth"],
  [[{ ...base, when: "depth", threshold: 1, windowMs: 5_000 }], "windowMs means nothing for depth"],
  [[{ ...base, when: "depth", threshold: 1, queue: [] }], "queue names nothing"],
  [[{ ...base, when: "depth", threshold: 1, queue: 7 }], "queue has to be a name, or names"],
  [[{ ...base, when: "depth", threshold: 1, targets: ["two"] }], "there is no target two"],
  [[{ ...base, when: "oldest-waiting" }], "thresholdMs has to be a number of at least 1"],
  [
    [
      { ...base, when: "stalled" },
      { ...base, when: "crashed" },
    ],
    "two rules are called r",
  ],
])("refuses %j", (rules, reason) => {
  expect(() => checkRules(rules as unknown as AlertRule[], ["one"])).toThrow(
    expect.objectContaining({
      code: "ALERT_BAD_OPTION",
      message: expect.stringContaining(reason),
    }),
  );
});
