import { createPostgresBackend, createRedisBackend } from "bullmq";
import type * as bullmq from "bullmq";
import { createSqliteBackend } from "../queue/index.ts";
import { blockingConnection } from "./blocking-client.ts";
import { requireDriver } from "./drivers.ts";
import { refuseDefaultRepeat } from "./repeat-options.ts";
import { resolveConnection } from "./resolve-connection.ts";
import { checkRetryDefaults } from "./retry-defaults.ts";
import type { Any, QueueOptions, WorkerOptions } from "./types.ts";

type Options = bullmq.QueueBaseOptions<Any>;
type Purpose = Parameters<bullmq.BackendFactory>[2];

/**
 * BullMQ's `BackendFactory` that looks at `connection`: a SQLite file, Redis or PostgreSQL.
 * The classes of `longhaul/bullmq` use it, and `longhaul/bullmq/register` makes it BullMQ's default.
 *
 * @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_DRIVER_MISSING, BULLMQ_BAD_REPEAT,
 *   BULLMQ_BAD_WORKER_OPTION, and what opening a SQLite file throws.
 */
export function createBackend(name: string, opts: Options, purpose?: Purpose): Any {
  refuseDefaultRepeat(name, opts as QueueOptions);
  if (purpose?.withBlockingConnection) checkRetryDefaults(name, opts as WorkerOptions);
  const { kind, connection } = resolveConnection(opts.connection);
  switch (kind) {
    case "sqlite":
      return createSqliteBackend(name, withConnection(opts, connection), purpose);
    case "redis": {
      const waits = purpose?.blocking || purpose?.withBlockingConnection;
      const client = waits ? blockingConnection(connection) : connection;
      if (!isClient(client)) requireDriver("ioredis");
      return createRedisBackend(name, withConnection(opts, client), purpose);
    }
    case "postgres":
      if (!isClient(connection)) requireDriver("pg");
      return createPostgresBackend(name, withConnection(opts, connection), purpose);
  }
}

/** Clients of every library connect; plain options and URLs do not. */
function isClient(connection: unknown): boolean {
  return typeof connection === "object" && connection !== null && "connect" in connection;
}

/**
 * The same options with another connection. Not a copy: BullMQ's classes complete their options
 * after the backend is made, and users change a running worker's.
 */
function withConnection(opts: Options, connection: unknown): Options {
  if (opts.connection === connection) return opts;
  return new Proxy(opts, {
    get: (target, key) => (key === "connection" ? connection : Reflect.get(target, key)),
  });
}
