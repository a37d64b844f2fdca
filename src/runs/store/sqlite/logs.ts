import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import { MAX_LOG_ENTRIES, MAX_LOG_LENGTH } from "../limits.ts";
import type { LogEntry, LogRecord, LogStore } from "../log-store.ts";
import type { RunKey } from "../run-store.ts";
import { noteBelongings } from "./details.ts";
import type { RunTransaction } from "./transaction.ts";

/** What runs say, appended in the order it is stored. */

const RUN = "SELECT pk FROM run WHERE id = ?";
const LAST = "SELECT seq FROM run_log WHERE run = ? ORDER BY seq DESC LIMIT 1";
const INSERT = `INSERT INTO run_log (run, seq, at, code, attempt, message, properties, span, parent, duration)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const PAGE = `SELECT run_log.seq, run_log.at, run_log.code, run_log.attempt, run_log.message, run_log.properties,
  run_log.span, run_log.parent, run_log.duration FROM run JOIN run_log ON run_log.run = run.pk
  WHERE run.id = ? AND run_log.seq > ? ORDER BY run_log.seq LIMIT ?`;

const SPANS = PAGE.replace("run_log.seq > ?", "run_log.seq > ? AND run_log.duration IS NOT NULL");

/** Their order is stored. */
const levels = ["debug", "log", "info", "warn", "error"] as const satisfies LogEntry["level"][];
/** Added to the number of the level. */
const SPAN = 8;

/** Adds entries, as many as the run may still have. @returns how many */
export function appendLogs(
  tx: RunTransaction,
  { runId, entries }: Parameters<LogStore["append"]>[0],
): number {
  const run = tx.sql(RUN).get(runId)?.[0] as RunKey | undefined;
  if (run === undefined || entries.length === 0) return 0;
  let seq = (tx.sql(LAST).get(run)?.[0] as number | undefined) ?? 0;
  const stored = entries.slice(0, Math.max(0, MAX_LOG_ENTRIES - seq));
  for (const entry of stored) {
    const { properties } = entry;
    tx.sql(INSERT).run(
      run,
      ++seq,
      entry.at,
      levels.indexOf(entry.level) + (entry.kind === "span" ? SPAN : 0),
      entry.attempt,
      entry.message.slice(0, MAX_LOG_LENGTH),
      properties === undefined || properties.length > MAX_LOG_LENGTH ? null : properties,
      entry.spanId ?? null,
      entry.parentId ?? null,
      entry.durationMs ?? null,
    );
  }
  const row = tx.run(run)!;
  noteBelongings(tx, row);
  tx.noted(row);
  return stored.length;
}

export async function listLogs(
  reader: Pick<SqliteStore, "query">,
  { runId, limit, after = 0 }: Parameters<LogStore["list"]>[0],
): Promise<LogRecord[]> {
  return (await reader.query(PAGE, [runId, after, limit])).map(toLog);
}

/** Spans only. */
export async function listSpans(
  reader: Pick<SqliteStore, "query">,
  { runId, limit, after = 0 }: Parameters<LogStore["list"]>[0],
): Promise<LogRecord[]> {
  return (await reader.query(SPANS, [runId, after, limit])).map(toLog);
}

/** An entry from the columns of a page. */
export function toLog(row: readonly unknown[]): LogRecord {
  const [seq, at, code, attempt] = row as number[];
  const [message, properties, spanId, parentId, durationMs] = row.slice(4) as [
    string,
    string | null,
    string | null,
    string | null,
    number | null,
  ];
  return {
    seq: seq!,
    at: at!,
    kind: code! >= SPAN ? "span" : "log",
    level: levels[code! % SPAN]!,
    attempt: attempt!,
    message,
    ...(properties === null ? undefined : { properties }),
    ...(spanId === null ? undefined : { spanId }),
    ...(parentId === null ? undefined : { parentId }),
    ...(durationMs === null ? undefined : { durationMs }),
  };
}
