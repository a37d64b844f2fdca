import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, messageTemplate, topFrame } from "./error-fingerprint.ts";

describe("the template of a message", () => {
  it.each([
    ["connect ETIMEDOUT 10.0.0.7:5432", "connect ETIMEDOUT *"],
    ['User "ada@example.org" is not there', "User * is not there"],
    ["Can't find order 'A-77' of 2026-01-31T10:00:00.000Z", "Can't find order * of *"],
    ["run_01JHZ3 failed after 3 attempts, 4, 5", "* failed after * attempts, *"],
    ["key 3f2504e0-4f89-11d3-9a0c-0305e82c3301 taken", "key * taken"],
    ["first line\nsecond 2", "first line"],
  ])("%s", (message, template) => {
    expect(messageTemplate(message)).toBe(template);
  });

  it("is its own template, and holds no digit", () => {
    fc.assert(
      fc.property(fc.string(), (message) => {
        const template = messageTemplate(message);
        expect(messageTemplate(template)).toBe(template);
        expect(template).not.toMatch(/\d/);
      }),
    );
  });
});

describe("the top frame", () => {
  const stack = (...frames: string[]) =>
    ["Error: no", ...frames.map((frame) => `    at ${frame}`)].join("\n");

  it.each([
    [
      stack("send (/srv/app/src/mail.ts:10:3)", "run (/srv/app/src/main.ts:1:1)"),
      "send (src/mail.ts)",
    ],
    [
      stack(
        "node:internal/net:12:3",
        "Socket.x (node:net:1:2)",
        "query (/srv/app/node_modules/pg/lib/client.js:5:1)",
        "async Store.load (file:///srv/app/src/store.ts:7:9)",
      ),
      "Store.load (src/store.ts)",
    ],
    [stack("/srv/app/src/job.ts:3:4"), "src/job.ts"],
    [stack("x (node:fs:1:1)"), ""],
    ["no stack", ""],
    [null, ""],
  ])("%#", (text, frame) => {
    expect(topFrame(text)).toBe(frame);
  });
});

it("tells kinds of failures apart by message and frame, but not by numbers and lines", () => {
  const failure = (message: string, file: string, line: number) =>
    fingerprintOf({ message, stack: `Error: x\n    at f (/a/${file}:${line}:1)` });
  expect(failure("no user 1", "a.ts", 3)).toBe(failure("no user 22", "a.ts", 9));
  expect(failure("no user 1", "a.ts", 3)).not.toBe(failure("no user 1", "b.ts", 3));
  expect(failure("no user 1", "a.ts", 3)).not.toBe(failure("no order 1", "a.ts", 3));
  expect(failure("no user 1", "a.ts", 3)).toMatch(/^[0-9a-f]{16}$/);
});
