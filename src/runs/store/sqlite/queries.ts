import type { SqlValue, Statement } from "../../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { JournalEntry, RunEvent, SerializedError } from "../../types.ts";
import type { RunOutcome, RunRecord, RunStore } from "../run-store.ts";
import { State, type StateCode, stateName } from "./codes.ts";
import { DETAIL_COLUMNS, toDetails } from "./details.ts";
import { EVENT_COLUMNS, toEvent } from "./events.ts";
import { JOURNAL, toJournal } from "./journal.ts";

/** What people look at: read from a worker thread, so that no list slows a run. */

const COLUMNS = `run.pk, run.id, run_function.id, run.state, run.attempt, run.event, run.events, run.queued_at,
  run.started_at, run.finished_at, run.output, run.error, run.due_at,
  coalesce(run.created_at, run.queued_at), ${DETAIL_COLUMNS}`;
const JOINED = `JOIN run_function ON run_function.pk = run.function LEFT JOIN run_detail ON run_detail.run = run.pk
  LEFT JOIN run_metadata ON run_metadata.run = run.pk`;
/** Runs with all that a record needs but their events and journals. */
export const RECORDS = `SELECT ${COLUMNS} FROM run ${JOINED}`;
const OUTCOME = "SELECT state, output, error FROM run WHERE id = ?";
const BY_ID = `${RECORDS} WHERE run.id = ?`;
const BY_EVENT = `SELECT ${COLUMNS} FROM run_event JOIN run_cause ON run_cause.event = run_event.pk
  JOIN run ON run.pk = run_cause.run ${JOINED}
  WHERE run_event.pk IN (SELECT pk FROM run_event WHERE id = ? UNION SELECT pk FROM run_event WHERE external_id = ?)`;
const PAGE = 100;
/** The run that a page begins before; the one next to it, if it is no longer there. */
const CURSOR = `SELECT pk, 1 FROM run WHERE id = ?
  UNION ALL SELECT * FROM (SELECT pk + 1, 2 FROM run WHERE id < ? ORDER BY id DESC LIMIT 1) ORDER BY 2 LIMIT 1`;
const NEWEST_FIRST = `ORDER BY run.pk DESC LIMIT ${PAGE}`;
const OF_FUNCTION = "run.function = (SELECT pk FROM run_function WHERE id = ?)";
const LIST = `${RECORDS} WHERE run.pk < ? ${NEWEST_FIRST}`;
const LIST_OF_STATE = `${RECORDS} WHERE run.pk < ? AND +run.state = ? ${NEWEST_FIRST}`;
const LIST_OF_FUNCTION = `${RECORDS} WHERE run.pk < ? AND ${OF_FUNCTION} ${NEWEST_FIRST}`;
const LIST_OF_BOTH = `${RECORDS} WHERE run.pk < ? AND ${OF_FUNCTION} AND +run.state = ? ${NEWEST_FIRST}`;
const EVENTS = `SELECT run_event.pk, ${EVENT_COLUMNS} FROM json_each(?) AS wanted
  JOIN run_event ON run_event.pk = wanted.value`;

type Reader = Pick<SqliteStore, "query">;

/** Asked by everybody who waits for a result, so it is worth no way to another thread and back. */
export function outcomeOf(
  tx: { sql(text: string): Statement },
  runId: string,
): RunOutcome | undefined {
  const row = tx.sql(OUTCOME).get(runId);
  if (row === undefined) return undefined;
  const [state, output, error] = row as [StateCode, string | null, string | null];
  return {
    state: stateName(state),
    ...(output === null ? undefined : { output }),
    ...(error === null ? undefined : { error: JSON.parse(error) as SerializedError }),
  };
}

export async function getRun(reader: Reader, runId: string): Promise<RunRecord | undefined> {
  const [record] = await toRecords(reader, await reader.query(BY_ID, [runId]), true);
  return record;
}

export async function listRuns(
  reader: Reader,
  { functionId, state, limit, before, withJournals = true }: Parameters<RunStore["listRuns"]>[0],
): Promise<RunRecord[]> {
  const rows: SqlValue[][] = [];
  let last = before === undefined ? Number.MAX_SAFE_INTEGER : await cursorOf(reader, before);
  while (rows.length < limit) {
    const page = await listPage(reader, functionId, state, last);
    rows.push(...page);
    if (page.length < PAGE) break;
    last = page.at(-1)![0] as number;
  }
  return toRecords(reader, rows.slice(0, limit), withJournals);
}

async function cursorOf(reader: Reader, runId: string): Promise<number> {
  const [row] = await reader.query(CURSOR, [runId, runId]);
  return (row?.[0] as number | undefined) ?? 0;
}

function listPage(
  reader: Reader,
  functionId: string | undefined,
  state: RunRecord["state"] | undefined,
  before: number,
): Promise<SqlValue[][]> {
  if (functionId === undefined)
    return state === undefined
      ? reader.query(LIST, [before])
      : reader.query(LIST_OF_STATE, [before, State[state]]);
  return state === undefined
    ? reader.query(LIST_OF_FUNCTION, [before, functionId])
    : reader.query(LIST_OF_BOTH, [before, functionId, State[state]]);
}

export async function runsOfEvent(reader: Reader, eventId: string): Promise<RunRecord[]> {
  const rows = [...(await reader.query(BY_EVENT, [eventId, eventId]))];
  rows.sort(([a], [b]) => Number(a) - Number(b));
  return toRecords(reader, rows, true);
}

/** Records, with one query for all their events. */
export async function toRecords(
  reader: Reader,
  rows: readonly (readonly SqlValue[])[],
  withJournals: boolean,
): Promise<RunRecord[]> {
  const wanted = JSON.stringify([...new Set(rows.flatMap(eventKeys))]);
  const [found, ...journals] = await Promise.all([
    reader.query(EVENTS, [wanted]),
    ...(withJournals ? rows.map((row) => reader.query(JOURNAL, [row[0]!])) : []),
  ]);
  const events = new Map(found.map((row) => [row[0] as number, toEvent(row, 1)]));
  return rows.map((row, index) => toRecord(row, events, toJournal(journals[index] ?? [])));
}

/** Keys of a run's events, oldest first. */
const eventKeys = (row: readonly SqlValue[]): number[] =>
  row[6] === null ? [row[5] as number] : (JSON.parse(row[6] as string) as number[]);

function toRecord(
  row: readonly SqlValue[],
  events: ReadonlyMap<number, RunEvent>,
  journal: readonly JournalEntry[],
): RunRecord {
  const [startedAt, finishedAt, output, error, dueAt] = row.slice(8);
  const details = toDetails(row, 14);
  return {
    id: row[1] as string,
    functionId: row[2] as string,
    state: stateName(row[3] as StateCode),
    attempt: row[4] as number,
    events: eventKeys(row).map((key) => events.get(key)!),
    createdAt: row[13] as number,
    queuedAt: row[7] as number,
    journal,
    ...(startedAt === null ? undefined : { startedAt: startedAt as number }),
    ...(finishedAt === null ? undefined : { finishedAt: finishedAt as number }),
    ...(output === null ? undefined : { output: output as string }),
    ...(error === null ? undefined : { error: JSON.parse(error as string) as SerializedError }),
    ...(dueAt === null ? undefined : { dueAt: dueAt as number }),
    ...(details === undefined ? undefined : { details }),
  };
}
