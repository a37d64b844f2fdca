import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { State, type StateCode, stateName } from "../store/sqlite/codes.ts";
import type { RunState } from "../types.ts";

/** Reads committed data: `store.query`, which does it in a worker thread. */
export type Query = (sql: string, params?: SqlValue[]) => Promise<SqlValue[][]>;

const COUNTS = `SELECT run_function.id, run_count.state, run_count.count FROM run_count
  JOIN run_function ON run_function.pk = run_count.function ORDER BY run_function.pk LIMIT ?`;

/** How many runs of a function are in a state, among those that are kept. */
export interface RunCount {
  readonly functionId: string;
  readonly state: RunState;
  readonly count: number;
}

/** The counters of all functions, up to a number of rows. */
export async function readRunCounts(query: Query, limit: number): Promise<RunCount[]> {
  const rows = (await query(COUNTS, [limit])) as [string, StateCode, number][];
  return rows.map(([functionId, state, count]) => ({ functionId, state: stateName(state), count }));
}

/** How runs of a function ended in a bucket of time. */
export interface EndCounts {
  readonly functionId: string;
  /** When the bucket begins, epoch ms. */
  readonly at: number;
  readonly completed: number;
  /** Failed, or took too long. */
  readonly failed: number;
  /** Those of `failed` that lost their process too often: RUN_CRASHED. */
  readonly crashed: number;
}

const ENDS = `SELECT run_function.id, run.finished_at / ? * ?, sum(run.state = ${State.completed}),
    sum(run.state IN (${State.failed}, ${State.timedOut})),
    sum(run.state = ${State.failed} AND json_extract(run.error, '$.code') = 'RUN_CRASHED')
  FROM run INDEXED BY run_finished JOIN run_function ON run_function.pk = run.function
  WHERE run.finished_at > ? AND run.finished_at <= ? GROUP BY 1, 2`;

/** Counts the runs that ended after `after`, until `until`, by function and by buckets of `widthMs`. */
export async function countEnds(
  query: Query,
  after: number,
  until: number,
  widthMs: number,
): Promise<EndCounts[]> {
  const rows = await query(ENDS, [widthMs, widthMs, after, until]);
  return (rows as [string, number, number, number, number | null][]).map(
    ([functionId, at, completed, failed, crashed]) => ({
      functionId,
      at,
      completed,
      failed,
      crashed: crashed ?? 0,
    }),
  );
}

const LATE = `SELECT run_function.id, min(run_schedule.next_at) FROM run_schedule
    JOIN run_function ON run_function.pk = run_schedule.function
    WHERE run_schedule.next_at < ? GROUP BY run_function.id
  UNION ALL
  SELECT run_function.id, min(run_cron.next_at) FROM run_cron
    JOIN run_function ON run_function.pk = run_cron.function
    WHERE run_cron.next_at < ? GROUP BY run_function.id
  LIMIT 1000`;

/** Functions with a tick that was due before a time and has not started, and since when. */
export async function readLateSchedules(
  query: Query,
  before: number,
): Promise<ReadonlyMap<string, number>> {
  const late = new Map<string, number>();
  for (const [id, dueAt] of (await query(LATE, [before, before])) as [string, number][])
    late.set(id, Math.min(dueAt, late.get(id) ?? Infinity));
  return late;
}

const NEWEST_EVENT = "SELECT max(pk) FROM run_event";

/** How many events the store has ever taken, as long as it keeps the newest. */
export async function countEventsEver(query: Query): Promise<number> {
  const [[newest] = []] = (await query(NEWEST_EVENT)) as [number | null][];
  return newest ?? 0;
}

/** Durations of runs of a function that ended in a state, in a bucket. */
export interface RunTimings {
  readonly functionId: string;
  readonly state: RunState;
  /** By how many of the bounds they are above. */
  readonly bucket: number;
  readonly count: number;
  readonly sumMs: number;
}

/**
 * How long runs took, from their first execution to their end, with their waits.
 *
 * @param range those that ended after `after`, until `until` (epoch ms), no more than `limit`
 * @param boundsMs upper bounds of the buckets, rising
 */
export async function readRunTimings(
  query: Query,
  {
    after,
    until,
    limit,
  }: { readonly after: number; readonly until: number; readonly limit: number },
  boundsMs: readonly number[],
): Promise<RunTimings[]> {
  const bucket = boundsMs.map((bound) => `(ms > ${bound})`).join(" + ");
  const rows = await query(
    `SELECT run_function.id, state, ${bucket}, count(*), sum(ms) FROM (
        SELECT function, state, max(0, finished_at - started_at) AS ms FROM run INDEXED BY run_finished
        WHERE finished_at > ? AND finished_at <= ? AND started_at IS NOT NULL LIMIT ?
      ) JOIN run_function ON run_function.pk = function GROUP BY 1, 2, 3`,
    [after, until, limit],
  );
  return (rows as [string, StateCode, number, number, number][]).map(
    ([functionId, state, bucket, count, sumMs]) => ({
      functionId,
      state: stateName(state),
      bucket,
      count,
      sumMs,
    }),
  );
}
