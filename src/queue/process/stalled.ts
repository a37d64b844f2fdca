import { jobByPk, returnToLine, type JobRecord } from "../jobs/job-record.ts";
import { waitingPlace } from "../jobs/placement.ts";
import { liesAhead } from "./clock-set-back.ts";
import type { QueueState } from "../queue-state.ts";
import { isScheduler } from "../schedulers/scheduler.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How often a job may stall before it fails. */
export interface StalledOptions {
  /** @default 1 in BullMQ's worker */
  readonly maxStalledCount: number;
  /** At most one check of a queue in this time, whoever asks. */
  readonly stalledIntervalMs: number;
}

const SUSPECTS =
  "SELECT job FROM active WHERE queue = ? AND stall_suspect = 1 AND locked_until <= ? ORDER BY rank DESC";
const SUSPECT_ALL = "UPDATE active SET stall_suspect = 1 WHERE queue = ? AND stall_suspect = 0";
const OWNED_BY = "SELECT queue, job FROM active WHERE owner = ? ORDER BY rank DESC";

/**
 * BullMQ's stalled check, in two phases: jobs that were suspects since the last check and whose lock has run out go
 * back to the front of the line; then every active job becomes a suspect, until its lock is renewed.
 * @returns the ids of the jobs moved
 */
export function moveStalledJobs(
  tx: QueueTransaction,
  queue: QueueState,
  options: StalledOptions,
): string[] {
  const { stalledCheckUntil: until } = queue;
  if (until > tx.now && !liesAhead(until, tx.now, options.stalledIntervalMs)) return [];
  queue.stalledCheckUntil = tx.now + options.stalledIntervalMs;
  const ids: string[] = [];
  for (const [pk] of tx.sql(SUSPECTS).all(queue.id, tx.now) as [number][]) {
    const job = jobByPk(tx, pk)!;
    recover(tx, queue, job, options.maxStalledCount);
    ids.push(job.id);
  }
  tx.sql(SUSPECT_ALL).run(queue.id);
  return ids;
}

/**
 * Gives back at once what a dead process was working on: no need to wait for its locks to run out. Counts as a stall,
 * so that a job that kills its process does not do so for ever.
 * @param maxStalledCount of the workers of a queue; `undefined` leaves its jobs to a process that has some
 * @returns whether nothing of the dead process is left
 */
export function recoverJobsOf(
  tx: QueueTransaction,
  owner: number,
  maxStalledCount: (queueKey: string) => number | undefined,
): boolean {
  let isAllRecovered = true;
  for (const [queueId, pk] of tx.sql(OWNED_BY).all(owner) as [number, number][]) {
    const queue = tx.queueById(queueId);
    const max = maxStalledCount(queue.key);
    if (max === undefined) isAllRecovered = false;
    else recover(tx, queue, jobByPk(tx, pk)!, max);
  }
  return isAllRecovered;
}

const STALLED =
  "UPDATE job SET stalled_count = ?, deferred_failure = coalesce(?, deferred_failure) WHERE pk = ?";

function recover(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  maxStalledCount: number,
): void {
  const stalled = job.stalledCount + 1;
  const isScheduled = job.repeatJobKey !== null && isScheduler(tx, queue, job.repeatJobKey);
  const failure =
    stalled > maxStalledCount && !isScheduled ? "job stalled more than allowable limit" : null;
  returnToLine(tx, queue, job, waitingPlace(queue, 0, true));
  tx.sql(STALLED).run(stalled, failure, job.pk);
  queue.emit("W", job.id, "active");
  queue.emit("s", job.id);
}
