import { describe, expect, it } from "vitest";
import { CheckError } from "../check-error.ts";
import { RunLedger } from "./ledger.ts";

/** A ledger with one run of two steps that went as it should. */
function goodRun(): { ledger: RunLedger; run: number; output: number } {
  const ledger = new RunLedger();
  const run = ledger.expect(2);
  const output = ledger.step(run, 0) + ledger.step(run, 1);
  ledger.ended(run, output);
  return { ledger, run, output };
}

describe("the exactly-once check", () => {
  it("accepts each step once, and the right output", () => {
    expect(() => goodRun().ledger.verify()).not.toThrow();
  });

  it.each<[string, (made: ReturnType<typeof goodRun>) => void, string]>([
    [
      "a step that ran twice",
      ({ ledger, run }) => ledger.step(run, 1),
      "1 steps executed more than once",
    ],
    [
      "a step that never ran",
      ({ ledger }) => ledger.ended(ledger.expect(1), 1),
      "1 steps never executed",
    ],
    ["a step too many", ({ ledger, run }) => ledger.step(run, 2), "1 steps that no run has"],
    [
      "a wrong output",
      ({ ledger, run, output }) => ledger.ended(run, output + 1),
      "1 runs with a wrong output",
    ],
    [
      "a wait too many",
      ({ ledger, run }) => ledger.resumed(run),
      "1 waits that went on too often or never",
    ],
  ])("refuses %s", (_name, spoil, problem) => {
    const made = goodRun();
    spoil(made);
    expect(() => made.ledger.verify()).toThrow(
      new CheckError(`of ${made.ledger.runs} runs: ${problem}`),
    );
  });

  it("refuses a run without an end", () => {
    const ledger = new RunLedger();
    ledger.step(ledger.expect(1), 0);
    expect(() => ledger.verify()).toThrow("1 runs with a wrong output");
  });
});
