import { z } from "zod";
import { readChildren } from "../../../runs/browse/run.ts";
import { readTrace, type TraceSpan } from "../../../runs/browse/trace.ts";
import { decodeCursor, encodeCursor } from "../../pages.ts";
import { isAllowed } from "../../principal.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { id, isoOrNull, json, stepKind, time, windowQuery } from "./fields.ts";
import { findRun, runScopes } from "./find-run.ts";
import { propertiesOf } from "./run-logs.ts";
import { runSummary, showRun } from "./show-run.ts";

/** The time of a run. */

const MAX_CHILDREN = 200;

const span = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  kind: z.enum(["queue", "attempt", "step", "wait", "log"]),
  name: z.string(),
  /** What kind of step it is of. */
  step: stepKind.nullable(),
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

export const trace = route({
  id: "runs.trace",
  summary: "The time of a run as spans, and its child runs",
  description:
    "Queue, attempts, steps, waits, and what the code has logged as spans. A span may be on two pages: what a later page says of it completes it, and of two starts the earlier counts. The child runs are on the first page, for viewers.",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id }),
  query: z.strictObject(windowQuery),
  answer: z.object({
    run: runSummary,
    data: z.array(span),
    /** One level, the newest first, at most 200. */
    children: z.array(runSummary),
    page: z.object({ next: z.string().nullable() }),
  }),
  handler: async ({ params: { runId }, query, host, principal }) => {
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
      // Who may see this run alone is told nothing of others.
      isFirst && isAllowed(principal, "viewer") ? readChildren(store, runId, MAX_CHILDREN) : [],
    ]);
    return {
      run: showRun(found),
      data: spans.map((one) => showSpan(one, host.redact)),
      children: children.map(showRun),
      page: { next: next ? encodeCursor([next.journal, next.log, next.at]) : null },
    };
  },
});
