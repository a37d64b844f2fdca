import type { KeyPrefixOptions, QueueBaseOptions } from "bullmq";
import { openShared, type SharedStoreOptions } from "../storage/shared-stores.ts";
import { LonghaulError } from "../core/errors.ts";
import { SqliteQueueBackend } from "./backend.ts";
import { QueueEngine } from "./engine.ts";

/** A store with options. */
export interface SqliteConnectionOptions extends Pick<
  SharedStoreOptions,
  "durability" | "migrate" | "busyTimeoutMs" | "allowNetworkFilesystem"
> {
  /** `file:…` or `:memory:`. @default env LONGHAUL_URL, else `file:.longhaul/longhaul.db` */
  readonly url?: string | undefined;
}

/** Where queues live: a URL (`file:…`, `:memory:`), or a URL with options; absent, the default of the environment. */
export type SqliteConnection = string | SqliteConnectionOptions | undefined;

/** What a role of BullMQ's asks of its backend. */
interface Role {
  readonly blocking?: boolean;
  readonly withBlockingConnection?: boolean;
}

/**
 * A BullMQ `BackendFactory` that keeps queues in one SQLite file: give it to any of BullMQ's classes, to
 * `withBackend`, or to `setDefaultBackendFactory`. All queues of a file share one connection in the process.
 *
 * @example
 * const queue = new Queue("email", { connection: "file:jobs.db" }, createSqliteBackend);
 * @throws LonghaulError if the file cannot be opened, is no database, or belongs to a newer version
 */
export function createSqliteBackend(
  name: string,
  opts: QueueBaseOptions<SqliteConnection> & KeyPrefixOptions,
  { blocking = false, withBlockingConnection = false }: Role = {},
): SqliteQueueBackend {
  const { url, ...options } = connectionOptions(opts.connection);
  const { store, release } = openShared(url, options);
  const isWaiting = blocking || withBlockingConnection;
  const engine = QueueEngine.of(store);
  return new SqliteQueueBackend({
    engine,
    name,
    opts,
    isWaiting,
    isWorker: withBlockingConnection,
    release,
  });
}

/** The names of {@link SqliteConnectionOptions}. */
export const sqliteOptionNames: ReadonlySet<string> = new Set([
  "url",
  "durability",
  "migrate",
  "busyTimeoutMs",
  "allowNetworkFilesystem",
]);

function connectionOptions(connection: SqliteConnection): SqliteConnectionOptions {
  if (typeof connection === "string") return { url: connection };
  if (!connection || isForeignClient(connection)) return {};
  const unknown = Object.keys(connection).filter((key) => !sqliteOptionNames.has(key));
  if (unknown.length > 0)
    throw new LonghaulError("STORE_BAD_OPTION", { option: unknown.join(", ") });
  return connection;
}

/** A client of another store (ioredis, a pg pool) in code written for it: this factory was chosen over it. */
function isForeignClient(connection: unknown): boolean {
  return typeof (connection as { connect?: unknown } | undefined)?.connect === "function";
}
