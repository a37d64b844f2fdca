import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LonghaulError } from "../../core/errors.ts";
import { type Connection, type DriverName, openConnection } from "./connection.ts";
import { filesystemOf, type FilesystemProbe } from "./filesystem.ts";
import { APPLICATION_ID, latestVersion, schemaVersion } from "./migrations.ts";
import { resultCode } from "./result-codes.ts";

/** What {@link locateDatabase} may be told. */
export interface LocateOptions {
  /** @default false */
  readonly allowNetworkFilesystem?: boolean | undefined;
  /** @internal For tests. */
  readonly probe?: FilesystemProbe | undefined;
}

/**
 * The real path of a database file, with its folder made. A folder `.longhaul` that we make ignores itself in git.
 *
 * @throws {LonghaulError} STORE_READ_ONLY, STORE_NOT_A_DATABASE (a folder), STORE_NETWORK_FILESYSTEM, STORE_IO
 */
export function locateDatabase(path: string, options: LocateOptions = {}): string {
  const file = resolve(path);
  const folder = dirname(file);
  makeFolder(folder, file);
  const found = existsSync(file);
  if (found && statSync(file).isDirectory()) {
    throw new LonghaulError("STORE_NOT_A_DATABASE", { path: file, reason: "it is a folder" });
  }
  const real = found ? realpathSync(file) : join(realpathSync(folder), basename(file));
  requireWritable(dirname(real), real);
  if (found) requireWritable(real, real);
  refuseNetwork(real, options);
  return real;
}

/**
 * Refuses a file that is not ours or that a newer version wrote, before anything is written to it.
 *
 * The file is looked at through SQLite only. Reading it with `fs` would be simpler, and wrong: closing any descriptor
 * of a file drops all POSIX locks that this process holds on it, also those of a store in another thread.
 *
 * @throws {LonghaulError} STORE_NOT_A_DATABASE, STORE_TOO_NEW; the driver's own errors
 */
export function requireOurs(connection: Connection, path: string): void {
  const { applicationId, found, tables } = readSignature(connection);
  if (applicationId === APPLICATION_ID) {
    const known = latestVersion();
    if (found > known) throw new LonghaulError("STORE_TOO_NEW", { path, found, known });
    return;
  }
  if (applicationId === 0 && found === 0 && tables === 0) return;
  const reason = "it is the SQLite database of another program";
  throw new LonghaulError("STORE_NOT_A_DATABASE", { path, reason });
}

/** One transaction, because another process may be making the file. */
function readSignature(connection: Connection) {
  connection.exec("BEGIN");
  try {
    return {
      applicationId: connection.sql("PRAGMA application_id").get()![0] as number,
      found: schemaVersion(connection),
      tables: connection.sql("SELECT count(*) FROM sqlite_master").get()![0] as number,
    };
  } finally {
    connection.exec("ROLLBACK");
  }
}

/**
 * Looks at a file that another program's crash may have left with a `-wal`: opening that for writing would already
 * move its contents. Without such leftovers a look through the writing connection changes nothing.
 */
export function requireOursReadOnly(path: string, driver: DriverName): void {
  if (!existsSync(`${path}-wal`) || !existsSync(path)) return;
  const connection = openConnection({ path, driver, readOnly: true });
  try {
    requireOurs(connection, path);
  } catch (error) {
    // A reader may be unable to recover the file; then only the writing connection can tell.
    if (resultCode(error) !== "READONLY" && resultCode(error) !== "CANTOPEN") throw error;
  } finally {
    connection.close();
  }
}

function makeFolder(folder: string, path: string): void {
  if (existsSync(folder)) return;
  try {
    mkdirSync(folder, { recursive: true });
    if (basename(folder) === ".longhaul") writeFileSync(join(folder, ".gitignore"), "*\n");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (isPermissionCode(code)) throw new LonghaulError("STORE_READ_ONLY", { path }, { cause });
    throw new LonghaulError("STORE_IO", { path, reason: message }, { cause });
  }
}

function requireWritable(target: string, path: string): void {
  try {
    accessSync(target, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new LonghaulError("STORE_READ_ONLY", { path }, { cause });
  }
}

function refuseNetwork(path: string, { allowNetworkFilesystem, probe }: LocateOptions): void {
  if (allowNetworkFilesystem) return;
  const filesystem = filesystemOf(dirname(path), probe);
  if (filesystem.kind !== "network") return;
  throw new LonghaulError("STORE_NETWORK_FILESYSTEM", { path, filesystem: filesystem.name });
}

const isPermissionCode = (code: string | undefined): boolean =>
  code === "EACCES" || code === "EPERM" || code === "EROFS";
