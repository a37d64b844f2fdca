import fc from "fast-check";
import { expect, it } from "vitest";
import { isLonghaulError } from "../core/errors.ts";
import { decodeCursor, encodeCursor, toPage } from "./pages.ts";

it("gives a cursor's key back", () => {
  fc.assert(
    fc.property(fc.string(), fc.maxSafeInteger(), (text, number) => {
      const cursor = encodeCursor([text, number]);
      expect(decodeCursor(cursor, ["string", "number"])).toEqual([text, number]);
    }),
  );
});

it("refuses what is no cursor of this list, whatever it is", () => {
  const isRefused = (cursor: string) => {
    try {
      decodeCursor(cursor, ["number", "string"]);
      return false;
    } catch (error) {
      return isLonghaulError(error, "SERVER_BAD_CURSOR");
    }
  };
  fc.assert(fc.property(fc.string(), (cursor) => isRefused(cursor)));
  for (const key of [[1], [1, 2], ["a", "b"], [1.5, "a"], [1, "a", 2]])
    expect(isRefused(encodeCursor(key))).toBe(true);
});

it("says that there is a next page only if there is", () => {
  const page = (rows: number[]) => toPage(rows, 2, (row) => [row], String);
  expect(page([1, 2])).toEqual({ data: ["1", "2"], page: { next: null } });
  const { data, page: links } = page([1, 2, 3]);
  expect(data).toEqual(["1", "2"]);
  expect(decodeCursor(links.next!, ["number"])).toEqual([2]);
});
