import type { SqlValue } from "../../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { JournalEntry, RunState, SerializedError } from "../../types.ts";
import type { LogRecord } from "../log-store.ts";
import { type StateCode, stateName } from "./codes.ts";
import { toEntry } from "./journal.ts";
import { toLog } from "./logs.ts";

/** Following runs, for those who must not miss anything. Reads in the reader's thread. */

/** A run as it is, and how far its journal and its log are. */
export interface RunNews {
  readonly id: string;
  readonly functionId: string;
  readonly state: RunState;
  readonly attempt: number;
  readonly createdAt: number;
  readonly queuedAt: number;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly dueAt?: number | undefined;
  readonly tags: readonly string[];
  /** JSON text of an object. */
  readonly metadata?: string | undefined;
  /** JSON text. */
  readonly output?: string | undefined;
  readonly error?: SerializedError | undefined;
  /** Rows of the journal are numbered upwards; 0: there is none. */
  readonly lastEntry: number;
  readonly lastLog: number;
}

/** A row of a run's journal. */
export interface NumberedEntry {
  readonly runId: string;
  readonly number: number;
  readonly entry: JournalEntry;
}

const NEWS = `SELECT run.id, run_function.id, run.state, run.attempt, coalesce(run.created_at, run.queued_at),
  run.queued_at, run.started_at, run.finished_at, run.due_at, run_detail.tags, run_metadata.data, run.output, run.error,
  (SELECT pk FROM run_journal WHERE run = run.pk ORDER BY pk DESC LIMIT 1),
  (SELECT seq FROM run_log WHERE run = run.pk ORDER BY seq DESC LIMIT 1)
  FROM json_each(?) AS wanted CROSS JOIN run ON run.id = wanted.value
  JOIN run_function ON run_function.pk = run.function LEFT JOIN run_detail ON run_detail.run = run.pk
  LEFT JOIN run_metadata ON run_metadata.run = run.pk`;
const MOST = 1_000;
const ENTRY = ["key", "code", "attempt", "at", "due_at", "data", "error", "args"]
  .map((column) => `run_journal.${column}`)
  .join(", ");
const ENTRIES_AFTER = `SELECT ${ENTRY}, run_journal.pk, wanted.value ->> '$[0]'
  FROM json_each(?) AS wanted CROSS JOIN run ON run.id = wanted.value ->> '$[0]'
  CROSS JOIN run_journal ON run_journal.run = run.pk AND run_journal.pk > wanted.value ->> '$[1]'
  ORDER BY run_journal.pk LIMIT ${MOST}`;
const LAST_ENTRIES = `SELECT ${ENTRY}, pk FROM run_journal WHERE run = (SELECT pk FROM run WHERE id = ?)
  ORDER BY pk DESC LIMIT ?`;
const LOG = "seq, at, code, attempt, message, properties, span, parent, duration";
const LOGS_AFTER = `SELECT ${LOG} FROM run_log WHERE run = (SELECT pk FROM run WHERE id = ?) AND seq > ?
  ORDER BY seq LIMIT ${MOST}`;
const LAST_LOGS = `SELECT ${LOG} FROM run_log WHERE run = (SELECT pk FROM run WHERE id = ?)
  ORDER BY seq DESC LIMIT ?`;

const COUNTS = `SELECT run_function.id, run_count.state, run_count.count FROM run_count
  JOIN run_function ON run_function.pk = run_count.function WHERE run_count.count > 0`;

type Reader = Pick<SqliteStore, "query">;

/** How many runs of each function are in which state. */
export async function readRunCounts(
  reader: Reader,
): Promise<ReadonlyMap<string, Partial<Record<RunState, number>>>> {
  const counts = new Map<string, Partial<Record<RunState, number>>>();
  for (const [id, state, count] of await reader.query(COUNTS)) {
    const known = counts.get(id as string);
    const states = known ?? {};
    states[stateName(state as StateCode)] = count as number;
    if (known === undefined) counts.set(id as string, states);
  }
  return counts;
}

/** How some runs are; those that are not there are left out. */
export async function readRunNews(
  reader: Reader,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, RunNews>> {
  const rows = await reader.query(NEWS, [JSON.stringify(runIds)]);
  return new Map(rows.map((row) => [row[0] as string, toNews(row)]));
}

function toNews(row: readonly SqlValue[]): RunNews {
  const [startedAt, finishedAt, dueAt] = row.slice(6, 9) as [
    number | null,
    number | null,
    number | null,
  ];
  const [tags, metadata, output, error] = row.slice(9, 13) as [
    string | null,
    string | null,
    string | null,
    string | null,
  ];
  return {
    id: row[0] as string,
    functionId: row[1] as string,
    state: stateName(row[2] as StateCode),
    attempt: row[3] as number,
    createdAt: row[4] as number,
    queuedAt: row[5] as number,
    startedAt: startedAt ?? undefined,
    finishedAt: finishedAt ?? undefined,
    dueAt: dueAt ?? undefined,
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
    metadata: metadata ?? undefined,
    output: output ?? undefined,
    error: error === null ? undefined : (JSON.parse(error) as SerializedError),
    lastEntry: (row[13] as number | null) ?? 0,
    lastLog: (row[14] as number | null) ?? 0,
  };
}

/** Rows that the journals of some runs got after given ones, in the order they were written. */
export async function readEntriesAfter(
  reader: Reader,
  after: readonly (readonly [runId: string, number: number])[],
): Promise<{ readonly entries: NumberedEntry[]; readonly isFull: boolean }> {
  const rows = await reader.query(ENTRIES_AFTER, [JSON.stringify(after)]);
  return {
    entries: rows.map((row) => toNumbered(row, row[9] as string)),
    isFull: rows.length === MOST,
  };
}

/** The last rows of a run's journal, oldest first. */
export async function readLastEntries(
  reader: Reader,
  runId: string,
  count: number,
): Promise<NumberedEntry[]> {
  const rows = await reader.query(LAST_ENTRIES, [runId, count]);
  return rows.map((row) => toNumbered(row, runId)).reverse();
}

const toNumbered = (row: readonly SqlValue[], runId: string): NumberedEntry => ({
  runId,
  number: row[8] as number,
  entry: toEntry(row[0] as string, row),
});

/** What a run logged after a given entry. */
export async function readLogsAfter(
  reader: Reader,
  runId: string,
  after: number,
): Promise<{ readonly logs: LogRecord[]; readonly isFull: boolean }> {
  const rows = await reader.query(LOGS_AFTER, [runId, after]);
  return { logs: rows.map(toLog), isFull: rows.length === MOST };
}

/** What a run logged last, oldest first. */
export async function readLastLogs(
  reader: Reader,
  runId: string,
  count: number,
): Promise<LogRecord[]> {
  return (await reader.query(LAST_LOGS, [runId, count])).map(toLog).reverse();
}
