import { z } from "zod";
import type { LogRecord } from "../../../runs/store/log-store.ts";
import { decodeCursor, pageOf, toPage } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { id, iso, json, time, windowQuery } from "./fields.ts";
import { findRun, runScopes } from "./find-run.ts";

/** What a run has logged. */

/** What is said beside a line. @param text JSON */
export const propertiesOf = (text: string, redact: Redactor): unknown =>
  redact(JSON.parse(text) as unknown);

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
  params: z.object({ runId: id }),
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
