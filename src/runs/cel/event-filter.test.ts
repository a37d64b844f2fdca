import { describe, expect, test } from "vitest";
import { evaluateExpression } from "../expressions.ts";
import { type EventFilter, eventFilterMatches, problemOfFilter } from "./event-filter.ts";

describe("an operator", () => {
  test.each<[EventFilter[string], fits: unknown[], not: unknown[]]>([
    [
      ["a", "b"],
      ["a", "b"],
      ["c", ["a"], undefined, null],
    ],
    [[1, 2], [1], ["1", 3]],
    [[true], [true], [false, "true", 1]],
    [[], [undefined, null, 7], []],
    [[{ $startsWith: "ab" }], ["abc"], ["cab", 1, undefined]],
    [[{ $endsWith: "bc" }], ["abc"], ["bca", null]],
    [[{ $ignoreCaseEquals: "Straße" }], ["STRAßE", "straße"], ["strasse", 1]],
    [[{ $exists: true }], [null, 0, ""], [undefined]],
    [[{ $exists: false }], [undefined], [null, 0]],
    [[{ $isNull: true }], [null], [undefined, 0]],
    [[{ $isNull: false }], [undefined, 0], [null]],
    [[{ $anythingBut: "a" }], ["b", undefined, null], ["a"]],
    [[{ $anythingBut: ["a", "b"] }], ["c", undefined], ["a", "b"]],
    [[{ $not: "a" }], ["b", undefined, ["b"]], ["a", ["b", "a"]]],
    [[{ $gt: 10 }], [11], [10, "11", undefined]],
    [[{ $gte: 10 }], [10], [9]],
    [[{ $lt: 10 }], [9], [10, null]],
    [[{ $lte: 10 }], [10], [11]],
    [[{ $between: [1, 3] }], [1, 2, 3], [0, 4, "2"]],
    [[{ $includes: "a" }], [["b", "a"]], [["b"], "a", undefined]],
    [[{ $startsWith: "a" }, { $endsWith: "c" }], ["abc"], ["ab", "bc"]],
    [[{ $gt: 1, $lt: 3 }], [2], [1, 3]],
  ])("%j", (wanted, fits, not) => {
    for (const value of fits)
      expect([value, eventFilterMatches({ value }, { value: wanted })]).toEqual([value, true]);
    for (const value of not)
      expect([value, eventFilterMatches({ value }, { value: wanted })]).toEqual([value, false]);
  });
});

test("objects go down, and into the elements of lists", () => {
  const filter: EventFilter = { order: { lines: { sku: ["b"], count: [{ $gt: 1 }] } } };
  const order = (...lines: object[]) => ({ order: { lines } });
  expect(eventFilterMatches(order({ sku: "a" }, { sku: "b", count: 2 }), filter)).toBe(true);
  expect(eventFilterMatches(order({ sku: "a", count: 2 }, { sku: "b", count: 1 }), filter)).toBe(
    false,
  );
  expect(eventFilterMatches({ order: { lines: { sku: "b", count: 2 } } }, filter)).toBe(true);
  expect(eventFilterMatches({ order: null }, filter)).toBe(false);
  expect(eventFilterMatches({}, filter)).toBe(false);
  expect(eventFilterMatches("text", {})).toBe(true);
  expect(eventFilterMatches({}, { toString: [{ $exists: true }] })).toBe(false);
});

test("mistakes are named", () => {
  expect(problemOfFilter({ a: { b: [{ $gt: 1 }] }, c: ["x", 1] })).toBeUndefined();
  expect(problemOfFilter({ a: [{ $greater: 1 }] })).toBe("the filter.a has no operator $greater");
  expect(problemOfFilter({ a: [{ $gt: "1" }] })).toBe("the filter.a.$gt needs a number");
  expect(problemOfFilter({ a: [{ $between: [1] }] })).toBe(
    "the filter.a.$between needs two numbers",
  );
  expect(problemOfFilter({ a: { b: "x" } })).toBe("the filter.a.b is no object");
  expect(problemOfFilter({ a: ["x", { $gt: 1 }] })).toMatch(/mixes values and operators/);
  expect(problemOfFilter({ a: { $gt: 1 } })).toBe(
    "the filter.a.$gt is an operator outside of a list",
  );
  expect(problemOfFilter(["a"])).toBe("the filter is no object");
});

test("expressions use it", () => {
  const event = { id: "e", name: "n", ts: 0, data: { total: 120, status: "paid" } };
  const fits = (filter: EventFilter, path = "event.data") => {
    const text = JSON.stringify(JSON.stringify(filter));
    return evaluateExpression(`matches_filter(${path}, ${text})`, { event, now: 0 });
  };
  expect(fits({ total: [{ $gt: 100 }], status: ["paid", 'with "quotes"'] })).toBe(true);
  expect(fits({ total: [{ $gt: 120 }] })).toBe(false);
  expect(fits({}, "event.data.customer")).toBe(false);
});
