import { claimNext, NO_LOCK, type ClaimOptions, type ClaimResult } from "./claim.ts";
import { releaseDeduplication } from "../add/deduplication.ts";
import { buryJob } from "../dead-letters/bury.ts";
import type { DeadLetterQueue } from "../dead-letters/dead-letter.ts";
import { refusal, Refusal } from "../errors.ts";
import { childCompleted, childFailed, childErased } from "../flow/parents.ts";
import { jobKey } from "../jobs/job-key.ts";
import { eraseJob, findJob, type JobRecord } from "../jobs/job-record.ts";
import { recordMetric } from "../metrics.ts";
import type { Claim, QueueState } from "../queue-state.ts";
import { requeueStashed } from "../add/requeue-stashed.ts";
import { keepWithin, type Keep } from "./retention.ts";
import { State, type FinishedState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How a job ended, and what its worker wants next. */
export interface Finish {
  readonly jobId: string;
  readonly state: FinishedState;
  /** Return value as JSON text, or the reason of the failure. */
  readonly result: string;
  readonly token: string;
  /** Which finished jobs of this kind to keep. */
  readonly keep: Keep;
  /** Attempts the job may make, for the `retries-exhausted` event. */
  readonly attempts: number;
  /** Length of the metrics history in minutes; none without. */
  readonly maxMetricsSize?: number | undefined;
  readonly fieldsToUpdate?: Readonly<Record<string, unknown>> | undefined;
  /** Where a copy of a failed job goes; never given for a completed one. */
  readonly deadLetters?: DeadLetterQueue | undefined;
  /** Claim another job in the same step. */
  readonly next?: ClaimOptions | undefined;
}

const DELETE_ACTIVE = "DELETE FROM active WHERE queue = ? AND job = ?";
const INSERT_FAILED = `INSERT INTO finished (job, queue, state, finished_on, processed_on, processed_by)
  VALUES (?, ?, ${State.failed}, ?, ?, ?)`;

/**
 * Moves a job from active to completed or failed, with all that follows from it, and claims the next one.
 * @returns what was claimed; `undefined` if nothing was asked for or there is nothing to say
 * @throws missing job (-1), pending children (-4), failed children (-9), missing lock (-2), lock of another (-6), not active (-3)
 */
export function finishJob(
  tx: QueueTransaction,
  queue: QueueState,
  finish: Finish,
): ClaimResult | undefined {
  const isPlain = !finish.fieldsToUpdate && !finish.deadLetters;
  const claim = isPlain ? queue.claims.get(finish.jobId) : undefined;
  if (claim?.token === finish.token) finishPlain(tx, queue, finish, claim);
  else finishAny(tx, queue, finish);
  if (finish.maxMetricsSize) recordMetric(tx, queue, finish.state, finish.maxMetricsSize);
  if (finish.next) {
    const next = claimNext(tx, queue, finish.next);
    if (next[0] || next[2] || next[3] || queue.isPaused || queue.isMaxed) return next;
  }
  if (queue.waiting + queue.active + queue.prioritized === 0) queue.emit("n");
  return undefined;
}

/** The common case: this process holds the lock, and nothing else depends on the job. */
function finishPlain(tx: QueueTransaction, queue: QueueState, finish: Finish, claim: Claim): void {
  queue.claims.delete(finish.jobId);
  tx.rows.release(queue.id, claim.pk);
  queue.active--;
  settle(tx, queue, finish, claim);
  announce(queue, finish, 1);
}

function finishAny(tx: QueueTransaction, queue: QueueState, finish: Finish): void {
  const { jobId, state, result } = finish;
  const operation = { command: "moveToFinished", jobId, state: "active" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  if (state === State.completed) {
    if (job.pendingChildren > 0) throw refusal(Refusal.pendingChildren, operation);
    if (job.failedChildren > 0) throw refusal(Refusal.failedChildren, operation);
  }
  assertLock(job, finish.token, operation);
  if (job.state !== State.active) throw refusal(Refusal.notInState, operation);

  if (finish.fieldsToUpdate) updateFields(tx, job.pk, finish.fieldsToUpdate);
  queue.claims.delete(jobId);
  tx.sql(DELETE_ACTIVE).run(queue.id, job.pk);
  queue.active--;
  if (job.deduplicationId !== null) {
    releaseDeduplication(tx, queue, job.deduplicationId, jobId);
    requeueStashed(tx, queue, job.deduplicationId);
  }
  const key = jobKey(queue.key, jobId);
  if (job.parentKey !== null) {
    if (state === State.completed) childCompleted(tx, job, key, result);
    else childFailed(tx, job, key, result);
  }
  if (finish.deadLetters) buryJob(tx, queue, job, result, finish.deadLetters);
  settle(tx, queue, finish, job);
  if (finish.keep.count === 0) childErased(tx, queue, job);
  announce(queue, finish, job.attemptsMade + 1);
}

/** Stores the outcome, or deletes the job if none of its kind are kept; then drops the oldest beyond the limits. */
function settle(
  tx: QueueTransaction,
  queue: QueueState,
  { state, result, keep }: Finish,
  job: Pick<JobRecord, "pk" | "processedOn" | "processedBy" | "extras">,
): void {
  if (keep.count === 0) {
    eraseJob(tx, job.pk, job.extras);
    return;
  }
  if (state === State.completed) {
    queue.completed++;
    tx.rows.completed(job.pk, queue.id, tx.now, job.processedOn, job.processedBy, result);
  } else {
    queue.failed++;
    tx.sql(INSERT_FAILED).run(job.pk, queue.id, tx.now, job.processedOn, job.processedBy);
    tx.sql("UPDATE job SET failed_reason = ?, deferred_failure = NULL WHERE pk = ?").run(
      result,
      job.pk,
    );
  }
  keepWithin(tx, queue, state, keep);
}

function announce(
  queue: QueueState,
  { jobId, state, result, attempts }: Finish,
  attemptsMade: number,
): void {
  if (state === State.completed) queue.emit("c", jobId, result);
  else {
    queue.emit("f", jobId, result);
    if (attemptsMade >= attempts) queue.emit("e", jobId, String(attemptsMade));
  }
}

/** Refuses whoever does not hold the job's lock. Token `"0"` is BullMQ's way to ask for no check. */
export function assertLock(
  job: JobRecord,
  token: string,
  operation: { readonly command: string; readonly jobId: string; readonly state?: string },
): void {
  if (token === NO_LOCK || job.token === token) return;
  throw refusal(job.token === null ? Refusal.missingLock : Refusal.lockMismatch, operation);
}

/** Writes the fields BullMQ's `Job` sends along when an attempt fails: `failedReason`, `stacktrace`, `tm`. */
export function updateFields(
  tx: QueueTransaction,
  pk: number,
  fields: Readonly<Record<string, unknown>>,
): void {
  for (const [field, column] of FIELD_COLUMNS) {
    const value = fields[field];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    tx.sql(`UPDATE job SET ${column} = ? WHERE pk = ?`).run(text, pk);
  }
}

const FIELD_COLUMNS = [
  ["failedReason", "failed_reason"],
  ["stacktrace", "stacktrace"],
  ["tm", "telemetry"],
] as const;
