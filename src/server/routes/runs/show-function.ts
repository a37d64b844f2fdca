import { z } from "zod";
import type { FunctionRecord } from "../../../runs/browse/functions.ts";
import type { FlowControl, FunctionDeclaration } from "../../../runs/definition.ts";
import { findTask } from "../../../trigger/task/catalog.ts";
import type { ServerHost } from "../../server-host.ts";
import { isoOrNull, json, runState, stateCounts, time } from "./fields.ts";

/** Functions and tasks as the API shows them. */

const key = z.string().optional();
const ms = z.number();

const trigger = z.union([
  z.object({ event: z.string(), if: z.string().optional() }),
  z.object({ cron: z.string(), timeZone: z.string().optional(), jitterMs: ms.optional() }),
  z.object({ everyMs: ms }),
]);

/** Expressions are CEL over `event`. */
const flowControl = z.object({
  concurrency: z
    .array(z.object({ limit: z.number(), key, scope: z.enum(["fn", "env", "account"]).optional() }))
    .optional(),
  throttle: z
    .object({ limit: z.number(), periodMs: ms, burst: z.number().optional(), key })
    .optional(),
  rateLimit: z
    .object({ limit: z.number(), periodMs: ms, key, mode: z.enum(["gcra", "window"]).optional() })
    .optional(),
  debounce: z.object({ periodMs: ms, key, timeoutMs: ms.optional() }).optional(),
  batchEvents: z.object({ maxSize: z.number(), timeoutMs: ms, key, if: key }).optional(),
  priority: z.object({ run: z.string() }).optional(),
  singleton: z.object({ key, mode: z.enum(["skip", "cancel"]) }).optional(),
  idempotency: z.string().optional(),
  cancelOn: z
    .array(z.object({ event: z.string(), if: key, match: key, timeoutMs: ms.optional() }))
    .optional(),
  timeouts: z.object({ startMs: ms.optional(), finishMs: ms.optional() }).optional(),
});

/** The run of a function, or of a schedule, that was made last. */
export const lastRun = z.object({
  id: z.string(),
  state: runState,
  createdAt: time,
  finishedAt: time.nullable(),
});

/** A function. All but its counts is null when no process has said for a week that it executes it. */
export const functionInfo = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["function", "task"]).nullable(),
  triggers: z.array(trigger).nullable(),
  flowControl: flowControl.nullable(),
  /** "live": its code stays in memory while it waits; "replay": it starts again from the journal. */
  executor: z.enum(["live", "replay"]).nullable(),
  /** Tries after the first, of each step; of a task each trigger says. */
  retries: z.int().nullable(),
  /** The queue that its runs are in if their start names no other. */
  queue: z.string().nullable(),
  /** How many processes execute it now; none: its runs stay in line. */
  processes: z.int(),
  /** Whether this very process knows its code. */
  isHere: z.boolean(),
  /** When a process that executes it said so last, give or take an hour. */
  publishedAt: time.nullable(),
  counts: stateCounts,
  lastRun: lastRun.nullable(),
  /** JSON schema of the payload of a task that has one, where this process knows it. */
  payloadSchema: json,
});

export type FunctionInfo = z.input<typeof functionInfo>;

/** Whether it is a task of Trigger.dev's idiom: an attempt of it is one of the whole handler. */
export const isTask = ({ attempts }: FunctionDeclaration): boolean => attempts === "run";

export function showFunction(found: FunctionRecord, { parts }: ServerHost): FunctionInfo {
  const { id, declaration, publishedAt } = found;
  const isTaskHere = declaration !== undefined && isTask(declaration);
  return {
    id,
    name: declaration?.name ?? id,
    kind: declaration ? (isTaskHere ? "task" : "function") : null,
    triggers: declaration ? [...declaration.triggers] : null,
    flowControl: declaration ? flowControlOf(declaration) : null,
    executor: declaration ? (declaration.executor ?? "replay") : null,
    retries: declaration?.retries ?? null,
    queue: declaration?.defaults?.queue ?? null,
    processes: found.processes,
    isHere: parts.engine.hasFunction(id),
    publishedAt: isoOrNull(publishedAt),
    counts: found.counts,
    lastRun: found.lastRun ? showLastRun(found.lastRun) : null,
    payloadSchema: (isTaskHere && findTask(id)?.jsonSchema) || null,
  };
}

export const showLastRun = (
  run: NonNullable<FunctionRecord["lastRun"]>,
): z.input<typeof lastRun> => ({
  id: run.id,
  state: run.state,
  createdAt: new Date(run.createdAt).toISOString(),
  finishedAt: isoOrNull(run.finishedAt),
});

const FLOW_CONTROL = Object.keys(flowControl.shape) as (keyof FlowControl)[];

/** What a declaration says about flow control, and no more. */
function flowControlOf(declaration: FunctionDeclaration): z.input<typeof flowControl> {
  const said = FLOW_CONTROL.filter((name) => declaration[name] !== undefined);
  return Object.fromEntries(said.map((name) => [name, declaration[name]]));
}
