import { forgetDeduplication } from "../add/deduplication.ts";
import { childRemoved } from "../flow/parents.ts";
import { eraseJob, jobByPk, leave, type JobRecord } from "../jobs/job-record.ts";
import { vacate } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Deletes a job from wherever it stands, with all that hangs on it. Its parent is not told. */
export function deleteJob(tx: QueueTransaction, queue: QueueState, job: JobRecord): void {
  leave(tx, queue, job);
  if (job.deduplicationId !== null) forgetDeduplication(tx, queue, job);
  eraseJob(tx, job.pk, job.extras);
}

/** A job to delete in bulk, from a row of {@link SWEPT_COLUMNS}; pending ones have their place behind it. */
export type SweptRow = [
  pk: number,
  id: unknown,
  extras: number,
  isRelated: 0 | 1,
  major?: number,
  minor?: number,
];

/** What {@link sweep} needs to know of a job. */
export const SWEPT_COLUMNS = `job.pk, job.id, job.extras,
  job.parent_key IS NOT NULL OR job.deduplication_id IS NOT NULL`;

const DELETE_FINISHED = "DELETE FROM finished WHERE job = ?";

/**
 * Deletes many jobs that are in the same state. Parents of theirs in the same queue, left without a child to wait for,
 * are deleted as well. Most jobs have no relations; those are deleted without being read.
 */
export function sweep(
  tx: QueueTransaction,
  queue: QueueState,
  state: State,
  rows: readonly SweptRow[],
): void {
  for (const [pk, , extras, isRelated, major = 0, minor = 0] of rows) {
    if (isRelated || state === State.active) {
      const job = jobByPk(tx, pk)!;
      childRemoved(tx, queue, job, { hard: true });
      deleteJob(tx, queue, job);
    } else {
      if (state === State.completed || state === State.failed) {
        tx.sql(DELETE_FINISHED).run(pk);
        if (state === State.completed) queue.completed--;
        else queue.failed--;
      } else {
        vacate(tx, queue, { state, major, minor });
      }
      eraseJob(tx, pk, extras);
    }
  }
}
