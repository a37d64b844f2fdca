import { readdirSync, readFileSync } from "node:fs";
import { LonghaulError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";

/** One numbered file of `migrations/`. Once released it is never edited. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** "LHAU": tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x4c484155;

const folder = new URL("./migrations/", import.meta.url);
let loaded: readonly Migration[] | undefined;

/** All migrations, oldest first. */
export function loadMigrations(): readonly Migration[] {
  loaded ??= readdirSync(folder)
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .sort()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(5, -".sql".length),
      sql: readFileSync(new URL(file, folder), "utf8"),
    }));
  return loaded;
}

/** The schema version this code works with. */
export const latestVersion = (): number => loadMigrations().at(-1)!.version;

/** The schema version of a file; 0 when it is new. */
export const schemaVersion = (connection: Connection): number =>
  connection.sql("PRAGMA user_version").get()![0] as number;

/**
 * Brings the file's schema up to date in one transaction. The version is read again under the write lock, so processes
 * that open a new file at once apply each migration once.
 *
 * @throws the driver's busy error when another process holds the lock;
 *   {@link LonghaulError} STORE_NEEDS_MIGRATION when the file is behind and `migrate` is false.
 */
export function applyMigrations(
  connection: Connection,
  options: { path: string; migrate: boolean },
): void {
  const needed = latestVersion();
  const found = schemaVersion(connection);
  if (found >= needed) return;
  if (!options.migrate)
    throw new LonghaulError("STORE_NEEDS_MIGRATION", { path: options.path, found, needed });

  connection.exec("BEGIN IMMEDIATE");
  try {
    const version = schemaVersion(connection);
    for (const migration of loadMigrations()) {
      if (migration.version > version) connection.exec(migration.sql);
    }
    if (version < needed) {
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      connection.exec(`PRAGMA user_version = ${needed}`);
    }
    connection.exec("COMMIT");
  } catch (error) {
    connection.exec("ROLLBACK");
    throw error;
  }
}
