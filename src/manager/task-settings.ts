import type { QueueOptions, WorkerOptions } from "../bullmq/index.ts";
import { LonghaulError } from "../core/errors.ts";
import type { JobSettings, SharedSettings, TaskOptions, TaskSettings } from "./types.ts";

const SHARED = [
  ...["concurrency", "limiter", "lockDuration", "maxStalledCount", "stalledInterval"],
  ...["timeoutGrace", "deadLetterQueue", "maxPayloadBytes", "warnPayloadBytes"],
] as const;
const OF_JOBS = ["attempts", "backoff", "removeOnComplete", "removeOnFail", "timeout"] as const;
const OF_TASKS: readonly string[] = [...SHARED, ...OF_JOBS, "queueName", "processor"];
const OF_QUEUES: readonly string[] = ["maxPayloadBytes", "warnPayloadBytes"];

const DEFAULTS = {
  concurrency: 3,
  attempts: 3,
  backoff: { type: "exponential", delay: 2000 },
  removeOnComplete: 10,
  removeOnFail: 5,
} as const satisfies TaskSettings;

/** The settings of a task, sorted by whom they concern. */
export interface SortedSettings {
  readonly jobs: JobSettings;
  readonly worker: Partial<WorkerOptions>;
  readonly queue: Partial<QueueOptions>;
  /** What the task itself said about its queue's worker. */
  readonly shared: SharedSettings;
}

/**
 * Completes a task's settings and sorts them.
 *
 * @throws {LonghaulError} MANAGER_BAD_TASK for one that there is not
 */
export function sortSettings<Data, Result>(
  task: string,
  options: TaskOptions<Data, Result>,
  defaults: TaskSettings,
): SortedSettings {
  const unknown = Object.keys(options).find((key) => !OF_TASKS.includes(key));
  if (unknown !== undefined)
    throw new LonghaulError("MANAGER_BAD_TASK", { task, reason: `there is no option ${unknown}` });
  const complete = { ...DEFAULTS, ...defined(defaults), ...defined(options) };
  const shared = pick(complete, SHARED);
  const isOfQueue = ([key]: [string, unknown]) => OF_QUEUES.includes(key);
  return {
    jobs: pick(complete, OF_JOBS),
    worker: Object.fromEntries(Object.entries(shared).filter((entry) => !isOfQueue(entry))),
    queue: Object.fromEntries(Object.entries(shared).filter(isOfQueue)),
    shared: pick(defined(options), SHARED),
  };
}

/**
 * Two tasks share a worker, so they cannot want it different.
 *
 * @throws {LonghaulError} MANAGER_BAD_TASK
 */
export function checkShared(task: string, wanted: SharedSettings, existing: SortedSettings): void {
  const has: Record<string, unknown> = { ...existing.worker, ...existing.queue };
  for (const [key, value] of Object.entries(wanted)) {
    if (JSON.stringify(has[key]) === JSON.stringify(value)) continue;
    throw new LonghaulError("MANAGER_BAD_TASK", {
      task,
      reason: `another task of its queue was registered with another ${key}`,
    });
  }
}

/** @throws {LonghaulError} MANAGER_BAD_OPTION */
export function checkDefaults(defaults: TaskSettings): void {
  const known: readonly string[] = [...SHARED, ...OF_JOBS];
  const unknown = Object.keys(defaults).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new LonghaulError("MANAGER_BAD_OPTION", { reason: `defaults has no ${unknown}` });
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}

function pick<T extends object, Key extends keyof T>(from: T, keys: readonly Key[]): Pick<T, Key> {
  const chosen = keys.filter((key) => key in from).map((key) => [key, from[key]]);
  return Object.fromEntries(chosen) as Pick<T, Key>;
}
