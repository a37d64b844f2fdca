import { describe, expect, it } from "vitest";
import { patternsFor, problemOfPattern } from "./event-names.ts";

describe("patterns for a name", () => {
  it.each([
    ["app/user.created", ["app/user.created", "app/*", "app/user.*"]],
    ["plain", ["plain"]],
    ["a.b.c", ["a.b.c", "a.*", "a.b.*"]],
    ["app/", ["app/"]],
    ["", [""]],
  ])("%s", (name, patterns) => {
    expect(patternsFor(name)).toEqual(patterns);
  });
});

describe("a trigger's event", () => {
  it.each(["app/user.created", "app/*", "app/user.*", "plain", "a".repeat(255)])(
    "may be %s",
    (pattern) => {
      expect(problemOfPattern(pattern)).toBeUndefined();
    },
  );

  it.each(["", 5, undefined, "*", "app*", "/*", "app/*.created", "app/**", "a".repeat(256)])(
    "may not be %s",
    (pattern) => {
      expect(problemOfPattern(pattern)).toBeTypeOf("string");
    },
  );
});
