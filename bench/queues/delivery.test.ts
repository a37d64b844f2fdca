import { describe, expect, it } from "vitest";
import { CheckError } from "../check-error.ts";
import { DeliveryLedger } from "./delivery.ts";

function ledger(added: string[], started: string[], completed = started): DeliveryLedger {
  const made = new DeliveryLedger();
  made.added.push(...added);
  made.started.push(...started);
  made.completed.push(...completed);
  return made;
}

describe("the exact-delivery check", () => {
  it("accepts each job once, in any order", () => {
    expect(() => ledger(["1", "2", "3"], ["3", "1", "2"]).verify()).not.toThrow();
  });

  it("accepts jobs that were meant to wait", () => {
    expect(() => ledger(["1", "2", "3"], ["1"]).verify(2)).not.toThrow();
  });

  it.each([
    ["a lost job", ledger(["1", "2"], ["1"]), "1 never started (2); 1 never completed (2)"],
    [
      "a doubled job",
      ledger(["1", "2"], ["1", "2", "2"], ["1", "2"]),
      "1 started more than once (2)",
    ],
    [
      "an unknown job",
      ledger(["1"], ["1", "7"]),
      "1 started that nobody added (7); 1 completed that nobody added (7)",
    ],
    ["an id given twice", ledger(["1", "1"], ["1"]), "1 ids were given twice"],
    ["a start without an end", ledger(["1"], ["1"], []), "1 never completed (1)"],
  ])("refuses %s", (_name, made, problem) => {
    expect(() => made.verify()).toThrow(new CheckError(`of ${made.added.length} jobs: ${problem}`));
  });

  it("refuses errors of the worker", () => {
    const made = ledger(["1"], ["1"]);
    made.errors.push(new Error("no lock"));
    expect(() => made.verify()).toThrow("error: no lock");
  });
});
