import { expect, it } from "vitest";
import { flowKey, keyText, optionalKeyText } from "./keys.ts";

const input = (data: unknown) => ({
  event: { id: "evt_1", name: "a", data, ts: 0 },
  now: 0,
});

it("parts of a key do not run into each other", () => {
  expect(flowKey("fn", "a", "b:c")).toBe('["fn","a","b:c"]');
  expect(flowKey("fn", 'a","b', "c")).not.toBe(flowKey("fn", "a", "b", "c"));
});

it("a long key becomes a hash of it", () => {
  const long = flowKey("fn", "a", "x".repeat(10_000));
  expect(long).toMatch(/^fn:[\w-]{43}$/);
  expect(flowKey("fn", "a", "x".repeat(10_001))).not.toBe(long);
});

it("values that are no text become JSON", () => {
  expect(keyText("event.data.id", input({ id: "a" }))).toBe("a");
  expect(keyText("event.data.id", input({ id: 17 }))).toBe("17");
  expect(keyText("event.data.id", input({ id: null }))).toBe("null");
  expect(keyText("event.data.id", input({}))).toBe("false");
  expect(keyText("event.data", input({ a: [1] }))).toBe('{"a":[1]}');
});

it("false, and what is missing, is no key where one is optional", () => {
  expect(optionalKeyText("event.data.id", input({ id: false }))).toBeUndefined();
  expect(optionalKeyText("event.data.id", input({}))).toBeUndefined();
  expect(optionalKeyText("event.data.id", input({ id: null }))).toBe("null");
  expect(optionalKeyText("event.data.id", input({ id: "" }))).toBe("");
  expect(optionalKeyText("event.data.id", input({ id: 0 }))).toBe("0");
});
