import { expect, test } from "vitest";
import { isBusy, resultCode, toStoreError } from "./result-codes.ts";

const better = (code: string): Error => Object.assign(new Error("it failed"), { code });
const node = (errcode: number): Error =>
  Object.assign(new Error("it failed"), { code: "ERR_SQLITE_ERROR", errcode });

test.each([
  { error: better("SQLITE_BUSY"), code: "BUSY" },
  { error: better("SQLITE_BUSY_RECOVERY"), code: "BUSY" },
  { error: node(5), code: "BUSY" },
  { error: node(5 + 256), code: "BUSY" },
  { error: better("SQLITE_IOERR_WRITE"), code: "IOERR" },
  { error: node(10 + 3 * 256), code: "IOERR" },
  { error: better("SQLITE_FULL"), code: "FULL" },
  { error: node(26), code: "NOTADB" },
  { error: better("SQLITE_CONSTRAINT_UNIQUE"), code: undefined },
  { error: node(19), code: undefined },
  { error: better("ENOENT"), code: undefined },
  { error: new Error("x"), code: undefined },
  { error: undefined, code: undefined },
  { error: "text", code: undefined },
])("$error is $code", ({ error, code }) => {
  expect(resultCode(error)).toBe(code);
});

test("another's lock and a lost race for one are busy", () => {
  expect([better("SQLITE_BUSY"), better("SQLITE_PROTOCOL"), node(13)].map(isBusy)).toEqual([
    true,
    true,
    false,
  ]);
});

test.each([
  ["SQLITE_FULL", "STORE_FULL"],
  ["SQLITE_IOERR_FSYNC", "STORE_IO"],
  ["SQLITE_CANTOPEN", "STORE_IO"],
  ["SQLITE_READONLY_DBMOVED", "STORE_READ_ONLY"],
  ["SQLITE_CORRUPT", "STORE_CORRUPT"],
  ["SQLITE_NOTADB", "STORE_NOT_A_DATABASE"],
])("%s becomes %s with its cause", (from, code) => {
  const cause = better(from);
  expect(toStoreError(cause, "/data/jobs.db")).toMatchObject({
    code,
    cause,
    message: expect.stringContaining("/data/jobs.db"),
  });
});

test("errors that say nothing about the store stay as they are", () => {
  const error = better("SQLITE_CONSTRAINT_UNIQUE");
  expect(toStoreError(error, "x")).toBe(error);
  expect(toStoreError("text", "x")).toBe("text");
});
