import { dirname } from "node:path";
import { type Clock, systemClock } from "../../core/clock.ts";
import { LonghaulError } from "../../core/errors.ts";
import { MEMORY_PATH } from "../url.ts";
import { retryWhileBusy } from "./busy-retry.ts";
import { ChangeSignal } from "./change-signal.ts";
import { Checkpointer } from "./checkpointer.ts";
import { type Connection, type DriverName, openConnection, type SqlValue } from "./connection.ts";
import { locateDatabase, requireOurs, requireOursReadOnly } from "./database-file.ts";
import { filesystemOf } from "./filesystem.ts";
import { GroupCommit, type Participant, type Recover } from "./group-commit.ts";
import { applyMigrations } from "./migrations.ts";
import { applyWriterPragmas, type Durability } from "./pragmas.ts";
import { ProcessRegistry } from "./process-registry.ts";
import { Reader } from "./reader.ts";
import { toStoreError } from "./result-codes.ts";

export type { Participant, Recover } from "./group-commit.ts";
export { refuse } from "./refuse.ts";

/** How to open a {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /** A file, or ":memory:". */
  readonly path: string;
  /** @default "full" */
  readonly durability?: Durability | undefined;
  /** Whether to bring an older file up to date. @default true */
  readonly migrate?: boolean | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** @default env LONGHAUL_SQLITE_DRIVER, else "node:sqlite" where Node has it, else "better-sqlite3" */
  readonly driver?: DriverName | undefined;
  /** How long opening or a write waits for another process's lock before it rejects with STORE_BUSY_TIMEOUT. @default 30_000 */
  readonly busyTimeoutMs?: number | undefined;
  /** Opens a file on NFS, SMB and the like, where only one machine may use it. @default false */
  readonly allowNetworkFilesystem?: boolean | undefined;
}

const BUSY_TIMEOUT_MS = 30_000;

/**
 * One SQLite file, opened for writing by this process: group commit, news of other processes, and reads that do not
 * stop the event loop.
 *
 * @example
 * const store = SqliteStore.open({ path: "jobs.db" });
 * const count = await store.write("jobs:count", () => store.connection.sql("SELECT count(*) FROM job").get()![0]);
 * await store.close();
 */
export class SqliteStore {
  /** The writing connection. Between transactions it may be read from: it shows committed data. */
  readonly connection: Connection;
  readonly clock: Clock;
  /** The file's real path, or ":memory:". */
  readonly path: string;
  /** This store's row in the table `process`. */
  readonly owner: number;

  readonly #participants: Participant[] = [];
  readonly #commits: GroupCommit;
  readonly #changes: ChangeSignal;
  readonly #processes: ProcessRegistry;
  readonly #reader: Reader | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Opens a file, makes it if it is not there, and brings its schema up to date.
   *
   * @throws {LonghaulError} STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_NEEDS_MIGRATION, STORE_READ_ONLY, STORE_IO,
   *   STORE_BUSY_TIMEOUT, STORE_NETWORK_FILESYSTEM, STORE_DRIVER_MISSING. The file is then as it was.
   */
  static open(options: SqliteStoreOptions): SqliteStore {
    const path = options.path === MEMORY_PATH ? MEMORY_PATH : locateDatabase(options.path, options);
    let connection: Connection | undefined;
    try {
      connection = openChecked(path, options);
      return new SqliteStore(connection, path, options);
    } catch (error) {
      connection?.close();
      throw toStoreError(error, path);
    }
  }

  private constructor(connection: Connection, path: string, options: SqliteStoreOptions) {
    const isFile = path !== MEMORY_PATH;
    const busyTimeoutMs = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS;
    this.connection = connection;
    this.clock = options.clock ?? systemClock;
    this.path = path;
    const changes = new ChangeSignal(connection, {
      shared: isFile,
      onMoved: () => {
        for (const participant of this.#participants) participant.stale();
      },
    });
    this.#changes = changes;
    this.#commits = new GroupCommit({
      path,
      connection,
      participants: this.#participants,
      foreignCommitSeen: () => changes.moved(),
      busyTimeoutMs,
      write: (label, run, recover) => this.write(label, run, recover),
    });
    const registryHost = {
      connection,
      localFile: isFile && filesystemOf(dirname(path)).kind === "local",
      write: (label: string, operation: () => void) => this.write(label, operation),
    };
    this.#processes = retryWhileBusy(path, busyTimeoutMs, () => new ProcessRegistry(registryHost));
    this.owner = this.#processes.owner;
    this.#reader = isFile ? new Reader(path, connection.driver) : undefined;
    if (this.#reader && options.durability === "relaxed") {
      this.attach(new Checkpointer(connection, this.#reader));
    }
  }

  /** Adds something that keeps memory about the file and has to hear of transactions. */
  attach(participant: Participant): void {
    this.#participants.push(participant);
  }

  /**
   * Runs a synchronous operation in the next transaction, together with whatever else this turn of the event loop
   * wrote, and resolves with its result once that is on disk. The contract of an operation: first validate and
   * {@link refuse}, then write.
   *
   * @param label names the operation for crash points: `<label>:before-commit`, `<label>:after-commit`
   * @param recover what to do if the store fails to write it; without, the promise rejects
   * @throws {LonghaulError} STORE_CLOSED, STORE_FULL, STORE_IO, STORE_READ_ONLY, STORE_BUSY_TIMEOUT; or what the
   *   operation threw
   */
  write<T>(label: string, operation: () => T, recover?: Recover): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new LonghaulError("STORE_CLOSED"));
    return this.#commits.write(label, operation, recover);
  }

  /** Reads committed data in a worker thread. For lists, searches and statistics: what people wait for, not workers. */
  async query(sql: string, params: SqlValue[] = []): Promise<SqlValue[][]> {
    if (this.#closing !== undefined) throw new LonghaulError("STORE_CLOSED");
    if (this.#reader) return this.#reader.query(sql, params);
    // A database in memory has one connection. Waiting for a microtask keeps an operation's own changes out.
    await Promise.resolve();
    return this.connection.sql(sql).all(...params);
  }

  /** Calls `listener` when another process has committed, within some milliseconds. Returns a function that ends it. */
  onForeignCommit(listener: () => void): () => void {
    return this.#closing === undefined ? this.#changes.listen(listener) : () => {};
  }

  /**
   * Calls `listener` with the ids of owners whose process is gone, at first soon after the call and then within half a
   * second of each death. It is called again for the same owners until {@link forgetOwners}, so what it does must be
   * idempotent; other processes do the same. Returns a function that ends it.
   */
  onOwnersLost(listener: (owners: number[]) => void): () => void {
    return this.#closing === undefined ? this.#processes.listen(listener) : () => {};
  }

  /** Removes dead owners, once everything they held has been given back. */
  forgetOwners(owners: readonly number[]): Promise<void> {
    return this.write("process:forget", () => this.#processes.forget(owners));
  }

  /** Commits what is queued, then closes. Later calls of anything reject with STORE_CLOSED. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#changes.stop();
    this.#processes.stop();
    // First all that was queued: the row may go only after what shows whether anything is held under it.
    await this.#commits.drain();
    // If the disk refuses this write, others find this process gone and remove the row.
    await this.#commits
      .write("process:leave", () => this.#processes.forget([this.owner]))
      .catch(() => {});
    await this.#commits.drain();
    await this.#reader?.close();
    // The last connection to close also moves the -wal into the file.
    this.connection.close();
  }
}

function openChecked(path: string, options: SqliteStoreOptions): Connection {
  const connection = openConnection({ path, driver: options.driver });
  try {
    retryWhileBusy(path, options.busyTimeoutMs ?? BUSY_TIMEOUT_MS, () => {
      if (path !== MEMORY_PATH) requireOursReadOnly(path, connection.driver);
      requireOurs(connection, path);
      applyWriterPragmas(connection, options.durability ?? "full");
      applyMigrations(connection, { path, migrate: options.migrate ?? true });
    });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
