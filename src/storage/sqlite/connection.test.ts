import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { drivers } from "../../../test/support/stores.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { type Connection, openConnection } from "./connection.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(drivers)("%s", (driver) => {
  function connect(path = ":memory:", readOnly = false): Connection {
    const connection = openConnection({ path, driver, readOnly });
    onTestFinished(() => connection.close());
    return connection;
  }

  test("rows are arrays in the order of the columns", () => {
    const connection = connect();
    expect(connection.driver).toBe(driver);
    connection.exec("CREATE TABLE t (b, a); INSERT INTO t VALUES (1, 'x'), (2, NULL)");
    expect(connection.sql("SELECT a, b FROM t ORDER BY b").all()).toEqual([
      ["x", 1],
      [null, 2],
    ]);
    expect(connection.sql("SELECT b FROM t WHERE a = ?").get("x")).toEqual([1]);
    expect(connection.sql("SELECT b FROM t WHERE a = ?").get("y")).toBeUndefined();
  });

  test("values come back as they went in", () => {
    const connection = connect();
    const values = [Number.MAX_SAFE_INTEGER, -1, 1.5, "é\u{1f680}", "", null];
    const marks = values.map(() => "?").join(", ");
    expect(connection.sql(`SELECT ${marks}`).get(...values)).toEqual(values);
    const bytes = connection.sql("SELECT ?").get(new Uint8Array([0, 255]))![0] as Uint8Array;
    expect([...bytes]).toEqual([0, 255]);
  });

  test("run tells what it changed", () => {
    const connection = connect();
    connection.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
    const insert = connection.sql("INSERT INTO t (a) VALUES (?), (?)");
    expect(insert.run("x", "y")).toEqual({ changes: 2, lastInsertRowid: 2 });
    expect(connection.sql("INSERT INTO t (a) VALUES (?) RETURNING id").get("z")).toEqual([3]);
  });

  test("a statement is prepared once", () => {
    const connection = connect();
    expect(connection.sql("SELECT 1")).toBe(connection.sql("SELECT 1"));
  });

  test("a locked file is reported at once, not waited for", () => {
    const path = join(tempFolder(), "a.db");
    const [first, second] = [connect(path), connect(path)];
    first.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    expect(() => second.exec("BEGIN IMMEDIATE")).toThrow("database is locked");
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("a read-only connection does not write", () => {
    const path = join(tempFolder(), "a.db");
    connect(path).exec("CREATE TABLE t (a)");
    expect(() => connect(path, true).exec("INSERT INTO t VALUES (1)")).toThrow("readonly");
  });
});

test("takes the first driver that loads", () => {
  vi.stubEnv("LONGHAUL_SQLITE_DRIVER", "");
  const connection = openConnection({ path: ":memory:" });
  expect(connection.driver).toBe(drivers[0]);
  connection.close();
});

test("LONGHAUL_SQLITE_DRIVER chooses", () => {
  const driver = drivers.at(-1)!;
  vi.stubEnv("LONGHAUL_SQLITE_DRIVER", driver);
  const connection = openConnection({ path: ":memory:" });
  expect(connection.driver).toBe(driver);
  connection.close();
});

test("says which drivers were tried, and what to do", () => {
  vi.stubEnv("LONGHAUL_SQLITE_DRIVER", "sqlite4");
  expect(() => openConnection({ path: ":memory:" })).toThrow(
    expect.objectContaining({
      code: "STORE_DRIVER_MISSING",
      message: "No SQLite driver can be loaded (sqlite4: unknown driver)",
      hint: expect.stringContaining("npm install better-sqlite3"),
    }),
  );
});
