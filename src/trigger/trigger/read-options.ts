import { LonghaulError } from "../../core/errors.ts";
import { toJsonText } from "../../runs/errors.ts";
import {
  MAX_METADATA_BYTES,
  MAX_NAME_LENGTH,
  MAX_RUN_TAGS,
  MAX_TAG_LENGTH,
} from "../../runs/store/limits.ts";
import type { StartDebounce } from "../../runs/store/start-details.ts";
import { durationMs } from "../durations.ts";
import { MAX_ATTEMPTS } from "../retry/retry-options.ts";
import type { DebounceOptions, TriggerOptions } from "../types/trigger-options.ts";

/** Options that would need what Longhaul has not. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  region: "there are no regions",
  version: "there are no versions: runs use the code that the process has",
  externalDeploymentId: "there are no deployments",
  concurrency: "use queue and concurrencyKey",
};

const KNOWN: ReadonlySet<string> = new Set<keyof TriggerOptions | "signal" | "cancelOnAbort">([
  "delay",
  "ttl",
  "idempotencyKey",
  "idempotencyKeyTTL",
  "concurrencyKey",
  "queue",
  "tags",
  "metadata",
  "maxAttempts",
  "maxDuration",
  "priority",
  "machine",
  "debounce",
  "test",
  "signal",
  "cancelOnAbort",
]);

const MIN_DEBOUNCE_MS = 1_000;

/** @throws {LonghaulError} TASK_BAD_TRIGGER */
export function refuse(task: string, reason: string): never {
  throw new LonghaulError("TASK_BAD_TRIGGER", { task, reason });
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER, TASK_UNSUPPORTED */
export function checkNames(options: object, task: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (KNOWN.has(name) || value === undefined) continue;
    const reason = UNSUPPORTED[name];
    if (reason === undefined) refuse(task, `there is no option ${name}`);
    throw new LonghaulError("TASK_UNSUPPORTED", { feature: `the option ${name}`, reason });
  }
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER */
export function readTags(tags: TriggerOptions["tags"], task: string): string[] | undefined {
  if (tags === undefined) return undefined;
  const list = [...new Set(typeof tags === "string" ? [tags] : tags)];
  if (list.length > MAX_RUN_TAGS)
    refuse(task, `it has ${list.length} tags, and ${MAX_RUN_TAGS} are the most`);
  for (const tag of list) {
    if (typeof tag !== "string" || tag === "") refuse(task, "a tag is no text, or empty");
    if (tag.length > MAX_TAG_LENGTH)
      refuse(task, `a tag has ${tag.length} characters, and ${MAX_TAG_LENGTH} are the most`);
  }
  return list.length === 0 ? undefined : list;
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER, RUNS_TOO_LARGE, RUNS_NOT_JSON */
export function readMetadata(metadata: unknown, task: string): string | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    refuse(task, "metadata is no object");
  return toJsonText(metadata, `The metadata of a run of ${task}`, MAX_METADATA_BYTES);
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER, TASK_BAD_DURATION */
export function readDebounce(
  debounce: DebounceOptions | undefined,
  task: string,
): StartDebounce | undefined {
  if (debounce === undefined) return undefined;
  const { key, delay, mode = "leading", maxDelay } = debounce;
  if (typeof key !== "string" || key === "" || key.length > MAX_NAME_LENGTH)
    refuse(task, `debounce.key must be text of 1 to ${MAX_NAME_LENGTH} characters`);
  const delayMs = durationMs(delay, "debounce.delay");
  if (delayMs < MIN_DEBOUNCE_MS) refuse(task, "debounce.delay must be at least 1s");
  const maxDelayMs = maxDelay === undefined ? undefined : durationMs(maxDelay, "debounce.maxDelay");
  return { key, delayMs, mode, ...(maxDelayMs !== undefined && { maxDelayMs }) };
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER */
export function readMaxAttempts(count: unknown, task: string): number | undefined {
  if (count === undefined) return undefined;
  if (!Number.isSafeInteger(count)) refuse(task, "maxAttempts must be a whole number");
  return Math.min(Math.max(count as number, 1), MAX_ATTEMPTS);
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER */
export function readPriority(priority: unknown, task: string): number | undefined {
  if (priority === undefined) return undefined;
  if (typeof priority !== "number" || !Number.isFinite(priority))
    refuse(task, "priority must be a number of seconds");
  return priority;
}

/** @throws {LonghaulError} TASK_BAD_TRIGGER */
export function readConcurrencyKey(key: unknown, task: string): string | undefined {
  if (key === undefined) return undefined;
  const text = typeof key === "number" ? String(key) : key;
  if (typeof text !== "string" || text.length > MAX_NAME_LENGTH)
    refuse(task, `concurrencyKey must be text of at most ${MAX_NAME_LENGTH} characters`);
  return text;
}
