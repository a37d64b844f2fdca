import fc from "fast-check";
import { expect, it } from "vitest";
import { isLonghaulError } from "../errors.ts";
import { EVERYTHING, parsePath, parseSearch, type SearchQuery } from "./search-query.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;
const parse = (q: string) => parseSearch(q, NOW);

it("understands every word", () => {
  const q =
    'id:42 name:send-mail queue:mail state:failed,delayed data.user.id:7 error:timeout tag:"a b" after:2h before:2026-01-31T11:30:00Z refused';
  expect(parse(q)).toEqual({
    text: ["refused"],
    ids: ["42"],
    names: ["send-mail"],
    queues: ["mail"],
    states: ["failed", "delayed"],
    tags: ["a b"],
    errors: ["timeout"],
    data: [{ path: ["user", "id"], value: "7" }],
    after: NOW - 2 * HOUR,
    before: NOW - HOUR / 2,
  } satisfies SearchQuery);
});

it("takes words that it does not know as text, so that addresses and ids can be searched for", () => {
  expect(parse("http://example.org/a?b=c repeat:tick:17 datax.y:1").text).toEqual([
    "http://example.org/a?b=c",
    "repeat:tick:17",
    "datax.y:1",
  ]);
});

it("takes quoted values as they are", () => {
  expect(parse(String.raw`"say \"hi\" \\ there" data."first name".x:"state:failed"`)).toEqual({
    ...EVERYTHING,
    text: [String.raw`say "hi" \ there`],
    data: [{ path: ["first name", "x"], value: "state:failed" }],
  });
  expect(parse('5" pipe').text).toEqual(['5"', "pipe"]);
});

it.each([
  ['"never closed', "quotation mark at 1"],
  ['name:"never closed', "quotation mark at 6"],
  ["name:", "nothing follows name:"],
  ["name: x", "nothing follows name:"],
  ['""', "nothing at 1"],
  ["after:yesterday", "no time"],
  ["before:2026-13-01", "no time"],
  ["x".repeat(1_001), "longer than 1000"],
])("refuses %s", (q, reason) => {
  expect(() => parse(q)).toThrow(expect.objectContaining({ code: "SERVER_BAD_SEARCH" }));
  expect(() => parse(q)).toThrow(reason);
});

it("finds in any text either a search or a reason why it is none", () => {
  const pieces = fc.constantFrom(
    '"',
    "\\",
    ":",
    " ",
    "data.",
    "id:",
    "after:",
    "x",
    ".",
    "ä",
    "\n",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces).map((parts) => parts.join("")),
  );
  const isUnderstoodOrRefused = (q: string): boolean => {
    try {
      return parse(q).text.length >= 0;
    } catch (error) {
      return isLonghaulError(error, "SERVER_BAD_SEARCH");
    }
  };
  expect(fc.check(fc.property(text, isUnderstoodOrRefused)).failed).toBe(false);
});

it("understands what is written out again", () => {
  const value = fc.string({ minLength: 1, maxLength: 20 });
  const field = fc.stringMatching(/^[^"]{1,9}$/u);
  const query = fc.record({
    text: fc.array(value, { maxLength: 3 }),
    ids: fc.array(value, { maxLength: 3 }),
    names: fc.array(value, { maxLength: 3 }),
    errors: fc.array(value, { maxLength: 3 }),
    data: fc.array(fc.record({ path: fc.array(field, { minLength: 1, maxLength: 3 }), value }), {
      maxLength: 2,
    }),
  });
  const quote = (text: string) => `"${text.replaceAll(/["\\]/g, (mark) => `\\${mark}`)}"`;
  fc.assert(
    fc.property(query, ({ text, ids, names, errors, data }) => {
      const words = [
        ...text.map(quote),
        ...ids.map((id) => `id:${quote(id)}`),
        ...names.map((name) => `name:${quote(name)}`),
        ...errors.map((error) => `error:${quote(error)}`),
        ...data.map(
          (term) => `data.${term.path.map((part) => `"${part}"`).join(".")}:${quote(term.value)}`,
        ),
      ];
      const expected = { ...EVERYTHING, text, ids, names, errors, data };
      fc.pre(words.join(" ").length <= 1_000);
      expect(parse(words.join(" "))).toEqual(expected);
    }),
  );
});

it("reads the fields of a path", () => {
  expect(parsePath('user.addresses.0."zip.code"')).toEqual(["user", "addresses", "0", "zip.code"]);
  for (const path of ["", ".a", "a..b", 'a"b', "a."])
    expect(() => parsePath(path)).toThrow(expect.objectContaining({ code: "SERVER_BAD_SEARCH" }));
});
