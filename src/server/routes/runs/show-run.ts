import { z } from "zod";
import type { BrowsedRun } from "../../../runs/browse/run.ts";
import type { SerializedError } from "../../../runs/types.ts";
import { extraOf } from "../../../trigger/run/read-run.ts";
import type { Redactor } from "../../redact.ts";
import { iso, isoOrNull, json, runState, time } from "./fields.ts";
import { plainText, plainValue } from "./plain-value.ts";

/** Runs as the API shows them. */

const error = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().nullable(),
});

/** An error with all that is kept of it. */
export const fullError = error.extend({ stack: z.string().nullable(), cause: json });

/** A run in a list. */
export const runSummary = z.object({
  id: z.string(),
  functionId: z.string(),
  state: runState,
  /** Tries of the code since the last finished step, or of the whole handler. */
  attempt: z.int(),
  createdAt: time,
  queuedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** When a delayed run starts, or one that waits goes on at the latest. */
  dueAt: time.nullable(),
  /** From its start to its end; null before. */
  durationMs: z.number().nullable(),
  error: error.nullable(),
  tags: z.array(z.string()),
  queue: z.string().nullable(),
  batchId: z.string().nullable(),
  scheduleId: z.string().nullable(),
  parentRunId: z.string().nullable(),
  rootRunId: z.string().nullable(),
  replayOf: z.string().nullable(),
  isTest: z.boolean(),
  /** The name of the event that started it. */
  eventName: z.string(),
});

const eventOfRun = z.object({
  id: z.string(),
  externalId: z.string().nullable(),
  name: z.string(),
  at: time,
  data: json,
});

const reason = z.object({
  kind: z.enum([
    "delayed",
    "line",
    "unserved",
    "paused",
    "concurrency",
    "throttle",
    "sleep",
    "event",
    "signal",
    "token",
    "run",
    "runs",
  ]),
  /** What it waits for: the name of an event or a signal, the id of a token or a run. */
  name: z.string().nullable(),
  /** The step that waits. */
  step: z.string().nullable(),
  until: time.nullable(),
  queue: z.string().nullable(),
  /** Runs before it, at most 1,000. */
  ahead: z.int().nullable(),
  held: z.int().nullable(),
  limit: z.int().nullable(),
  /** How many runs have not ended that it waits for. */
  missing: z.int().nullable(),
});

/** A run with what it was given and what it came to. */
export const runDetail = runSummary.extend({
  payload: json,
  /** Null until it has completed. */
  output: json,
  error: fullError.nullable(),
  metadata: z.record(z.string(), json).nullable(),
  events: z.array(eventOfRun),
  idempotencyKey: z.string().nullable(),
  maxAttempts: z.int().nullable(),
  depth: z.int(),
  /** What holds it up; empty while it runs, and when it is over. */
  waitsFor: z.array(reason),
});

export type RunSummary = z.input<typeof runSummary>;
export type RunDetail = z.input<typeof runDetail>;

export function showRun(run: BrowsedRun): RunSummary {
  const { startedAt, finishedAt, details = {} } = run;
  const isOver = startedAt !== undefined && finishedAt !== undefined;
  return {
    id: run.id,
    functionId: run.functionId,
    state: run.state,
    attempt: run.attempt,
    createdAt: iso(run.createdAt),
    queuedAt: iso(run.queuedAt),
    startedAt: isoOrNull(startedAt),
    finishedAt: isoOrNull(finishedAt),
    dueAt: isoOrNull(finishedAt === undefined ? run.dueAt : undefined),
    durationMs: isOver ? finishedAt - startedAt : null,
    error: run.error ? showError(run.error) : null,
    tags: [...(details.tags ?? [])],
    queue: details.queue ?? null,
    batchId: details.batchId ?? null,
    scheduleId: details.scheduleId ?? null,
    parentRunId: details.parentRunId ?? null,
    rootRunId: details.rootRunId ?? null,
    replayOf: details.replayOf ?? null,
    isTest: details.isTest ?? false,
    eventName: run.events[0]!.name,
  };
}

export function showFullRun(
  run: BrowsedRun,
  redact: Redactor,
  waitsFor: RunDetail["waitsFor"],
): RunDetail {
  const { output, details = {}, events } = run;
  const { metadata, maxAttempts, depth = 0 } = details;
  return {
    ...showRun(run),
    payload: redact(payloadOf(run)),
    output: output === undefined ? null : redact(plainText(output)),
    error: run.error ? showFullError(run.error, redact) : null,
    metadata:
      metadata === undefined ? null : redact(JSON.parse(metadata) as Record<string, unknown>),
    events: events.map((event) => ({
      id: event.id,
      externalId: event.externalId ?? null,
      name: event.name,
      at: iso(event.ts),
      data: redact(event.data),
    })),
    idempotencyKey: extraOf(details)?.idempotencyKey ?? null,
    maxAttempts: maxAttempts ?? null,
    depth,
    waitsFor,
  };
}

/** What a run was given: the payload of a task that was triggered, else the data of its first event. */
export function payloadOf({ events, details = {} }: BrowsedRun): unknown {
  const { data } = events[0]!;
  if (extraOf(details)?.by === undefined) return data;
  return plainValue((data as { readonly payload?: unknown }).payload ?? null);
}

const showError = ({ name, message, code }: SerializedError): z.input<typeof error> => ({
  name,
  message,
  code: code ?? null,
});

export const showFullError = (
  given: SerializedError,
  redact: Redactor,
): z.input<typeof fullError> => ({
  ...showError(given),
  stack: given.stack ?? null,
  cause: redact(given.cause) ?? null,
});
