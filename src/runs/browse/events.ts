import { EVENT_COLUMNS, toEvent } from "../store/sqlite/events.ts";
import { RECORDS, toRecords } from "../store/sqlite/queries.ts";
import type { RunEvent } from "../types.ts";
import type { Reader } from "./reader.ts";
import type { BrowsedRun } from "./run.ts";

/** Events as people look for them: the newest first. Their keys grow with the time at which they were stored. */

const ROW = `run_event.pk, run_event.received_at, ${EVENT_COLUMNS}`;
const RANGE = `SELECT ${ROW} FROM run_event WHERE pk < ? AND pk >= ? AND (? IS NULL OR name = ?)
  ORDER BY pk DESC LIMIT ?`;
const LAST_KEY = "SELECT pk FROM run_event ORDER BY pk DESC LIMIT 1";
const RECEIVED_AT = "SELECT pk, received_at FROM run_event WHERE pk >= ? ORDER BY pk LIMIT 1";
const BY_ID = `SELECT ${ROW} FROM run_event WHERE id = ?`;
const BY_EXTERNAL_ID = `SELECT ${ROW} FROM run_event WHERE external_id = ? ORDER BY pk DESC LIMIT 1`;
const RUNS = `${RECORDS.replace("FROM run ", "FROM run_cause CROSS JOIN run ON run.pk = run_cause.run ")}
  WHERE run_cause.event = ? ORDER BY run_cause.run LIMIT ?`;

/** Keys that one statement looks at, so that a name that is rare holds the reader up for little time. */
const WINDOW = 20_000;
/** Windows that one call looks at; the next page goes on behind them. */
const MAX_WINDOWS = 10;
/** Clocks of processes may differ by so much. */
const SKEW_MS = 60_000;
const MAX_RUNS = 1_000;

/** An event, and when it was stored. */
export interface EventRecord extends RunEvent {
  readonly receivedAt: number;
}

/** A page of events. */
export interface EventPage {
  readonly events: readonly EventRecord[];
  /** Where the next page goes on; missing if there is none. It may be there though few, or no, events fitted yet. */
  readonly next?: number | undefined;
}

/** Which events. */
export interface EventQuery {
  readonly limit: number;
  readonly name?: string | undefined;
  /** Stored at this time or later, epoch ms. */
  readonly from?: number | undefined;
  /** Stored at this time or earlier, epoch ms. */
  readonly to?: number | undefined;
  /** `next` of the page before. */
  readonly before?: number | undefined;
}

/** Events, newest first. */
export async function listEvents(reader: Reader, query: EventQuery): Promise<EventPage> {
  const { limit, name = null, from, to } = query;
  const low = from === undefined ? 0 : await firstKeySince(reader, from - SKEW_MS);
  let high = query.before ?? (await highestKey(reader, to));
  const events: EventRecord[] = [];
  for (let windows = 0; windows < MAX_WINDOWS && high > low; windows++) {
    const bottom = Math.max(high - WINDOW, low);
    const size = limit - events.length;
    const rows = await reader.query(RANGE, [high, bottom, name, name, size]);
    const found = rows.map((row) => ({ key: row[0] as number, event: toRecord(row) }));
    events.push(
      ...found
        .filter(
          ({ event: { receivedAt } }) =>
            receivedAt >= (from ?? 0) && receivedAt <= (to ?? Infinity),
        )
        .map(({ event }) => event),
    );
    high = rows.length < size ? bottom : found.at(-1)!.key;
    if (events.length === limit) break;
  }
  return { events, ...(high > low && high > 1 && { next: high }) };
}

/** An event with the runs that it is part of, oldest first; by its id, or by its sender's. */
export async function readEvent(
  reader: Reader,
  id: string,
): Promise<{ readonly event: EventRecord; readonly runs: readonly BrowsedRun[] } | undefined> {
  const [row] = await reader.query(BY_ID, [id]);
  const [found] = row ? [row] : await reader.query(BY_EXTERNAL_ID, [id]);
  if (found === undefined) return undefined;
  const runs = await toRecords(reader, await reader.query(RUNS, [found[0]!, MAX_RUNS]), false);
  return { event: toRecord(found), runs };
}

async function highestKey(reader: Reader, to: number | undefined): Promise<number> {
  if (to !== undefined) return firstKeySince(reader, to + SKEW_MS + 1);
  const [last] = await reader.query(LAST_KEY);
  return ((last?.[0] as number | undefined) ?? 0) + 1;
}

/** The key of the first event that was stored at a time or later; one after the last if there is none. */
async function firstKeySince(reader: Reader, time: number): Promise<number> {
  let low = 0;
  let high = await highestKey(reader, undefined);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [found] = await reader.query(RECEIVED_AT, [middle]);
    const [pk, at] = (found ?? [high, Infinity]) as [number, number];
    if (at < time) low = pk + 1;
    else high = middle;
  }
  return low;
}

const toRecord = (row: readonly unknown[]): EventRecord => ({
  ...toEvent(row, 2),
  receivedAt: row[1] as number,
});
