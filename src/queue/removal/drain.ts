import { childRemoved } from "../flow/parents.ts";
import { jobByPk, type JobRecord } from "../jobs/job-record.ts";
import { occupy, vacate } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { deleteJob } from "./removal.ts";
import { isSchedulersNextJob } from "../schedulers/scheduler.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Jobs that cannot be deleted by deleting their rows alone. */
const SPECIAL = `SELECT job.pk FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ?
    AND (job.parent_key IS NOT NULL OR job.deduplication_id IS NOT NULL OR job.repeat_job_key IS NOT NULL
      OR job.extras <> 0)`;
const DELETE_JOBS =
  "DELETE FROM job WHERE pk IN (SELECT job FROM pending WHERE queue = ? AND state = ?)";
const DELETE_PLACES = "DELETE FROM pending WHERE queue = ? AND state = ?";

/**
 * Removes all waiting jobs, and with `delayed` the delayed ones. The next job of each scheduler stays; parents in the
 * same queue that waited for nothing but removed jobs go with them.
 */
export function drain(
  tx: QueueTransaction,
  queue: QueueState,
  { delayed }: { readonly delayed: boolean },
): void {
  drainLine(tx, queue, State.waiting);
  if (delayed) drainLine(tx, queue, State.delayed);
}

function drainLine(
  tx: QueueTransaction,
  queue: QueueState,
  state: typeof State.waiting | typeof State.delayed,
): void {
  const kept: JobRecord[] = [];
  for (const [pk] of tx.sql(SPECIAL).all(queue.id, state) as [number][]) {
    const job = jobByPk(tx, pk)!;
    if (isSchedulersNextJob(tx, queue, job)) {
      kept.push(job);
    } else {
      childRemoved(tx, queue, job, { hard: true });
      deleteJob(tx, queue, job);
    }
  }
  for (const job of kept) vacate(tx, queue, job.place);
  tx.sql(DELETE_JOBS).run(queue.id, state);
  tx.sql(DELETE_PLACES).run(queue.id, state);
  if (state === State.delayed) {
    queue.delayed = 0;
    queue.nextDue = Infinity;
  } else {
    queue.waiting = 0;
    queue.prioritized = 0;
  }
  for (const job of kept) occupy(tx, queue, job.pk, job.place);
}
