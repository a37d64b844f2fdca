import { State } from "../states.ts";
import type { Reader } from "./job-summary.ts";

/** What finished within one minute. */
export interface Minute {
  /** Its beginning, epoch ms. */
  readonly at: number;
  readonly completed: number;
  readonly failed: number;
}

const MINUTE_MS = 60_000;
/** Of a queue without metrics so many of its finished jobs are counted at most. */
const MAX_COUNTED = 20_000;

const METRICS = `SELECT state, count - previous_count, previous_at FROM metric WHERE queue = ?`;
const POINTS = `SELECT state, sequence, value FROM metric_point
  WHERE queue = ? AND state IN (${State.completed}, ${State.failed}) AND sequence > ?`;
const FINISHED = `SELECT state, finished_on / ${MINUTE_MS}, count(*) FROM (
    SELECT state, finished_on FROM finished WHERE queue = ? AND state = ? AND finished_on >= ?
    ORDER BY finished_on DESC LIMIT ${MAX_COUNTED})
  GROUP BY 2`;

/**
 * What finished in a queue in each of the last minutes, the oldest first; the last one is not over. From its metrics, if
 * its workers keep them; else from the finished jobs that the queue has kept.
 */
export async function readThroughput(
  reader: Reader,
  queue: number,
  { minutes, now }: { readonly minutes: number; readonly now: number },
): Promise<Minute[]> {
  const last = Math.floor(now / MINUTE_MS);
  const first = last - minutes + 1;
  const metrics = (await reader.query(METRICS, [queue])) as [State, number, number][];
  const rows =
    metrics.length > 0
      ? [
          ...((await reader.query(POINTS, [queue, first - 1])) as [State, number, number][]),
          ...metrics.map(
            ([state, count, at]) => [state, Math.floor(at / MINUTE_MS), count] as const,
          ),
        ]
      : await countFinished(reader, queue, first * MINUTE_MS);
  const counts = Array.from({ length: minutes }, (_, index) => ({
    at: (first + index) * MINUTE_MS,
    completed: 0,
    failed: 0,
  }));
  for (const [state, minute, count] of rows) {
    const slot = counts[minute - first];
    if (slot) slot[state === State.completed ? "completed" : "failed"] += count;
  }
  return counts;
}

async function countFinished(
  reader: Reader,
  queue: number,
  since: number,
): Promise<[State, number, number][]> {
  const pages = await Promise.all(
    [State.completed, State.failed].map((state) => reader.query(FINISHED, [queue, state, since])),
  );
  return pages.flat() as [State, number, number][];
}

/** The same minutes of several queues, added up. */
export function addMinutes(all: readonly (readonly Minute[])[]): Minute[] {
  const [first = [], ...others] = all;
  return first.map((minute, index) => ({
    at: minute.at,
    completed: others.reduce((sum, each) => sum + each[index]!.completed, minute.completed),
    failed: others.reduce((sum, each) => sum + each[index]!.failed, minute.failed),
  }));
}
