import { indexRange } from "./jobs/index-range.ts";
import type { QueueState } from "./queue-state.ts";
import type { QueueReader } from "./reader.ts";
import { State, type FinishedState } from "./states.ts";
import type { QueueRef, QueueTransaction } from "./transaction.ts";

/**
 * How many jobs finished in each minute. The current minute is counted in `metric`; when a job finishes in a later
 * minute, it becomes a point. A point's `sequence` is its minute (since the epoch), and minutes in which nothing
 * finished have no row, so that a queue that was idle for a week does not write ten thousand of them. The oldest
 * point always has its row: it tells where the history begins.
 */
const MINUTE_MS = 60_000;

const COUNT = `UPDATE metric SET count = count + 1 WHERE queue = ? AND state = ?
  RETURNING count, previous_at, previous_count`;
const START =
  "INSERT INTO metric (queue, state, count, previous_at, previous_count) VALUES (?, ?, 1, ?, 0)";
const ROLL = "UPDATE metric SET previous_at = ?, previous_count = ? WHERE queue = ? AND state = ?";
const ADD_POINT =
  "INSERT OR IGNORE INTO metric_point (queue, state, sequence, value) VALUES (?, ?, ?, ?)";
const TRIM = "DELETE FROM metric_point WHERE queue = ? AND state = ? AND sequence < ?";

/** Counts a finished job; the history keeps `maxDataPoints` minutes. */
export function recordMetric(
  tx: QueueTransaction,
  queue: QueueState,
  state: FinishedState,
  maxDataPoints: number,
): void {
  const row = tx.sql(COUNT).get(queue.id, state) as [number, number, number] | undefined;
  if (!row) {
    tx.sql(START).run(queue.id, state, tx.now);
    return;
  }
  const [count, previousAt, previousCount] = row;
  const minute = minuteOf(tx.now);
  const passed = Math.min(minute - minuteOf(previousAt), maxDataPoints);
  if (passed <= 0) return;
  const before = count - 1;
  tx.sql(ADD_POINT).run(queue.id, state, minute - passed, before - previousCount);
  const oldest = minute - maxDataPoints;
  if (tx.sql(TRIM).run(queue.id, state, oldest).changes > 0)
    tx.sql(ADD_POINT).run(queue.id, state, oldest, 0);
  tx.sql(ROLL).run(tx.now, before, queue.id, state);
}

const minuteOf = (time: number): number => Math.floor(time / MINUTE_MS);

const METRIC = `SELECT metric.count, metric.previous_at, metric.previous_count
  FROM metric WHERE queue = ? AND state = ?`;
const POINTS =
  "SELECT sequence, value FROM metric_point WHERE queue = ? AND state = ? ORDER BY sequence";

/**
 * The history of a kind of finished jobs, as BullMQ reads it: `[count, previous time, previous count]`, points from
 * the newest to the oldest, and how many points there are.
 */
export function getMetrics(
  reader: QueueReader,
  ref: QueueRef,
  {
    type,
    start,
    end,
  }: { readonly type: "completed" | "failed"; readonly start: number; readonly end: number },
): [meta: string[], points: string[], count: number] {
  const queue = reader.queueId(ref);
  const state = type === "completed" ? State.completed : State.failed;
  const meta =
    queue === undefined
      ? undefined
      : (reader.sql(METRIC).get(queue, state) as number[] | undefined);
  if (queue === undefined || !meta) return [["0", "0", "0"], [], 0];
  const rows = reader.sql(POINTS).all(queue, state) as [number, number][];
  const newest = minuteOf(meta[1]!) - 1;
  const length = rows.length === 0 ? 0 : newest - rows[0]![0] + 1;
  const { offset, count } = indexRange(start, end, length);
  const points = Array<string>(count).fill("0");
  for (const [minute, value] of rows) {
    const index = newest - minute - offset;
    if (index >= 0 && index < count) points[index] = String(value);
  }
  return [meta.map(String), points, length];
}
