import { expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { openNodeSqlite } from "./driver-node-sqlite.ts";

// connection.test.ts runs the real node:sqlite where this Node has it. This is about the shapes it had over time.

/** A node:sqlite whose every query answers one row. */
function connectTo(options: { hasArrays: boolean }): { connection: Connection; calls: string[] } {
  const calls: string[] = [];
  class FakeStatement {
    arrays = false;
    setReturnArrays = options.hasArrays
      ? (on: boolean): void => void (this.arrays = on)
      : undefined;
    #row = () => (this.arrays ? [1, "x"] : { id: 1, name: "x" });
    run = (...params: unknown[]) => ({ changes: params.length, lastInsertRowid: 7 });
    get = (...params: unknown[]) => (params.length > 0 ? this.#row() : undefined);
    all = (...params: unknown[]) => params.map(() => this.#row());
  }
  class FakeDatabase {
    constructor(path: string, { readOnly, timeout }: { readOnly: boolean; timeout: number }) {
      calls.push(`open ${path} ${String(readOnly)} ${timeout}`);
    }
    prepare(): FakeStatement {
      calls.push("prepare");
      return new FakeStatement();
    }
    exec = (text: string): number => calls.push(text);
    close = (): number => calls.push("close");
  }
  const require = (() => ({ DatabaseSync: FakeDatabase })) as unknown as NodeJS.Require;
  return { connection: openNodeSqlite(require, "jobs.db", true), calls };
}

test.each([
  ["that returns arrays", true],
  ["before 22.16, that returns objects", false],
])("rows are arrays on a Node %s", (_name, hasArrays) => {
  const { connection } = connectTo({ hasArrays });
  const statement = connection.sql("SELECT id, name FROM t");
  expect(statement.get("a")).toEqual([1, "x"]);
  expect(statement.get()).toBeUndefined();
  expect(statement.all("a", "b")).toEqual([
    [1, "x"],
    [1, "x"],
  ]);
  expect(statement.run("a")).toEqual({ changes: 1, lastInsertRowid: 7 });
});

test("opens without waiting for locks, prepares once, and passes the rest on", () => {
  const { connection, calls } = connectTo({ hasArrays: true });
  expect(connection.sql("SELECT 1")).toBe(connection.sql("SELECT 1"));
  connection.exec("PRAGMA x");
  connection.close();
  expect(connection.driver).toBe("node:sqlite");
  expect(calls).toEqual(["open jobs.db true 0", "prepare", "PRAGMA x", "close"]);
});
