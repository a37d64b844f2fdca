/**
 * Trigger.dev's API, version 3 and 4, on the engine of this process.
 *
 * @module
 */
import { retrieveBatch } from "./api/batches.ts";
import { scheduleTools } from "./api/schedules.ts";
import { createIdempotencyKey, resetIdempotencyKey } from "./idempotency-keys.ts";
import { onThrow } from "./retry/on-throw.ts";
import { retryFetch } from "./retry/fetch.ts";
import { scheduledTask } from "./task/task.ts";
import { batchTriggers } from "./trigger/batch-api.ts";

export * from "./api/index.ts";
export { closeDefaultHost } from "../runs/default-host.ts";
export { defineConfig, type TriggerConfig } from "./config/define-config.ts";
export { loadConfig, type LoadedConfig } from "./config/load-config.ts";
export type { WaitDuration } from "./durations.ts";
export * from "./errors/api-errors.ts";
export * from "./errors/task-errors.ts";
export type { IdempotencyKey } from "./idempotency-keys.ts";
export { logger } from "./log/logger.ts";
export { metadata } from "./metadata/metadata.ts";
export type { RetryOptions, TaskRetryOptions } from "./retry/retry-options.ts";
export { heartbeats, locals, tags, timeout, usage, waitUntil } from "./run/small-tools.ts";
export { step } from "./step.ts";
export { streams } from "./streams/streams.ts";
export type * from "./streams/streams.ts";
export { queue } from "./task/queue.ts";
export { schemaTask, task } from "./task/task.ts";
export { tasks } from "./task/tasks.ts";
export { wait } from "./wait/wait.ts";
export type * from "./types/context.ts";
export type * from "./types/hooks.ts";
export type * from "./types/results.ts";
export type * from "./types/task.ts";
export type * from "./types/trigger-options.ts";

/** Runs of several tasks, or many of one, together. */
export const batch = { ...batchTriggers, retrieve: retrieveBatch };

/** Tries inside of a task. */
export const retry = { onThrow, fetch: retryFetch };

/** Keys that make something happen once. */
export const idempotencyKeys = { create: createIdempotencyKey, reset: resetIdempotencyKey };

/** Tasks that start by the clock, and the schedules that start them. */
export const schedules = { task: scheduledTask, ...scheduleTools };
