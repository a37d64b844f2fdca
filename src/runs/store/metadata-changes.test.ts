import { expect, it } from "vitest";
import { changeMetadata } from "./metadata-changes.ts";
import type { MetadataChange } from "./metadata-store.ts";

const change = (before: object, ...changes: MetadataChange[]): unknown =>
  changeMetadata(structuredClone(before) as Record<string, unknown>, changes);

it.each<[string, object, MetadataChange, object]>([
  ["sets", { a: 1 }, { type: "set", key: "b", value: [2] }, { a: 1, b: [2] }],
  ["sets over what is there", { a: 1 }, { type: "set", key: "a", value: null }, { a: null }],
  ["deletes", { a: 1, b: 2 }, { type: "delete", key: "a" }, { b: 2 }],
  ["appends to a list", { a: [1] }, { type: "append", key: "a", value: 2 }, { a: [1, 2] }],
  ["makes a list to append to", {}, { type: "append", key: "a", value: 1 }, { a: [1] }],
  ["puts a value in the list", { a: 1 }, { type: "append", key: "a", value: 2 }, { a: [1, 2] }],
  [
    "removes equals",
    { a: [{ b: 1 }, 2, { b: 1 }] },
    { type: "remove", key: "a", value: { b: 1 } },
    { a: [2] },
  ],
  ["removes from no list", { a: 1 }, { type: "remove", key: "a", value: 1 }, { a: 1 }],
  ["increments", { a: 1 }, { type: "increment", key: "a", value: 2.5 }, { a: 3.5 }],
  ["decrements what is missing", {}, { type: "increment", key: "a", value: -1 }, { a: -1 }],
  ["increments no text", { a: "1" }, { type: "increment", key: "a", value: 1 }, { a: "1" }],
  [
    "increments not past all numbers",
    { a: 1e308 },
    { type: "increment", key: "a", value: 1e308 },
    { a: 1e308 },
  ],
  ["replaces all", { a: 1 }, { type: "replace", value: { b: 2 } }, { b: 2 }],
  ["takes a key with dots as it is", {}, { type: "set", key: "a.b", value: 1 }, { "a.b": 1 }],
  [
    "makes the way",
    {},
    { type: "set", key: "$.a.b[1].c", value: 1 },
    { a: { b: [undefined, { c: 1 }] } },
  ],
  [
    "goes the way that is there",
    { a: [{ b: 1 }] },
    { type: "increment", key: "$.a[0].b", value: 1 },
    { a: [{ b: 2 }] },
  ],
  ["deletes from a list", { a: [1, 2, 3] }, { type: "delete", key: "$.a[1]" }, { a: [1, 3] }],
  ["makes no way to delete", {}, { type: "delete", key: "$.a.b" }, {}],
  ["does not go through a number", { a: 1 }, { type: "set", key: "$.a.b", value: 1 }, { a: 1 }],
  ["gives a list no names", { a: [] }, { type: "set", key: "$.a.b", value: 1 }, { a: [] }],
  ["makes no huge list", { a: [] }, { type: "set", key: "$.a[999999999]", value: 1 }, { a: [] }],
  ["does nothing at no path", { a: 1 }, { type: "set", key: "$.", value: 1 }, { a: 1 }],
])("%s", (_, before, one, after) => {
  expect(change(before, one)).toEqual(after);
});

it("applies changes in their order", () => {
  const changes: MetadataChange[] = [
    { type: "replace", value: { n: 1 } },
    { type: "increment", key: "n", value: 1 },
    { type: "set", key: "m", value: 0 },
    { type: "delete", key: "n" },
  ];
  expect(change({ x: 1 }, ...changes)).toEqual({ m: 0 });
});

it.each(["__proto__", "$.__proto__.polluted", "$.constructor.prototype.polluted"])(
  "does not reach into the prototypes of all objects by %s",
  (key) => {
    expect(change({}, { type: "set", key, value: { polluted: true } })).toEqual({});
    expect({}).not.toHaveProperty("polluted");
  },
);

it("leaves the object of a replacement as it is", () => {
  const value = { list: [1] };
  change({}, { type: "replace", value }, { type: "append", key: "list", value: 2 });
  expect(value).toEqual({ list: [1] });
});
