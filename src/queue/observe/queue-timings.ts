import { State, type FinishedState } from "../states.ts";
import type { Query } from "./queue-readings.ts";

/** Durations that were read, summed up: how many are above so many of the bounds. */
export interface TimingSums {
  /** By how many of the bounds a duration is above: one longer than the bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  /** ms */
  readonly sumMs: number;
}

/** What to read. */
export interface TimingRange {
  readonly queue: number;
  readonly state: FinishedState;
  /** Those that finished after `after`, until `until`; epoch ms. */
  readonly after: number;
  readonly until: number;
  /** No more than so many jobs. */
  readonly limit: number;
  /** Upper bounds of the buckets, ms, rising. */
  readonly boundsMs: readonly number[];
}

const ROWS = `FROM finished JOIN job ON job.pk = finished.job
  WHERE finished.queue = ? AND finished.state = ? AND finished.finished_on > ? AND finished.finished_on <= ?
    AND finished.processed_on IS NOT NULL`;
/** From the claim to the end. */
const RUN = `SELECT max(0, finished.finished_on - finished.processed_on) AS ms ${ROWS} LIMIT ?`;
/** From when it could be worked on to its first claim. What was tried again has waited in other ways besides. */
const WAIT = `SELECT max(0, finished.processed_on - job.timestamp - job.delay) AS ms ${ROWS}
  AND job.attempts_made = 0 AND job.stalled_count = 0 LIMIT ?`;

/** How long finished jobs of a queue ran, in their last attempt, and how long those of one attempt had waited. */
export async function readTimings(
  query: Query,
  range: TimingRange,
): Promise<{ readonly run: TimingSums; readonly wait: TimingSums }> {
  const { queue, state, after, until, limit, boundsMs } = range;
  const params = [queue, state, after, until, limit];
  const [run, wait] = await Promise.all([
    sumUp(query, RUN, params, boundsMs),
    sumUp(query, WAIT, params, boundsMs),
  ]);
  return { run, wait };
}

/** Sums up what a statement gives as `ms`, in the reading thread. */
export async function sumUp(
  query: Query,
  statement: string,
  params: number[],
  boundsMs: readonly number[],
): Promise<TimingSums> {
  const bucket = boundsMs.map((bound) => `(ms > ${bound})`).join(" + ");
  const rows = (await query(
    `SELECT ${bucket}, count(*), sum(ms) FROM (${statement}) GROUP BY 1`,
    params,
  )) as [number, number, number][];
  const counts = Array<number>(boundsMs.length + 1).fill(0);
  let count = 0;
  let sumMs = 0;
  for (const [bucket, many, ms] of rows) {
    counts[bucket]! += many;
    count += many;
    sumMs += ms;
  }
  return { counts, count, sumMs };
}

/** The states whose jobs have timings. */
export const TIMED_STATES = [
  ["completed", State.completed],
  ["failed", State.failed],
] as const;
