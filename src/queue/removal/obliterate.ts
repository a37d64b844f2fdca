import { refuse } from "../../storage/sqlite/store.ts";
import type { QueueState } from "../queue-state.ts";
import { sweep, SWEPT_COLUMNS, type SweptRow } from "./removal.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

const ACTIVE = `SELECT ${SWEPT_COLUMNS} FROM active CROSS JOIN job ON job.pk = active.job
  WHERE active.queue = ? LIMIT ?`;
const IN_LINE = `SELECT ${SWEPT_COLUMNS}, pending.major, pending.minor
  FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ? ORDER BY pending.major, pending.minor LIMIT ?`;
const FINISHED = `SELECT ${SWEPT_COLUMNS} FROM finished CROSS JOIN job ON job.pk = finished.job
  WHERE finished.queue = ? AND finished.state = ? ORDER BY finished.finished_on LIMIT ?`;

/** Tables that hold something for a queue as a whole. */
const DELETE_REST = ["event", "metric", "metric_point", "scheduler", "deduplication"].map(
  (table) => `DELETE FROM ${table} WHERE queue = ?`,
);

/**
 * Destroys a paused queue, at most `count` jobs a call. Parents that wait for children in other queues stay.
 * @returns 1 if it has to be called again, 0 when all is gone
 * @throws if the queue is not paused; if jobs are active, unless `force` is set
 */
export function obliterate(
  tx: QueueTransaction,
  queue: QueueState,
  { force, count }: { readonly force: boolean; readonly count: number },
): number {
  if (!queue.isPaused) throw refuse(new Error("Cannot obliterate non-paused queue"));
  if (queue.active > 0 && !force)
    throw refuse(new Error("Cannot obliterate queue with active jobs"));
  let left = count;
  const sweepUp = (state: State, rows: unknown[][]) => {
    sweep(tx, queue, state, rows as SweptRow[]);
    left -= rows.length;
  };
  sweepUp(State.active, tx.sql(ACTIVE).all(queue.id, left));
  for (const state of [State.delayed, State.waiting]) {
    if (left > 0) sweepUp(state, tx.sql(IN_LINE).all(queue.id, state, left));
  }
  for (const state of [State.completed, State.failed]) {
    if (left > 0) sweepUp(state, tx.sql(FINISHED).all(queue.id, state, left));
  }
  if (left <= 0) return 1;
  for (const sql of DELETE_REST) tx.sql(sql).run(queue.id);
  reset(queue);
  return 0;
}

/** The row of the queue stays, for its event numbers: a reader that waits for newer ones must see them grow. */
function reset(queue: QueueState): void {
  queue.meta = {};
  queue.lastJobId = 0;
  queue.eventCount = 0;
  queue.limiterCount = 0;
  queue.limiterUntil = 0;
  queue.stalledCheckUntil = 0;
}
