import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLonghaulError } from "../core/errors.ts";
import { deserializeError, serializeError, toJsonText } from "./errors.ts";
import type { SerializedError } from "./types.ts";

describe("serializing what was thrown", () => {
  it("keeps name, message, stack, code and causes", () => {
    const inner = Object.assign(new TypeError("no route"), { code: "ENETUNREACH" });
    const error = new Error("payment failed", { cause: inner });
    expect(serializeError(error)).toEqual({
      name: "Error",
      message: "payment failed",
      stack: error.stack,
      cause: { name: "TypeError", message: "no route", stack: inner.stack, code: "ENETUNREACH" },
    });
  });

  it("keeps the name of a class of one's own", () => {
    class OutOfStock extends Error {
      override name = "OutOfStock";
    }
    expect(serializeError(new OutOfStock("widget")).name).toBe("OutOfStock");
  });

  it.each<[string, unknown, string]>([
    ["a string", "boom", "boom"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 42, "42"],
    ["a BigInt", 42n, "42"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { reason: "x" }, '{"reason":"x"}'],
    ["an object that is no JSON", { big: 1n }, "[object Object]"],
    ["an object without a prototype that is no JSON", nullProto({ big: 1n }), "object"],
  ])("records %s", (_what, thrown, message) => {
    expect(serializeError(thrown)).toEqual({ name: "Error", message });
  });

  it("takes an object with a message for an error, as other realms have them", () => {
    expect(serializeError({ name: "DOMException", message: "aborted", code: 20 })).toEqual({
      name: "DOMException",
      message: "aborted",
      code: "20",
    });
    expect(serializeError({ message: "aborted", name: "" })).toEqual({
      name: "Error",
      message: "aborted",
    });
  });

  it("cuts a circle of causes", () => {
    const error = new Error("a");
    error.cause = new Error("b", { cause: error });
    const { cause } = serializeError(error);
    expect(cause).toMatchObject({ message: "b" });
    expect(cause).not.toHaveProperty("cause");
  });

  it("cuts a long chain of causes", () => {
    let error = new Error("0");
    for (let i = 1; i < 50; i++) error = new Error(String(i), { cause: error });
    let depth = 0;
    for (let at: SerializedError | undefined = serializeError(error); at !== undefined; depth++) {
      at = at.cause as SerializedError | undefined;
    }
    expect(depth).toBe(8);
  });

  it("keeps a cause that is no error as JSON, or else as text", () => {
    const causeOf = (cause: unknown) => serializeError(new Error("x", { cause })).cause;
    expect(causeOf({ status: 503 })).toEqual({ status: 503 });
    expect(causeOf("timeout")).toBe("timeout");
    expect(causeOf(10n)).toBe("10");
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(causeOf(circle)).toBe("[object Object]");
    expect(causeOf("x".repeat(100_000))).toHaveLength(64 * 1024 + 1);
  });

  it("bounds message and stack", () => {
    const error = new Error("m".repeat(1e6));
    error.stack = "s".repeat(1e6);
    const { message, stack } = serializeError(error);
    expect(message).toHaveLength(64 * 1024 + 1);
    expect(stack).toHaveLength(32 * 1024 + 1);
  });

  it("survives getters that throw, and properties of the wrong kind", () => {
    const refusal = new Error("no");
    const error = new Proxy(new Error("x"), {
      get: () => {
        throw refusal;
      },
    });
    expect(serializeError(error)).toEqual({ name: "Error", message: "" });
    const odd = Object.assign(new Error("x"), { code: {}, name: 5, message: 7, stack: 9 });
    expect(serializeError(odd)).toEqual({ name: "Error", message: "" });
  });

  it("is JSON whatever was thrown", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        const serialized = serializeError(thrown);
        expect(JSON.parse(JSON.stringify(serialized))).toEqual(serialized);
      }),
    );
  });
});

describe("making an error of it again", () => {
  it("is what it was", () => {
    const error = new RangeError("too far", { cause: new Error("why", { cause: { a: 1 } }) });
    const serialized = serializeError(Object.assign(error, { code: "E" }));
    const again = deserializeError(serialized);
    expect(again).toBeInstanceOf(RangeError);
    expect(again).toMatchObject({ message: "too far", code: "E", stack: error.stack });
    expect(again.cause).toBeInstanceOf(Error);
    expect((again.cause as Error).cause).toEqual({ a: 1 });
    expect(serializeError(again)).toEqual(serialized);
  });

  it("has the name of a class it does not know, and a stack in any case", () => {
    const again = deserializeError({ name: "OutOfStock", message: "widget" });
    expect(again).toBeInstanceOf(Error);
    expect(String(again)).toBe("OutOfStock: widget");
    expect(again.stack).toBe("OutOfStock: widget");
    expect(Object.keys(again)).toEqual([]);
    expect(again).not.toHaveProperty("cause");
  });
});

describe("results", () => {
  it.each<[unknown, string]>([
    [undefined, "null"],
    [null, "null"],
    [() => 1, "null"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [Number.NaN, "null"],
    ["x", '"x"'],
  ])("%s becomes %s", (value, text) => {
    expect(toJsonText(value, "the result")).toBe(text);
  });

  const failure = (value: unknown, maxBytes?: number): unknown => {
    try {
      return toJsonText(value, 'the result of step "charge"', maxBytes);
    } catch (error) {
      return error;
    }
  };

  it("refuses what is no JSON, naming the step", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const throwing = {
      toJSON() {
        throw new Error("not me");
      },
    };
    const silent = {
      toJSON() {
        // oxlint-disable-next-line typescript/only-throw-error, no-throw-literal -- anything can be thrown
        throw "just so";
      },
    };
    for (const [value, reason] of [
      [{ total: 10n }, "BigInt"],
      [circle, "circular"],
      [throwing, "not me"],
      [silent, "just so"],
    ] as const) {
      const error = failure(value);
      expect(isLonghaulError(error, "RUNS_NOT_JSON")).toBe(true);
      expect((error as Error).message).toContain('the result of step "charge"');
      expect((error as Error).message).toContain(reason);
      expect((error as Error).message).not.toContain("\n");
    }
  });

  it("refuses what is too large, by bytes of UTF-8", () => {
    expect(failure("é".repeat(10), 22)).toBe(`"${"é".repeat(10)}"`);
    const error = failure("é".repeat(10), 21);
    expect(isLonghaulError(error, "RUNS_TOO_LARGE")).toBe(true);
    expect((error as Error).message).toContain("22 bytes of 21");
    expect(isLonghaulError(failure("x".repeat(4 * 1024 * 1024)), "RUNS_TOO_LARGE")).toBe(true);
  });
});

function nullProto(properties: object): object {
  return Object.assign(Object.create(null) as object, properties);
}
