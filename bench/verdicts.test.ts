import { describe, expect, it } from "vitest";
import { Results } from "./summary.ts";
import { judge, type Target } from "./verdicts.ts";

/** Two rounds of one measure: the median of `ours` is 30, that of `theirs` is 10. */
function results(): Results {
  const made = new Results("theirs");
  for (const [round, factor] of [1, 5].entries()) {
    const record = { round, measure: "speed" };
    made.records.push({ ...record, contestant: "ours", sample: { rate: 10 * factor } });
    made.records.push({ ...record, contestant: "theirs", sample: { rate: 10 } });
  }
  return made;
}

const target = { contestant: "ours", measure: "speed", field: "rate", title: "speed" };

describe("targets", () => {
  it.each<[string, Partial<Target>, string, string, boolean]>([
    ["a number that is reached", { atLeast: 30 }, "≥ 30", "30", true],
    ["a number that is missed", { atLeast: 31 }, "≥ 31", "30", false],
    ["a ratio that is reached", { against: "theirs", atLeast: 3 }, "≥ 3.00×", "3.00×", true],
    ["a ratio that is missed", { against: "theirs", atLeast: 3.1 }, "≥ 3.10×", "3.00×", false],
    ["a bound that is touched", { atMost: 30 }, "≤ 30", "30", true],
    ["a bound that must not be touched", { below: 30 }, "< 30", "30", false],
  ])("judge %s", (_name, bounds, bound, reached, passed) => {
    expect(judge([{ ...target, ...bounds }], results())).toEqual([
      { contestant: "ours", target: "speed", bound, reached, passed },
    ]);
  });

  it("are left out when a number they need was not measured", () => {
    const missing = [
      { ...target, measure: "latency", atMost: 1 },
      { ...target, against: "nobody", atLeast: 1 },
    ];
    expect(judge(missing, results())).toEqual([]);
  });
});
