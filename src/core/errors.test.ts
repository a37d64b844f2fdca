import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ErrorCode, type ErrorEntry, errorCatalogue } from "./error-catalogue/index.ts";
import { isLonghaulError, LonghaulError } from "./errors.ts";

const entries = Object.entries(errorCatalogue) as [ErrorCode, ErrorEntry][];

/** A section of docs/errors.md. */
const sectionOf = ([code, { message, status, retryable, hint }]: [string, ErrorEntry]): string =>
  `${code}\n\n> ${message}\n\n${hint}\n\nHTTP ${status}, ${retryable ? "retryable" : "not retryable"}.`;

test("docs/errors.md lists exactly the catalogue, in its order", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const sections = page.split(/^## /m).slice(1);
  expect(sections.map((section) => section.trim())).toEqual(
    entries.map((entry) => sectionOf(entry)),
  );
});

test("codes are in alphabetical order, and each says what to do", () => {
  const codes = entries.map(([code]) => code);
  expect(codes).toEqual([...codes].sort());
  for (const [, { hint }] of entries) expect(hint).toMatch(/^[A-Z].*\.$/);
});

test("fills the gaps of a message and keeps the cause", () => {
  const cause = new Error("disk I/O error");
  const error = new LonghaulError(
    "STORE_IO",
    { path: "/data/jobs.db", reason: cause.message },
    { cause },
  );
  expect(error).toMatchObject({
    name: "LonghaulError",
    message: "Reading or writing /data/jobs.db failed: disk I/O error",
    code: "STORE_IO",
    retryable: true,
    status: 500,
    cause,
  });
  expect(error.hint).toBe(errorCatalogue.STORE_IO.hint);
});

test("a detail may hold anything, also what looks like a gap or a replacement pattern", () => {
  const error = new LonghaulError("STORE_BAD_URL", { url: "$&{reason}", reason: "no" });
  expect(error.message).toBe("$&{reason} is no store URL: no");
  expect(new LonghaulError("STORE_FULL").message).toContain("{path}");
});

test("a closed store speaks as BullMQ expects a closed connection to speak", () => {
  const error = new LonghaulError("STORE_CLOSED");
  expect([error.name, error.message]).toEqual(["ConnectionClosedError", "Connection is closed."]);
});

test("isLonghaulError tells ours from others", () => {
  const error = new LonghaulError("STORE_FULL", { path: "x" });
  expect(isLonghaulError(error)).toBe(true);
  expect(isLonghaulError(error, "STORE_FULL")).toBe(true);
  expect(isLonghaulError(error, "STORE_IO")).toBe(false);
  expect(isLonghaulError(new Error("x"))).toBe(false);
});
