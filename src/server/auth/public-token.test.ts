import { expect, test } from "vitest";
import { makePublicToken, readPublicToken } from "./public-token.ts";

const SECRET = "s".repeat(32);
const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const scopes = ["read:run:run_1", "trigger:task:resize"];
const make = (options = {}) => makePublicToken(SECRET, NOW, { scopes, ...options });

test("says what it allows, and for how long", () => {
  const principal = readPublicToken(SECRET, NOW, make());
  expect(principal).toEqual({
    kind: "public",
    name: "public token",
    id: expect.stringMatching(/^pt_[\da-f]{16}$/) as unknown,
    scopes,
    expiresAt: NOW + 15 * MINUTE,
  });
  expect(readPublicToken(SECRET, NOW + 15 * MINUTE - 1, make())).toBeDefined();
  expect(readPublicToken(SECRET, NOW + 15 * MINUTE, make())).toBeUndefined();
  expect(readPublicToken(SECRET, NOW + MINUTE, make({ expiresInMs: MINUTE }))).toBeUndefined();
});

test("is worth nothing once a single character of it is another one", () => {
  const token = make();
  const start = token.indexOf("_", 3) + 1;
  for (let index = start; index < token.length; index++) {
    const other = token[index] === "A" ? "B" : "A";
    const changed = token.slice(0, index) + other + token.slice(index + 1);
    expect(readPublicToken(SECRET, NOW, changed)).toBeUndefined();
  }
});

test.each([
  ["another secret", makePublicToken("t".repeat(32), NOW, { scopes })],
  ["no signature", make().split(".")[0]!],
  ["an empty signature", `${make().split(".")[0]!}.`],
  ["half a signature", make().slice(0, -20)],
  ["a third part", `${make()}.x`],
  ["padding, which another spelling of the same bytes would have", `${make()}=`],
  ["nothing", "lh_pt_"],
  ["megabytes", `lh_pt_${"x".repeat(1_000_000)}`],
])("is refused with %s", (_, token) => {
  expect(readPublicToken(SECRET, NOW, token)).toBeUndefined();
});

test("each one for a single use has a name of its own", () => {
  const [one, other] = [make({ singleUse: true }), make({ singleUse: true })];
  const ids = [one, other].map((token) => readPublicToken(SECRET, NOW, token)!.singleUse);
  expect(ids[0]).toEqual(expect.any(String));
  expect(ids[0]).not.toBe(ids[1]);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 24 * 60 * MINUTE + 1])(
  "cannot last %d ms",
  (expiresInMs) => {
    expect(() => make({ expiresInMs })).toThrow(
      expect.objectContaining({ code: "AUTH_BAD_EXPIRY" }),
    );
  },
);

test.each([
  [[]],
  [["read:run:"]],
  [["read:run:*"]],
  [["*"]],
  [["admin"]],
  [["read:job:emails"]],
  [["read:job::7"]],
  [["write:everything:x"]],
  [[`read:run:${"x".repeat(600)}`]],
  [Array.from({ length: 101 }, (_, index) => `read:run:${index}`)],
])("cannot have the scopes %j", (scopes) => {
  expect(() => make({ scopes })).toThrow(expect.objectContaining({ code: "AUTH_BAD_SCOPE" }));
});
