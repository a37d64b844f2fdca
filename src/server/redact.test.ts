import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor, REDACTED } from "./redact.ts";

const H = REDACTED;

test("hides keys wherever they are, and leaves the original as it was", () => {
  const redact = createRedactor(["password", "card.number", "*.token"]);
  const payload = {
    password: "1",
    user: { Password: "2", name: "Ada" },
    cards: [{ card: { number: 4, last: 5 } }],
    token: "kept: nothing is above it",
    deep: { er: { token: "6" } },
    number: 7,
  };
  const before = structuredClone(payload);
  expect(redact(payload)).toEqual({
    password: H,
    user: { Password: H, name: "Ada" },
    cards: [{ card: { number: H, last: 5 } }],
    token: "kept: nothing is above it",
    deep: { er: { token: H } },
    number: 7,
  });
  expect(payload).toEqual(before);
});

test("with $. in front, only at the top of the payload", () => {
  const redact = createRedactor(["$.user.email"]);
  expect(redact({ user: { email: 1 }, old: { user: { email: 2 } } })).toEqual({
    user: { email: H },
    old: { user: { email: 2 } },
  });
});

test("hides whole objects, and * is any key or place in a list", () => {
  const redact = createRedactor(["secrets", "people.*.phone"]);
  expect(redact({ secrets: { a: [1] }, people: [{ phone: 1, age: 2 }, { age: 3 }] })).toEqual({
    secrets: H,
    people: [{ phone: H, age: 2 }, { age: 3 }],
  });
});

test("what holds no secret is the very same value", () => {
  const redact = createRedactor(["password"]);
  const payload = { a: [{ b: 1 }], c: null };
  expect(redact(payload)).toBe(payload);
  expect([redact("text"), redact(undefined), redact(7)]).toEqual(["text", undefined, 7]);
});

test("a payload that is nested without end neither breaks it nor slips through", () => {
  let nested: unknown = { password: "secret" };
  for (let depth = 0; depth < 20_000; depth++) nested = [nested];
  const shown = createRedactor(["password"])(nested);
  expect(containsSecret(shown)).toBe(false);
});

test("the key __proto__ stays a key", () => {
  const payload = JSON.parse('{"__proto__":{"password":1,"a":2}}') as object;
  const shown = createRedactor(["password"])(payload);
  expect(JSON.stringify(shown)).toBe(`{"__proto__":{"password":"${H}","a":2}}`);
});

test("knows which paths cannot be searched: those that lead to a secret, or into one", () => {
  const { hides } = createRedactor(["password", "card.number", "$.user.email"]);
  const hidden = ["password", "a.PASSWORD", "password.inner", "x.card.number", "user.email"];
  // Where the event of a triggered task has its payload.
  hidden.push("payload.user.email", "payload.json.user.email");
  const shown = ["card", "number", "old.user.email", "user"];
  expect([...shown, ...hidden].filter((path) => hides(path.split(".")))).toEqual(hidden);
});

test.each(["", "a..b", "$.", ".a"])("%j is no path", (path) => {
  expect(() => createRedactor([path])).toThrow(
    expect.objectContaining({ code: "AUTH_BAD_OPTION" }),
  );
});

test("of any JSON, no value of a hidden key is left", () => {
  const redact = createRedactor(["password"]);
  const key = fc.oneof(fc.constant("password"), fc.string());
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.constant("leaf"),
      fc.array(tie("tree")),
      fc.dictionary(key, tie("tree")),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const left = JSON.stringify(redact(value)).match(/"password":(?!"\[redacted\]")/g);
      expect(left).toBeNull();
    }),
  );
});

function containsSecret(value: unknown): boolean {
  let inner = value;
  while (Array.isArray(inner)) [inner] = inner as unknown[];
  return JSON.stringify(inner).includes("secret");
}
