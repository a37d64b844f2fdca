import { BULK_ROWS, moveMany } from "./bulk-move.ts";
import { promoteDue } from "./due.ts";
import { refusal, Refusal } from "../errors.ts";
import { assertLock, updateFields } from "./finish.ts";
import { childReopened } from "../flow/parents.ts";
import { jobKey } from "../jobs/job-key.ts";
import { findJob, returnToLine, type JobRecord } from "../jobs/job-record.ts";
import { limiterTtl } from "./limiter.ts";
import { waitingPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State, type FinishedState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** A failed attempt that is followed by another without delay. */
export interface Retry {
  readonly jobId: string;
  readonly lifo: boolean;
  readonly token: string;
  readonly fieldsToUpdate?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Puts an active job back in the waiting line, behind those that became due meanwhile.
 * @throws missing job (-1), missing lock (-2), lock of another (-6), not active (-3)
 */
export function retryJob(tx: QueueTransaction, queue: QueueState, retry: Retry): void {
  const { jobId, lifo, token, fieldsToUpdate } = retry;
  const operation = { command: "retryJob", jobId, state: "active" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  assertLock(job, token, operation);
  if (job.state !== State.active) throw refusal(Refusal.notInState, operation);

  promoteDue(tx, queue);
  if (fieldsToUpdate) updateFields(tx, job.pk, fieldsToUpdate);
  const front = lifo && job.priority === 0;
  const attemptsMade = job.attemptsMade + 1;
  returnToLine(tx, queue, job, waitingPlace(queue, job.priority, front), { attemptsMade });
  queue.emit("W", jobId, "active");
}

/**
 * Hands an active job back as if it had not been taken: to the front of its line, without counting an attempt made.
 * One that is no longer active stays where it is.
 * @returns for how long the queue's limiter holds jobs back, in ms
 * @throws missing job (-1), missing lock (-2), lock of another (-6)
 */
export function moveJobFromActiveToWait(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, token }: { readonly jobId: string; readonly token: string },
): number {
  const operation = { command: "moveJobFromActiveToWait", jobId, state: "active" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  assertLock(job, token, operation);
  if (job.state === State.active) {
    returnToLine(tx, queue, job, waitingPlace(queue, job.priority, true));
    queue.emit("W", jobId, "active");
  }
  return limiterTtl(queue, tx.now);
}

const STATE_NAMES = { [State.completed]: "completed", [State.failed]: "failed" } as const;

/** Which finished job to run again, and whether its attempts count from the start. */
export interface Reprocess {
  readonly jobId: string;
  /** Where it is expected. */
  readonly state: FinishedState;
  readonly resetAttemptsMade?: boolean | undefined;
  readonly resetAttemptsStarted?: boolean | undefined;
}

const IS_LIFO = "SELECT opts ->> '$.lifo' FROM job WHERE pk = ?";

/**
 * Runs a finished job again: it waits with its priority, and a parent that still waits for its children waits for it.
 * @throws missing job (-1), not in that state (-3)
 */
export function retryFinishedJob(
  tx: QueueTransaction,
  queue: QueueState,
  reprocess: Reprocess,
): void {
  const { jobId, state, resetAttemptsMade, resetAttemptsStarted } = reprocess;
  const operation = { command: "reprocessJob", jobId, state: STATE_NAMES[state] };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  if (job.state !== state) throw refusal(Refusal.notInState, operation);

  const isLifo = job.priority === 0 && tx.sql(IS_LIFO).get(job.pk)?.[0] === 1;
  reopen(tx, queue, job, waitingPlace(queue, job.priority, isLifo), {
    attemptsMade: resetAttemptsMade ? 0 : job.attemptsMade,
    attemptsStarted: resetAttemptsStarted ? 0 : job.attemptsStarted,
  });
}

const OLDEST = `SELECT job FROM finished WHERE queue = ? AND state = ? AND finished_on <= ?
  ORDER BY finished_on, job LIMIT ${BULK_ROWS}`;

/**
 * Runs up to `count` finished jobs again that finished until `timestamp`, the oldest first. As in BullMQ they wait
 * without a priority.
 * @returns 1 if there may be more, 0 if not
 */
export function retryFinishedJobs(
  tx: QueueTransaction,
  queue: QueueState,
  {
    state,
    count,
    timestamp,
  }: { readonly state: FinishedState; readonly count: number; readonly timestamp: number },
): 0 | 1 {
  return moveMany(
    tx,
    count,
    () => tx.sql(OLDEST).all(queue.id, state, timestamp),
    (job) => reopen(tx, queue, job, waitingPlace(queue, 0)),
  );
}

const CLEAR_REASON = "UPDATE job SET failed_reason = NULL WHERE pk = ?";

function reopen(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  place: ReturnType<typeof waitingPlace>,
  attempts: { readonly attemptsMade?: number; readonly attemptsStarted?: number } = {},
): void {
  returnToLine(tx, queue, job, place, { ...attempts, processedOn: null });
  if (job.state === State.failed) tx.sql(CLEAR_REASON).run(job.pk);
  childReopened(tx, job, jobKey(queue.key, job.id));
  queue.emit("W", job.id, STATE_NAMES[job.state as FinishedState]);
}
