import { z } from "zod";
import { readChildren } from "../../../runs/browse/run.ts";
import { readStep, readSteps, type StepRecord } from "../../../runs/browse/steps.ts";
import { readTrace, type TraceSpan } from "../../../runs/browse/trace.ts";
import type { LogRecord } from "../../../runs/store/log-store.ts";
import type { ChildEnd } from "../../../runs/store/start-details.ts";
import { decodeCursor, encodeCursor, pageOf, toPage } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { flagQuery, id, iso, isoOrNull, json, time } from "./fields.ts";
import { findRun, notFound, runScopes } from "./find-run.ts";
import { plainText, plainValue } from "./plain-value.ts";
import { fullError, runSummary, showFullError, showRun } from "./show-run.ts";

/** What there is of a run beside itself: window by window, so that a run of 20,000 steps opens fast. */

const WINDOW = 500;
/** Data of a step in a list; longer data is read step by step. Characters. */
const MAX_DATA = 16 * 1024;
const MAX_CHILDREN = 200;

const params = z.object({ runId: id });
const windowQuery = {
  limit: z.coerce.number().int().min(1).max(WINDOW).default(100),
  cursor: z.string().optional(),
} as const;

const kind = z.enum([
  "run",
  "sleep",
  "event",
  "signal",
  "invoke",
  "send",
  "start",
  "child",
  "token",
  "createToken",
  "group",
  "attempt",
]);

const step = z.object({
  /** Its place in the journal. */
  seq: z.int(),
  key: z.string(),
  kind,
  state: z.enum(["pending", "retry", "done", "failed"]),
  attempt: z.int(),
  at: time,
  dueAt: time.nullable(),
  data: json,
  /** Whether its data was too long for a list: it is in the answer for the step alone. */
  isCut: z.boolean(),
  error: fullError.nullable(),
});

function showStep(record: StepRecord, redact: Redactor): z.input<typeof step> {
  const { seq, key, state, attempt, data, error } = record;
  return {
    ...{ seq, key, kind: record.kind, state, attempt },
    at: iso(record.at),
    dueAt: isoOrNull(record.dueAt),
    data: data === undefined ? null : redact(plainData(record.kind, data)),
    isCut: record.size !== undefined && data === undefined,
    error: error ? showFullError(error, redact) : null,
  };
}

/** The data of a step. Of what others ended with, their outputs as JSON too. */
function plainData(of: StepRecord["kind"], text: string): unknown {
  const data = plainText(text);
  if (of === "child" && Array.isArray(data)) return (data as ChildEnd[]).map(showEnd);
  if (of !== "token") return data;
  const end = data as { readonly output?: unknown };
  return "output" in end ? Object.assign(end, { output: plainValue(end.output) }) : end;
}

const showEnd = (end: ChildEnd): object =>
  end.output === undefined ? end : { ...end, output: plainText(end.output) };

export const steps = route({
  id: "runs.steps",
  summary: "The journal of a run, in the order it was written",
  description: "A step may have several entries: the last entry of a key is the last word on it.",
  role: "viewer",
  scopes: runScopes,
  params,
  query: z.strictObject({ ...windowQuery, data: flagQuery.default(true) }),
  answer: pageOf(step),
  handler: async ({ params: { runId }, query, host }) => {
    const [after] = (decodeCursor(query.cursor, ["number"]) ?? []) as [number?];
    const window = { limit: query.limit + 1, after, maxData: query.data ? MAX_DATA : -1 };
    const found = await readSteps(host.parts.store, runId, window);
    return toPage(
      found ?? notFound("run", runId),
      query.limit,
      ({ seq }) => [seq],
      (record) => showStep(record, host.redact),
    );
  },
});

export const oneStep = route({
  id: "runs.step",
  summary: "One entry of a journal, with all of its data",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id, seq: z.coerce.number().int() }),
  answer: step,
  handler: async ({ params: { runId, seq }, host }) => {
    const found = await readStep(host.parts.store, runId, seq);
    return showStep(found ?? notFound("step", String(seq)), host.redact);
  },
});

const span = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  kind: z.enum(["queue", "attempt", "step", "wait", "log"]),
  name: z.string(),
  /** What kind of step it is of. */
  step: kind.nullable(),
  startAt: time.nullable(),
  /** The journal says when a step ended: the start of its work is taken to be the end of what came before. */
  isStartEstimated: z.boolean(),
  endAt: time.nullable(),
  dueAt: time.nullable(),
  state: z.enum(["active", "done", "failed", "retry"]),
  attempt: z.int(),
  seq: z.int().nullable(),
  message: z.string().nullable(),
  /** Null if there are none. */
  properties: json,
});

function showSpan(given: TraceSpan, redact: Redactor): z.input<typeof span> {
  const { properties } = given;
  return {
    id: given.id,
    parentId: given.parentId ?? null,
    kind: given.kind,
    name: given.name,
    step: given.step ?? null,
    startAt: isoOrNull(given.startAt),
    isStartEstimated: given.isStartEstimated ?? false,
    endAt: isoOrNull(given.endAt),
    dueAt: isoOrNull(given.dueAt),
    state: given.state,
    attempt: given.attempt,
    seq: given.seq ?? null,
    message: given.message ?? null,
    properties: properties === undefined ? null : propertiesOf(properties, redact),
  };
}

const propertiesOf = (text: string, redact: Redactor): unknown =>
  redact(JSON.parse(text) as unknown);

export const trace = route({
  id: "runs.trace",
  summary: "The time of a run as spans, and its child runs",
  description:
    "Queue, attempts, steps, waits, and what the code has logged as spans. A span may be on two pages: what a later page says of it completes it. The child runs are on the first page.",
  role: "viewer",
  scopes: runScopes,
  params,
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(WINDOW).default(WINDOW),
    cursor: z.string().optional(),
  }),
  answer: z.object({
    run: runSummary,
    data: z.array(span),
    /** One level, the newest first, at most 200. */
    children: z.array(runSummary),
    page: z.object({ next: z.string().nullable() }),
  }),
  handler: async ({ params: { runId }, query, host }) => {
    const { store } = host.parts;
    const [journal = 0, log = 0, at = 0] = (decodeCursor(query.cursor, [
      "number",
      "number",
      "number",
    ]) ?? []) as number[];
    const found = await findRun(host, runId);
    const isFirst = query.cursor === undefined;
    const after = isFirst ? undefined : { journal, log, at };
    const [{ spans, next }, children] = await Promise.all([
      readTrace(store, found, { limit: query.limit, after }),
      isFirst ? readChildren(store, runId, MAX_CHILDREN) : [],
    ]);
    return {
      run: showRun(found),
      data: spans.map((one) => showSpan(one, host.redact)),
      children: children.map(showRun),
      page: { next: next ? encodeCursor([next.journal, next.log, next.at]) : null },
    };
  },
});

const logEntry = z.object({
  seq: z.int(),
  at: time,
  kind: z.enum(["log", "span"]),
  level: z.enum(["debug", "log", "info", "warn", "error"]),
  message: z.string(),
  /** Null if there are none. */
  properties: json,
  spanId: z.string().nullable(),
  parentId: z.string().nullable(),
  durationMs: z.number().nullable(),
  attempt: z.int(),
});

function showLog(record: LogRecord, redact: Redactor): z.input<typeof logEntry> {
  const { seq, level, message, attempt, properties } = record;
  return {
    ...{ seq, kind: record.kind, level, message, attempt },
    at: iso(record.at),
    properties: properties === undefined ? null : propertiesOf(properties, redact),
    spanId: record.spanId ?? null,
    parentId: record.parentId ?? null,
    durationMs: record.durationMs ?? null,
  };
}

export const logs = route({
  id: "runs.logs",
  summary: "What a run has logged, in order",
  role: "viewer",
  scopes: runScopes,
  params,
  query: z.strictObject(windowQuery),
  answer: pageOf(logEntry),
  handler: async ({ params: { runId }, query, host }) => {
    const [after] = (decodeCursor(query.cursor, ["number"]) ?? []) as [number?];
    const { logs: store } = host.parts.runs.stores;
    const found = await store.list({ runId, limit: query.limit + 1, after });
    if (found.length === 0) await findRun(host, runId);
    return toPage(
      found,
      query.limit,
      ({ seq }) => [seq],
      (record) => showLog(record, host.redact),
    );
  },
});

export const streams = route({
  id: "runs.streams",
  summary: "The names of a run's streams",
  role: "viewer",
  scopes: runScopes,
  params,
  answer: z.object({ data: z.array(z.object({ name: z.string() })) }),
  handler: async ({ params: { runId }, host }) => {
    const names = await host.parts.runs.stores.streams.names(runId);
    if (names.length === 0) await findRun(host, runId);
    return { data: names.map((name) => ({ name })) };
  },
});

export const stream = route({
  id: "runs.stream",
  summary: "Chunks of a stream from an index on",
  description: "A stream that nothing was written to yet is empty and open.",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id, stream: id }),
  query: z.strictObject({
    from: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  answer: z.object({
    chunks: z.array(json),
    /** Where the next page begins. */
    next: z.int(),
    isClosed: z.boolean(),
  }),
  handler: async ({ params: { runId, stream: name }, query, host }) => {
    await findRun(host, runId);
    const { chunks, next, isClosed } = await host.parts.runs.stores.streams.read({
      ...{ runId, stream: name, ...query },
    });
    return { chunks: chunks.map((chunk) => host.redact(plainText(chunk))), next, isClosed };
  },
});
