import { createRequire } from "node:module";
import { describe, expect, onTestFinished, test } from "vitest";
import { drivers, newPath, openStore } from "../../../test/support/stores.ts";
import { adoptConnection, runWithin } from "./adopted-connection.ts";
import type { DriverName } from "./connection.ts";

const require = createRequire(import.meta.url);

interface Handle {
  exec(text: string): void;
  close(): void;
}

/** A connection as an application opens it. */
function openHandle(driver: DriverName, path: string): Handle {
  const handle =
    driver === "better-sqlite3"
      ? new (require("better-sqlite3") as new (path: string) => Handle)(path)
      : new (require("node:sqlite") as { DatabaseSync: new (path: string) => Handle }).DatabaseSync(
          path,
        );
  onTestFinished(() => handle.close());
  return handle;
}

describe.each(drivers)("%s", (driver) => {
  function setUp() {
    const path = newPath("file");
    const store = openStore({ path, driver });
    const handle = openHandle(driver, path);
    handle.exec("CREATE TABLE mine (value)");
    const connection = adoptConnection(handle, store);
    const insert = () => connection.sql("INSERT INTO mine VALUES (?)").run(1).changes;
    const count = () => store.connection.sql("SELECT count(*) FROM mine").get()![0];
    return { store, handle, connection, insert, count };
  }

  test("what is run within the caller's transaction shares its fate", () => {
    const { handle, connection, insert, count } = setUp();
    handle.exec("BEGIN");
    expect(runWithin(connection, insert)).toBe(1);
    expect(count()).toBe(0);
    handle.exec("ROLLBACK");
    expect(count()).toBe(0);
    handle.exec("BEGIN");
    runWithin(connection, insert);
    handle.exec("COMMIT");
    expect(count()).toBe(1);
  });

  test("what throws leaves nothing behind, and the transaction goes on", () => {
    const { handle, connection, insert, count } = setUp();
    handle.exec("BEGIN");
    insert();
    expect(() =>
      runWithin(connection, () => {
        insert();
        throw new Error("no");
      }),
    ).toThrow("no");
    handle.exec("COMMIT");
    expect(count()).toBe(1);
  });

  test("without a transaction it commits by itself", () => {
    const { connection, insert, count } = setUp();
    runWithin(connection, insert);
    expect(count()).toBe(1);
  });

  test("a connection is adopted once", () => {
    const { store, handle, connection } = setUp();
    expect(adoptConnection(handle, store)).toBe(connection);
  });

  test.each([
    ["nothing", undefined, "no connection"],
    ["something else", { prepare() {}, exec() {} }, "no connection"],
    ["a database in memory", ":memory:", "in memory"],
    ["another file", "file", "it is open on"],
  ])("%s is refused", (_, what, reason) => {
    const { store } = setUp();
    const handle =
      typeof what === "string" ? openHandle(driver, newPath(what as ":memory:" | "file")) : what;
    expect(() => adoptConnection(handle, store)).toThrow(
      expect.objectContaining({
        code: "STORE_BAD_TRANSACTION",
        message: expect.stringContaining(reason) as string,
      }),
    );
  });
});
