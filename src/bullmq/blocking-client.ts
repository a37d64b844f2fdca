import { isRedisInstance } from "bullmq";
import type * as bullmq from "bullmq";

/** What is looked at in an ioredis client. */
interface IORedisClient {
  readonly defineCommand?: unknown;
  readonly isCluster?: boolean;
  readonly options?: bullmq.RedisOptions;
}

/**
 * A Redis connection that may wait for jobs or events. An ioredis client with its default options
 * gives a command up after 20 reconnects; BullMQ refuses it for a `Worker` or `QueueEvents`, so that
 * these get a connection of their own with the same options and without that limit.
 */
export function blockingConnection(connection: bullmq.ConnectionOptions): bullmq.ConnectionOptions {
  if (!isRedisInstance(connection)) return connection;
  const { defineCommand, isCluster, options } = connection as IORedisClient;
  const isPlainIORedis = typeof defineCommand === "function" && isCluster !== true;
  if (!isPlainIORedis || !options?.maxRetriesPerRequest) return connection;
  // BullMQ has its own word on key prefixes, which it says only about clients.
  if (options.keyPrefix) return connection;
  return { ...options, maxRetriesPerRequest: null };
}
