import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pack, packText, unpack, unpackText } from "./payload.ts";

const roundTrip = (value: unknown): unknown => unpackText(packText(value, "The value", 1e6));

test("JSON is stored as it is", () => {
  for (const value of [null, 1, "text", true, [], { a: [{ b: null }] }, { json: 1, meta: 2 }])
    expect(pack(value)).toEqual(value);
  expect(packText({ n: 1 }, "The value", 100)).toBe('{"n":1}');
});

test("what JSON cannot say comes back all the same", () => {
  const value = {
    at: new Date(5),
    map: new Map([["k", new Set([1n])]]),
    none: undefined,
    nan: Number.NaN,
    zero: -0,
    pattern: /a+/i,
    bytes: new Uint8Array([1, 2]),
  };
  const back = roundTrip(value) as typeof value;
  expect(back).toEqual(value);
  expect("none" in back).toBe(true);
  expect(Object.is(back.zero, -0)).toBe(true);
  expect(roundTrip(new Date(0))).toEqual(new Date(0));
  expect(roundTrip(new RangeError("far"))).toMatchObject({ name: "RangeError", message: "far" });
});

test("undefined alone becomes null", () => {
  expect(roundTrip(undefined)).toBeNull();
  expect(unpackText(undefined)).toBeUndefined();
});

test("a value that looks like a stored one is not mistaken for one", () => {
  const value = { __superjson: { values: ["Date"] }, json: "2020-01-01" };
  expect(roundTrip(value)).toEqual(value);
});

test("a circle is kept, and what is too large is refused", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const back = roundTrip(circle) as typeof circle;
  expect(back.self).toBe(back);
  expect(() => packText("x".repeat(200), "The payload", 100)).toThrow(
    expect.objectContaining({ code: "RUNS_TOO_LARGE" }),
  );
});

test("any value comes back as it was", () => {
  const values = fc.anything({
    withDate: true,
    withMap: true,
    withSet: true,
    withBigInt: true,
    withNullPrototype: false,
    key: fc.string().filter((key) => !["__proto__", "constructor", "prototype"].includes(key)),
    maxDepth: 3,
  });
  fc.assert(
    fc.property(values, (value) => {
      const back = unpack(JSON.parse(JSON.stringify(pack([value]))));
      expect(back).toEqual([value]);
    }),
  );
});
