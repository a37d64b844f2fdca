import { expect, test } from "vitest";
import { StepKeys } from "./step-keys.ts";

const keysOf = (...ids: string[]) => {
  const keys = new StepKeys();
  return ids.map((id) => keys.next(id));
};

test("an id is its own key, and repeats are numbered in call order", () => {
  expect(keysOf("a", "b", "a", "a", "b")).toEqual(["a", "b", "a:1", "a:2", "b:1"]);
});

test("an id that looks like a repeat never gets a key twice", () => {
  expect(keysOf("a:1", "a", "a", "a")).toEqual(["a:1", "a", "a:2", "a:3"]);
  expect(keysOf("a", "a", "a:1", "a")).toEqual(["a", "a:1", "a:1:1", "a:2"]);
});

test("ids that are names of object properties are ordinary", () => {
  expect(keysOf("__proto__", "constructor", "__proto__")).toEqual([
    "__proto__",
    "constructor",
    "__proto__:1",
  ]);
});
