import fc from "fast-check";
import { expect, it } from "vitest";
import { indexRange } from "./index-range.ts";

it("cuts a list the way Redis does", () => {
  const index = fc.integer({ min: -8, max: 8 });
  fc.assert(
    fc.property(index, index, fc.integer({ min: 0, max: 6 }), (start, end, length) => {
      const list = Array.from({ length }, (_, i) => i);
      const expected = list.slice(
        start < 0 ? Math.max(0, length + start) : start,
        end < 0 ? Math.max(0, length + end + 1) : end + 1,
      );
      const { offset, count } = indexRange(start, end, length);
      expect(list.slice(offset, offset + count)).toEqual(expected);
      expect(count).toBe(expected.length);
    }),
  );
});
