import type { SqlValue } from "../../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { RunFilter, RunListStore } from "../run-list.ts";
import type { RunRecord } from "../run-store.ts";
import { State } from "./codes.ts";
import { RECORDS, toRecords } from "./queries.ts";
import { sourceOf } from "./run-sources.ts";

/**
 * Runs by any filter. A source gives the keys of runs that fit the part of the filter that an index knows, in order; the
 * rest of the filter is asked of them, a page at a time.
 */

const anyOf = (column: string): string =>
  `(? IS NULL OR ${column} IN (SELECT value FROM json_each(?) AS wanted))`;
const equal = (column: string): string => `(? IS NULL OR ${column} = ?)`;

const MATCHING = `${RECORDS.replace("FROM run ", "FROM json_each(?) AS wanted CROSS JOIN run ON run.pk = wanted.value ")}
  WHERE ${anyOf("+run.state")} AND ${anyOf("run_function.id")}
  AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(?) AS wanted CROSS JOIN run_tag
    ON run_tag.tag = wanted.value AND run_tag.run = run.pk))
  AND (? IS NULL OR EXISTS (SELECT 1 FROM run_member JOIN run_batch ON run_batch.pk = run_member.batch
    WHERE run_member.run = run.pk AND run_batch.id = ?))
  AND ${equal("run_detail.schedule")} AND ${equal("run_detail.parent")} AND ${equal("run_detail.root")}
  AND ${equal("run_detail.queue")} AND ${equal("coalesce(run_detail.is_test, 0)")}
  AND (? IS NULL OR coalesce(run.created_at, run.queued_at) >= ?)
  AND (? IS NULL OR coalesce(run.created_at, run.queued_at) <= ?)`;
const KEYS_OF_IDS = `SELECT run.pk FROM json_each(?) AS wanted CROSS JOIN run ON run.id = wanted.value`;
/** The run next to a page; the one beside it, if it is no longer there. */
const KEY = "SELECT pk FROM run WHERE id = ?";
const KEY_BEFORE = "SELECT pk + 1 FROM run WHERE id < ? ORDER BY id DESC LIMIT 1";

const LAST_KEY = "SELECT pk FROM run ORDER BY pk DESC LIMIT 1";
const MADE_AT = `SELECT pk, coalesce(created_at, queued_at) FROM run WHERE pk >= ? ORDER BY pk LIMIT 1`;

/** Keys that are asked about at once: few at first, more if few of them fit. */
const FIRST_PAGE = 100;
const LAST_PAGE = 5_000;

type Reader = Pick<SqliteStore, "query">;

export async function listByFilter(
  reader: Reader,
  params: Parameters<RunListStore["list"]>[0],
): Promise<RunRecord[]> {
  const { limit, after, before } = params;
  const isUp = before !== undefined && after === undefined;
  const cursor = isUp ? before : after;
  const { low, high } = await boundsOf(reader, params);
  const start = cursor === undefined ? undefined : await keyOf(reader, cursor);
  let from = isUp ? Math.max(start ?? low, low) : Math.min(start ?? high, high);
  const source = await sourceOf(reader, params, isUp);
  const rows: SqlValue[][] = [];
  for (let size = FIRST_PAGE; rows.length < limit; size = Math.min(size * 2, LAST_PAGE)) {
    const { keys, isLast } = await source(from, size);
    rows.push(...(await matching(reader, keys, params)));
    from = keys.at(-1) ?? from;
    if (isLast || (isUp ? from > high : from < low)) break;
  }
  const page = rows.slice(0, limit);
  return toRecords(reader, isUp ? page.reverse() : page, false);
}

/** Those of some runs that fit, oldest first. */
export async function matchingIds(
  reader: Reader,
  ids: readonly string[],
  filter: RunFilter,
): Promise<RunRecord[]> {
  const keys = (await reader.query(KEYS_OF_IDS, [JSON.stringify(ids)])).map(([pk]) => pk as number);
  const rows = await matching(
    reader,
    keys.toSorted((a, b) => a - b),
    filter,
  );
  return toRecords(reader, rows, false);
}

/** Rows of the runs that fit, in the order of their keys. */
function matching(
  reader: Reader,
  keys: readonly number[],
  filter: RunFilter,
): Promise<SqlValue[][]> {
  if (keys.length === 0) return Promise.resolve([]);
  const { from, to, isTest } = filter;
  const values = [
    listText(filter.states?.map((state) => State[state])),
    listText(filter.functionIds),
    listText(filter.tags),
    filter.batchId,
    filter.scheduleId,
    filter.parentRunId,
    filter.rootRunId,
    filter.queue,
    isTest === undefined ? undefined : Number(isTest),
    from,
    to,
  ];
  const params = values.flatMap((value) => [value ?? null, value ?? null]);
  return reader.query(MATCHING, [JSON.stringify(keys), ...params]);
}

/** Clocks of processes may differ by so much. */
const SKEW_MS = 60_000;

/** Between which keys the runs of a time are: keys grow with time, so a few looks find them. */
async function boundsOf(
  reader: Reader,
  { from, to }: RunFilter,
): Promise<{ readonly low: number; readonly high: number }> {
  return {
    low: from === undefined ? -1 : (await firstKeySince(reader, from - SKEW_MS)) - 1,
    high:
      to === undefined ? Number.MAX_SAFE_INTEGER : await firstKeySince(reader, to + SKEW_MS + 1),
  };
}

/** The key of the first run that was made at a time or later; one after the last if there is none. */
async function firstKeySince(reader: Reader, time: number): Promise<number> {
  const [last] = await reader.query(LAST_KEY);
  let low = 0;
  let high = ((last?.[0] as number | undefined) ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [found] = await reader.query(MADE_AT, [middle]);
    const [pk, at] = (found ?? [high, Infinity]) as [number, number];
    if (at < time) low = pk + 1;
    else high = middle;
  }
  return low;
}

const listText = (list: readonly (string | number)[] | undefined): string | undefined =>
  list === undefined ? undefined : JSON.stringify(list);

async function keyOf(reader: Reader, runId: string): Promise<number> {
  const [row] = await reader.query(KEY, [runId]);
  if (row) return row[0] as number;
  const [beside] = await reader.query(KEY_BEFORE, [runId]);
  return (beside?.[0] as number | undefined) ?? 0;
}
