import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import type BetterSqlite from "better-sqlite3";
import { LonghaulError } from "../../core/errors.ts";
import type { Connection, DriverName } from "./connection.ts";
import { wrapBetterSqlite } from "./driver-better-sqlite.ts";
import { type DatabaseSync, wrapNodeSqlite } from "./driver-node-sqlite.ts";

const require = createRequire(import.meta.url);
const adopted = new WeakMap<object, Connection>();

/** The store whose file a caller's connection has to be open on. */
export interface AdoptingStore {
  readonly path: string;
  readonly connection: Connection;
}

/**
 * The common face of a connection that the caller has opened on the store's file, to join the caller's own transaction.
 * It is never closed here.
 *
 * It has to be made by the very driver that the store uses: two copies of SQLite in one process do not see each other's
 * locks, and would damage the file.
 *
 * @param handle a better-sqlite3 `Database` or a node:sqlite `DatabaseSync`
 * @throws {LonghaulError} STORE_BAD_TRANSACTION
 */
export function adoptConnection(handle: unknown, store: AdoptingStore): Connection {
  if (isClosed(handle)) throw bad("the connection is closed");
  const known = adopted.get(handle as object);
  if (known) return known;
  const connection = wrap(handle, store.connection.driver);
  requireFile(connection, store.path);
  adopted.set(handle as object, connection);
  return connection;
}

/**
 * Runs an operation in the transaction of a connection: it happens with the rest of it, or not at all. If the operation
 * throws, nothing of it is left, and the transaction may go on. Without a transaction it commits by itself.
 */
export function runWithin<T>(connection: Connection, operation: () => T): T {
  connection.exec("SAVEPOINT longhaul");
  try {
    const result = operation();
    connection.exec("RELEASE longhaul");
    return result;
  } catch (error) {
    connection.exec("ROLLBACK TO longhaul");
    connection.exec("RELEASE longhaul");
    throw error;
  }
}

function wrap(handle: unknown, driver: DriverName): Connection {
  if (driver === "better-sqlite3") {
    const Database = require("better-sqlite3") as typeof BetterSqlite;
    if (handle instanceof Database) return wrapBetterSqlite(handle);
  } else {
    const { DatabaseSync } = require("node:sqlite") as { DatabaseSync: new () => DatabaseSync };
    if (handle instanceof DatabaseSync) return wrapNodeSqlite(handle);
  }
  throw bad(`this is no connection of the ${driver} that Longhaul uses`);
}

function requireFile(connection: Connection, path: string): void {
  const main = connection.sql("SELECT file FROM pragma_database_list WHERE name = 'main'").get();
  const file = main?.[0] as string | undefined;
  if (!file) throw bad("its database is in memory, where nobody else can see it");
  if (realpathSync(file) !== path) throw bad(`it is open on ${file}, and Longhaul on ${path}`);
}

/** better-sqlite3 says `open`, node:sqlite, where it says it, `isOpen`. */
function isClosed(handle: unknown): boolean {
  const { open, isOpen = open } = (handle ?? {}) as { open?: unknown; isOpen?: unknown };
  return isOpen === false;
}

const bad = (reason: string): LonghaulError =>
  new LonghaulError("STORE_BAD_TRANSACTION", { reason });
