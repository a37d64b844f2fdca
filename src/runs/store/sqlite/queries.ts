import type { SqlValue } from "../../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { RunEvent, SerializedError } from "../../types.ts";
import type { RunRecord, RunStore } from "../run-store.ts";
import { State, type StateCode, stateName } from "./codes.ts";
import { EVENT_COLUMNS, toEvent } from "./events.ts";
import { JOURNAL, toJournal } from "./journal.ts";

/** What people look at: read from a worker thread, so that no list slows a run. */

const COLUMNS = `run.pk, run.id, run_function.id, run.state, run.attempt, run.event, run.events, run.queued_at,
  run.started_at, run.finished_at, run.output, run.error`;
const FROM = `SELECT ${COLUMNS} FROM run JOIN run_function ON run_function.pk = run.function`;
const BY_ID = `${FROM} WHERE run.id = ?`;
const BY_EVENT = `SELECT ${COLUMNS} FROM run_event JOIN run_cause ON run_cause.event = run_event.pk
  JOIN run ON run.pk = run_cause.run JOIN run_function ON run_function.pk = run.function
  WHERE run_event.id = ? ORDER BY run_cause.run`;
const PAGE = 100;
/** The run that a page begins before; the one next to it, if it is no longer there. */
const CURSOR = `SELECT pk, 1 FROM run WHERE id = ?
  UNION ALL SELECT * FROM (SELECT pk + 1, 2 FROM run WHERE id < ? ORDER BY id DESC LIMIT 1) ORDER BY 2 LIMIT 1`;
const NEWEST_FIRST = `ORDER BY run.pk DESC LIMIT ${PAGE}`;
const OF_FUNCTION = "run.function = (SELECT pk FROM run_function WHERE id = ?)";
const LIST = `${FROM} WHERE run.pk < ? ${NEWEST_FIRST}`;
const LIST_OF_STATE = `${FROM} WHERE run.pk < ? AND +run.state = ? ${NEWEST_FIRST}`;
const LIST_OF_FUNCTION = `${FROM} WHERE run.pk < ? AND ${OF_FUNCTION} ${NEWEST_FIRST}`;
const LIST_OF_BOTH = `${FROM} WHERE run.pk < ? AND ${OF_FUNCTION} AND +run.state = ? ${NEWEST_FIRST}`;
const EVENTS = `SELECT ${EVENT_COLUMNS} FROM json_each(?) AS wanted JOIN run_event ON run_event.pk = wanted.value
  ORDER BY wanted.key`;
type Reader = Pick<SqliteStore, "query">;

export async function getRun(reader: Reader, runId: string): Promise<RunRecord | undefined> {
  const [row] = await reader.query(BY_ID, [runId]);
  return row && toRecord(reader, row);
}

export async function listRuns(
  reader: Reader,
  { functionId, state, limit, before }: Parameters<RunStore["listRuns"]>[0],
): Promise<RunRecord[]> {
  const rows: SqlValue[][] = [];
  let last = before === undefined ? Number.MAX_SAFE_INTEGER : await cursorOf(reader, before);
  while (rows.length < limit) {
    const page = await listPage(reader, functionId, state, last);
    rows.push(...page);
    if (page.length < PAGE) break;
    last = page.at(-1)![0] as number;
  }
  return Promise.all(rows.slice(0, limit).map((row) => toRecord(reader, row)));
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
  const rows = await reader.query(BY_EVENT, [eventId]);
  return Promise.all(rows.map((row) => toRecord(reader, row)));
}

async function toRecord(reader: Reader, row: readonly SqlValue[]): Promise<RunRecord> {
  const [pk, id, functionId, state, attempt, event, events, queuedAt] = row;
  const [startedAt, finishedAt, output, error] = row.slice(8) as (string | number | null)[];
  const keys = events === null ? JSON.stringify([event]) : (events as string);
  const [eventRows, journalRows] = await Promise.all([
    reader.query(EVENTS, [keys]),
    reader.query(JOURNAL, [pk as number]),
  ]);
  return {
    id: id as string,
    functionId: functionId as string,
    state: stateName(state as StateCode),
    attempt: attempt as number,
    events: eventRows.map((values): RunEvent => toEvent(values)),
    queuedAt: queuedAt as number,
    journal: toJournal(journalRows),
    ...(startedAt === null ? undefined : { startedAt: startedAt as number }),
    ...(finishedAt === null ? undefined : { finishedAt: finishedAt as number }),
    ...(output === null ? undefined : { output: output as string }),
    ...(error === null ? undefined : { error: JSON.parse(error as string) as SerializedError }),
  };
}
