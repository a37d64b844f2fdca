import { LonghaulError } from "../../core/errors.ts";
import { toJsonText } from "../../runs/errors.ts";
import { queueSlot, taskQueueName } from "../../runs/store/queue-store.ts";
import type { StartCall, StartDetails, StartIdempotency } from "../../runs/store/start-details.ts";
import { DAY_MS, dueTime, durationMs, secondsOrText } from "../durations.ts";
import { originOf, resolveKey } from "../idempotency-keys.ts";
import { pack } from "../payload.ts";
import type { TaskScope } from "../run/scope.ts";
import { queueLimit } from "../task/queue.ts";
import { ownerOf, readMachine, readMaxDuration, readQueue } from "../task/options.ts";
import type { IdempotencyKeyScope, MachinePreset } from "../types/context.ts";
import type { TriggerOptions } from "../types/trigger-options.ts";
import {
  checkNames,
  readConcurrencyKey,
  readDebounce,
  readMaxAttempts,
  readMetadata,
  readPriority,
  readTags,
  refuse,
} from "./read-options.ts";
import type { Target } from "./target.ts";

/** Bytes of a payload, as JSON. */
export const MAX_PAYLOAD_BYTES = 3 * 1024 * 1024;
/** Runs that start runs that start runs …: more than that is taken for a circle. */
export const MAX_DEPTH = 100;
/** How long idempotency keys count if nothing else is said. */
export const KEY_TTL_MS = 30 * DAY_MS;

/** How a run was started. */
export type TriggerFunction =
  "trigger" | "triggerAndWait" | "batchTrigger" | "batchTriggerAndWait" | "triggerAndSubscribe";

/** What a run keeps of how it was triggered, beyond what the engine knows. */
export interface TriggerExtra {
  /** Also says that the data is `{ payload }`. */
  readonly by: TriggerFunction;
  readonly idempotencyKey?: string;
  readonly idempotencyKeyScope?: IdempotencyKeyScope;
  readonly concurrencyKey?: string;
  readonly machine?: MachinePreset;
  /** Seconds of head start. */
  readonly priority?: number;
  /** ms; 0 for never. */
  readonly ttlMs?: number;
  /** What the run began with, for its repetition. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A run to start. */
export interface Triggering {
  readonly target: Target;
  readonly payload: unknown;
  readonly options: TriggerOptions;
  readonly by: TriggerFunction;
  readonly now: number;
  /** The run that starts it. */
  readonly scope: TaskScope | undefined;
  readonly batchId?: string | undefined;
}

/**
 * What the engine is asked for.
 * @throws {LonghaulError} TASK_BAD_TRIGGER, TASK_BAD_DURATION, TASK_BAD_OPTION, TASK_TOO_DEEP, TASK_UNSUPPORTED,
 *   RUNS_TOO_LARGE, RUNS_NOT_JSON
 */
export function startCallOf(triggering: Triggering): StartCall {
  const { target, payload, options, scope } = triggering;
  const { id } = target;
  checkNames(options, id);
  const data = payload === undefined ? {} : { payload: pack(payload) };
  toJsonText(data, `The payload of a run of ${id}`, MAX_PAYLOAD_BYTES);
  const depth = scope === undefined ? 0 : (scope.run.details.depth ?? 0) + 1;
  if (depth > MAX_DEPTH) throw new LonghaulError("TASK_TOO_DEEP", { task: id, limit: MAX_DEPTH });
  return { functionId: id, data, details: detailsOf(triggering) };
}

function detailsOf(triggering: Triggering): StartDetails {
  const { target, options, by, now, scope, batchId } = triggering;
  const { id } = target;
  const { delay, debounce, ttl, maxDuration, test, metadata, maxAttempts } = options;
  if (delay !== undefined && debounce !== undefined)
    refuse(id, "delay and debounce exclude each other");
  const concurrencyKey = readConcurrencyKey(options.concurrencyKey, id);
  const priority = readPriority(options.priority, id);
  const ttlMs = ttl === undefined ? undefined : secondsOrText(ttl, "ttl");
  const idempotency = idempotencyOf(triggering);
  const machine = readMachine(options.machine, ownerOf(id));
  const origin = idempotency && originOf(idempotency.key);
  const extra: TriggerExtra = {
    by,
    ...(idempotency && { idempotencyKey: origin?.key ?? idempotency.key }),
    ...(origin && { idempotencyKeyScope: origin.scope }),
    ...(concurrencyKey !== undefined && { concurrencyKey }),
    ...(machine && { machine }),
    ...(priority !== undefined && { priority }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(metadata !== undefined && { metadata }),
  };
  return compact({
    notBefore: delay === undefined ? undefined : dueTime(delay, now, "delay"),
    // 0 is no time to live, but the end of one that the task has.
    ttlMs: ttlMs === 0 ? FOR_EVER_MS : ttlMs,
    idempotency,
    ...queueOf(target, options.queue, concurrencyKey),
    prioritySeconds: priority,
    maxDurationMs: maxDuration === undefined ? undefined : maxDurationOf(maxDuration, id),
    debounce: readDebounce(debounce, id),
    tags: readTags(options.tags, id),
    metadata: readMetadata(metadata, id),
    parentRunId: scope?.run.id,
    rootRunId: scope && (scope.run.details.rootRunId ?? scope.run.id),
    depth: scope && (scope.run.details.depth ?? 0) + 1,
    batchId,
    isTest: (test ?? scope?.run.details.isTest) === true ? true : undefined,
    maxAttempts: readMaxAttempts(maxAttempts, id),
    extra: JSON.stringify(extra),
  });
}

/** Longer than anything waits. */
const FOR_EVER_MS = 100 * 365 * DAY_MS;

const maxDurationOf = (seconds: number, id: string): number =>
  readMaxDuration(seconds, ownerOf(id)) ?? FOR_EVER_MS;

/** Without a word of it in the call, the task's own queue counts. */
function queueOf(
  { id, plan }: Target,
  queue: TriggerOptions["queue"],
  concurrencyKey: string | undefined,
): Pick<StartDetails, "queue" | "slots"> {
  if (queue === undefined && concurrencyKey === undefined) return {};
  const given = readQueue(queue, ownerOf(id)).name;
  const name = given ?? plan?.queue.name ?? taskQueueName(id);
  // The limit of a queue that this process does not know is stored with the queue.
  const limit = (name === plan?.queue.name ? plan.queue.limit : undefined) ?? queueLimit(name);
  return { queue: name, slots: [queueSlot(name, limit, concurrencyKey)] };
}

function idempotencyOf({ options, scope, now }: Triggering): StartIdempotency | undefined {
  const { idempotencyKey, idempotencyKeyTTL: ttl } = options;
  if (idempotencyKey === undefined) return undefined;
  const ttlMs = ttl === undefined ? KEY_TTL_MS : durationMs(ttl, "idempotencyKeyTTL");
  const key = resolveKey(idempotencyKey, scope?.ctx);
  return { key, until: now + ttlMs, clearedByFailure: true };
}

/** Without the properties that are undefined. */
function compact(details: StartDetails): StartDetails {
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  ) as StartDetails;
}
