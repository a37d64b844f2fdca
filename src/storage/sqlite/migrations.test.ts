import { describe, expect, onTestFinished, test } from "vitest";
import { drivers, openStore, newPath } from "../../../test/support/stores.ts";
import { type Connection, openConnection } from "./connection.ts";
import {
  APPLICATION_ID,
  applyMigrations,
  latestVersion,
  loadMigrations,
  schemaVersion,
} from "./migrations.ts";
import { SqliteStore } from "./store.ts";

const tablesOf = (connection: Connection): unknown[] =>
  connection.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all().flat();

test("are numbered from 1 without a gap", () => {
  const versions = loadMigrations().map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
});

describe.each(drivers)("%s", (driver) => {
  function connect(path = ":memory:"): Connection {
    const connection = openConnection({ path, driver });
    onTestFinished(() => connection.close());
    return connection;
  }

  test("a new file gets them all and is marked as ours", () => {
    const connection = connect();
    applyMigrations(connection, { path: "x", migrate: true });
    expect(schemaVersion(connection)).toBe(latestVersion());
    expect(connection.sql("PRAGMA application_id").get()).toEqual([APPLICATION_ID]);
    expect(tablesOf(connection)).toEqual(expect.arrayContaining(["job", "process", "queue"]));
  });

  test("a file of any older version gets what it lacks, and keeps its rows", () => {
    for (const { version } of loadMigrations()) {
      const connection = connect();
      for (const migration of loadMigrations().slice(0, version)) connection.exec(migration.sql);
      connection.exec(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`,
      );
      connection.exec("INSERT INTO queue (prefix, name) VALUES ('bull', 'mail')");
      applyMigrations(connection, { path: "x", migrate: true });
      expect(schemaVersion(connection)).toBe(latestVersion());
      expect(connection.sql("SELECT name FROM queue").all()).toEqual([["mail"]]);
    }
  });

  test("to apply them again changes nothing", () => {
    const connection = connect();
    applyMigrations(connection, { path: "x", migrate: true });
    const version = connection.sql("PRAGMA schema_version").get();
    applyMigrations(connection, { path: "x", migrate: true });
    expect(connection.sql("PRAGMA schema_version").get()).toEqual(version);
  });

  test("one that fails leaves the file as it was", () => {
    const connection = connect();
    connection.exec("CREATE TABLE process (mine)");
    expect(() => applyMigrations(connection, { path: "x", migrate: true })).toThrow(
      "already exists",
    );
    expect(tablesOf(connection)).toEqual(["process"]);
    expect(schemaVersion(connection)).toBe(0);
  });

  test("with migrate: false an older file is refused, a current one is opened", async () => {
    const path = newPath("file");
    expect(() => SqliteStore.open({ path, driver, migrate: false })).toThrow(
      expect.objectContaining({
        code: "STORE_NEEDS_MIGRATION",
        message: expect.stringContaining(
          `has schema version 0, this version of Longhaul needs ${latestVersion()}`,
        ),
      }),
    );
    await SqliteStore.open({ path, driver }).close();
    openStore({ path, driver, migrate: false });
  });
});
