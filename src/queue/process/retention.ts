import { childErased } from "../flow/parents.ts";
import { eraseJob, jobByPk } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { State, type FinishedState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Which finished jobs to keep: BullMQ's `KeepJobs`. */
export interface Keep {
  /** How many; 0 keeps none, -1 or absent all. */
  readonly count?: number | undefined;
  /** How old they may be, in seconds. */
  readonly age?: number | undefined;
  /** How many one pass removes for their age. @default 1000 */
  readonly limit?: number | undefined;
}

/** How many jobs one pass removes for their age, unless `KeepJobs.limit` says otherwise. */
const DEFAULT_LIMIT = 1000;

const IN_ORDER = `SELECT finished.job, job.extras, job.parent_key IS NOT NULL FROM finished JOIN job ON job.pk = finished.job
  WHERE finished.queue = ? AND finished.state = ? ORDER BY finished.finished_on, finished.job`;
const FIRST = `${IN_ORDER} LIMIT 1`;
const OLDEST = `${IN_ORDER} LIMIT 1000`;
const BEFORE = `SELECT finished.job, job.extras, job.parent_key IS NOT NULL FROM finished JOIN job ON job.pk = finished.job
  WHERE finished.queue = ? AND finished.state = ? AND finished.finished_on <= ?
  ORDER BY finished.finished_on DESC, finished.job DESC`;
const DELETE = "DELETE FROM finished WHERE job = ?";

/**
 * Removes finished jobs of a kind beyond the limits of the job that just finished, as BullMQ does: by age (at most
 * `limit` a pass), then by count.
 */
export function keepWithin(
  tx: QueueTransaction,
  queue: QueueState,
  state: FinishedState,
  { age, count, limit = DEFAULT_LIMIT }: Keep,
): void {
  if (age !== undefined) {
    const oldest = tx.now - age * 1000;
    erase(
      tx,
      queue,
      state,
      tx.sql(`${BEFORE} LIMIT ${Math.floor(limit)}`).all(queue.id, state, oldest),
    );
  }
  if (count !== undefined && count > 0) {
    for (;;) {
      const excess = (state === State.completed ? queue.completed : queue.failed) - count;
      if (excess <= 0) break;
      const rows = tx.sql(excess === 1 ? FIRST : OLDEST).all(queue.id, state);
      erase(tx, queue, state, rows.slice(0, excess));
    }
  }
}

function erase(
  tx: QueueTransaction,
  queue: QueueState,
  state: FinishedState,
  rows: readonly unknown[][],
): void {
  for (const [pk, extras, hasParent] of rows as [number, number, number][]) {
    if (hasParent) childErased(tx, queue, jobByPk(tx, pk)!);
    tx.sql(DELETE).run(pk);
    eraseJob(tx, pk, extras);
  }
  if (state === State.completed) queue.completed -= rows.length;
  else queue.failed -= rows.length;
}
