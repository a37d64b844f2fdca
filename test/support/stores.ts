import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type DriverName, openConnection } from "../../src/storage/sqlite/connection.ts";
import { SqliteStore, type SqliteStoreOptions } from "../../src/storage/sqlite/store.ts";
import { tempFolder } from "./temp-folder.ts";

/** The drivers that load in this Node. Two copies of SQLite must never have one file open in one process. */
export const drivers = (["node:sqlite", "better-sqlite3"] as const).filter(canLoad);

/** Every kind of store that tests of storage run on. */
export const storeKinds = drivers.flatMap((driver) => [
  { driver, kind: "file" as const },
  { driver, kind: ":memory:" as const },
]);

/** Opens a store that is closed when the running test ends. */
export function openStore(options: SqliteStoreOptions): SqliteStore {
  const store = SqliteStore.open(options);
  onTestFinished(() => store.close());
  return store;
}

/** A path for a new store of a kind. */
export const newPath = (kind: "file" | ":memory:"): string =>
  kind === "file" ? join(tempFolder(), "jobs.db") : kind;

function canLoad(driver: DriverName): boolean {
  try {
    openConnection({ path: ":memory:", driver }).close();
    return true;
  } catch {
    return false;
  }
}
