import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parserOf } from "./schema.ts";

const kinds: Record<string, unknown> = {
  zod: z.object({ n: z.coerce.number() }),
  "another Standard Schema": {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: ({ n }: { n: unknown }) =>
        Number.isNaN(Number(n))
          ? { issues: [{ message: "no number", path: [{ key: "n" }] }] }
          : { value: { n: Number(n) } },
    },
  },
  "an object with parse": { parse: (value: { n: unknown }) => ({ n: checked(value.n) }) },
  yup: { validateSync: (value: { n: unknown }) => ({ n: checked(value.n) }) },
  superstruct: { create: (value: { n: unknown }) => ({ n: checked(value.n) }), assert: () => {} },
  "a function": (value: { n: unknown }) => ({ n: checked(value.n) }),
};

function checked(value: unknown): number {
  const number = Number(value);
  if (Number.isNaN(number)) throw new Error("n: no number");
  return number;
}

describe.each(Object.entries(kinds))("%s", (_name, schema) => {
  const parse = parserOf(schema, "the task x");

  test("gives what it makes of a value, at once", () => {
    expect(parse({ n: "3" })).toEqual({ n: 3 });
  });

  test("throws what is wrong, with the field", () => {
    expect(() => parse({ n: "three" })).toThrow(/n/);
  });
});

test("a schema that has to be waited for", async () => {
  const parse = parserOf(
    z.string().refine(async (text) => text !== "taken", "is taken"),
    "the task x",
  );
  await expect(parse("free")).resolves.toBe("free");
  await expect(parse("taken")).rejects.toThrow("is taken");
});

test("what is no schema is refused", () => {
  for (const schema of [5, "text", {}, null])
    expect(() => parserOf(schema, "the task x")).toThrow(
      expect.objectContaining({ code: "TASK_BAD_OPTION" }),
    );
});
