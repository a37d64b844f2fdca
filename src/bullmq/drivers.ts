import { createRequire } from "node:module";
import { RedisConnection } from "bullmq";
import { LonghaulError } from "../core/errors.ts";

/** Finds a package by name, or throws. */
export type Resolve = (packageName: string) => unknown;

const found = new Set<string>();

/**
 * Makes sure that the client library of a server can be loaded, where BullMQ will load it itself.
 * BullMQ would only say so later, by an `error` event.
 *
 * @throws {LonghaulError} BULLMQ_DRIVER_MISSING, with the package to install.
 */
export function requireDriver(
  packageName: "ioredis" | "pg",
  resolve = resolveBesideBullmq(),
): void {
  if (resolve === undefined || found.has(packageName)) return;
  // A client factory (node-redis, Bun) stands in for ioredis.
  if (packageName === "ioredis" && RedisConnection.clientFactory !== undefined) return;
  try {
    resolve(packageName);
    found.add(packageName);
  } catch (cause) {
    const server = packageName === "pg" ? "PostgreSQL" : "Redis";
    throw new LonghaulError("BULLMQ_DRIVER_MISSING", { package: packageName, server }, { cause });
  }
}

/** Undefined in a bundle, where BullMQ is no package with a place: then BullMQ's own check must do. */
function resolveBesideBullmq(): Resolve | undefined {
  try {
    const bullmq = createRequire(import.meta.url).resolve("bullmq");
    return createRequire(bullmq).resolve;
  } catch {
    return undefined;
  }
}
