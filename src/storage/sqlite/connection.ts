import { createRequire } from "node:module";
import { LonghaulError } from "../../core/errors.ts";
import { openBetterSqlite } from "./driver-better-sqlite.ts";
import { openNodeSqlite } from "./driver-node-sqlite.ts";

/** What a column can hold. Integers stay within 2^53. */
export type SqlValue = string | number | null | Uint8Array;

/** A prepared statement. Rows are arrays, in the order of the selected columns. */
export interface Statement {
  run(...params: SqlValue[]): { changes: number; lastInsertRowid: number };
  get(...params: SqlValue[]): SqlValue[] | undefined;
  all(...params: SqlValue[]): SqlValue[][];
}

/** The names of the two SQLite drivers. */
export type DriverName = "node:sqlite" | "better-sqlite3";

/** One connection to one SQLite file: the face that both drivers share. */
export interface Connection {
  readonly driver: DriverName;
  /** The prepared statement for this text; it is prepared once and kept. */
  sql(text: string): Statement;
  /** Runs one or more statements that take no values and whose rows nobody wants. */
  exec(text: string): void;
  close(): void;
}

/** How to open a {@link Connection}. */
export interface ConnectionOptions {
  /** A file, or ":memory:". */
  readonly path: string;
  /** @default false */
  readonly readOnly?: boolean;
  /** @default env LONGHAUL_SQLITE_DRIVER, else "node:sqlite" where Node has it, else "better-sqlite3" */
  readonly driver?: DriverName | undefined;
}

type OpenDriver = (require: NodeJS.Require, path: string, readOnly: boolean) => Connection;

const require = createRequire(import.meta.url);
const drivers = new Map<string, OpenDriver>([
  ["node:sqlite", openNodeSqlite],
  ["better-sqlite3", openBetterSqlite],
]);

/**
 * Opens a connection with the first driver that loads.
 *
 * @throws {LonghaulError} STORE_DRIVER_MISSING when none does; SQLite's own error when the file cannot be opened.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const forced = options.driver ?? process.env["LONGHAUL_SQLITE_DRIVER"];
  const problems: string[] = [];
  for (const name of forced ? [forced] : drivers.keys()) {
    const open = drivers.get(name);
    if (open && isLoadable(name, problems))
      return open(require, options.path, options.readOnly ?? false);
    if (!open) problems.push(`${name}: unknown driver`);
  }
  throw new LonghaulError("STORE_DRIVER_MISSING", { tried: problems.join("; ") });
}

function isLoadable(name: string, problems: string[]): boolean {
  try {
    require(name);
    return true;
  } catch (error) {
    problems.push(`${name}: ${(error as Error).message.split("\n", 1)[0]}`);
    return false;
  }
}
