import { createPostgresBackend, createRedisBackend } from "bullmq";
import type * as bullmq from "bullmq";
import { createSqliteBackend } from "../queue/index.ts";
import { blockingConnection } from "./blocking-client.ts";
import { withDeadLetters } from "./dead-letters.ts";
import { requireDriver } from "./drivers.ts";
import { nameUntilClosed } from "./name-until-closed.ts";
import { checkPayloadLimits } from "./payload-limit.ts";
import { refuseDefaultRepeat } from "./repeat-options.ts";
import { resolveConnection } from "./resolve-connection.ts";
import type { Any, PayloadLimits, QueueOptions, WorkerOptions } from "./types.ts";
import { checkWorkerOptions } from "./worker-options.ts";

type Options = bullmq.QueueBaseOptions<Any>;
type Purpose = Parameters<bullmq.BackendFactory>[2];

/**
 * BullMQ's `BackendFactory` that looks at `connection`: a SQLite file, Redis or PostgreSQL.
 * The classes of `longhaul/bullmq` use it, and `longhaul/bullmq/register` makes it BullMQ's default.
 *
 * @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_BAD_QUEUE_OPTION, BULLMQ_BAD_REPEAT,
 *   BULLMQ_BAD_WORKER_OPTION, BULLMQ_DRIVER_MISSING, and what opening a SQLite file throws.
 */
export function createBackend(name: string, opts: Options, purpose?: Purpose): Any {
  refuseDefaultRepeat(name, opts as QueueOptions);
  checkPayloadLimits(name, opts as PayloadLimits);
  const isWorker = purpose?.withBlockingConnection === true;
  if (isWorker) checkWorkerOptions(name, opts as WorkerOptions);
  const { kind, connection } = resolveConnection(opts.connection);
  switch (kind) {
    case "sqlite":
      return createSqliteBackend(name, withConnection(opts, connection), purpose);
    case "redis": {
      const waits = purpose?.blocking || isWorker;
      const client = waits ? blockingConnection(connection) : connection;
      if (!isClient(client)) requireDriver("ioredis");
      return onServer(createRedisBackend(name, withConnection(opts, client), purpose));
    }
    case "postgres":
      if (!isClient(connection)) requireDriver("pg");
      return onServer(
        nameUntilClosed(createPostgresBackend(name, withConnection(opts, connection), purpose)),
      );
  }

  function onServer<Backend extends bullmq.IQueueBackend>(backend: Backend): Backend {
    const { deadLetterQueue } = opts as WorkerOptions;
    if (isWorker && deadLetterQueue !== undefined) withDeadLetters(backend, name, deadLetterQueue);
    return backend;
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
