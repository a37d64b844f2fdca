import { BULK_ROWS, moveMany } from "./bulk-move.ts";
import { claimNext, type ClaimOptions, type ClaimResult } from "./claim.ts";
import { refusal, Refusal } from "../errors.ts";
import { assertLock, updateFields } from "./finish.ts";
import { findJob, moveInLine, returnToLine } from "../jobs/job-record.ts";
import { delayedPlace, waitingPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** An active job that goes on later. */
export interface Delay {
  readonly jobId: string;
  /** Where `delay` is counted from. */
  readonly timestamp: number;
  readonly delay: number;
  readonly token: string;
  /** Leave the attempt out of the count of attempts made. */
  readonly skipAttempt?: boolean | undefined;
  readonly fieldsToUpdate?: Readonly<Record<string, unknown>> | undefined;
  /** Claim another job in the same step. */
  readonly next?: ClaimOptions | undefined;
}

/**
 * Moves an active job to the delayed ones.
 * @returns the job claimed next; `undefined` if none was asked for, or none can be had
 * @throws missing job (-1), missing lock (-2), lock of another (-6), not active (-3)
 */
export function moveToDelayed(
  tx: QueueTransaction,
  queue: QueueState,
  move: Delay,
): ClaimResult | undefined {
  const { jobId, timestamp, delay, token, skipAttempt, fieldsToUpdate, next } = move;
  const operation = { command: "moveToDelayed", jobId, state: "active" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  assertLock(job, token, operation);
  if (job.state !== State.active) throw refusal(Refusal.notInState, operation);

  if (fieldsToUpdate) updateFields(tx, job.pk, fieldsToUpdate);
  const due = dueTime(timestamp, delay);
  const attemptsMade = job.attemptsMade + (skipAttempt ? 0 : 1);
  returnToLine(tx, queue, job, delayedPlace(queue, due), { delay, attemptsMade });
  queue.emit("d", jobId, String(due));

  const claimed = next && claimNext(tx, queue, next);
  return claimed?.[0] ? claimed : undefined;
}

/** Delays a delayed job anew, counted from now. @throws missing job (-1), not delayed (-3) */
export function changeDelay(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, delay }: { readonly jobId: string; readonly delay: number },
): void {
  const operation = { command: "changeDelay", jobId, state: "delayed" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  if (job.state !== State.delayed) throw refusal(Refusal.notInState, operation);
  const due = dueTime(tx.now, delay);
  moveInLine(tx, queue, job, delayedPlace(queue, due), { delay });
  queue.emit("d", jobId, String(due));
}

const dueTime = (from: number, delay: number): number => from + Math.max(0, delay);

/** Lets a delayed job wait at once, at the back of its priority. @throws not delayed, or missing (-3) */
export function promote(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId }: { readonly jobId: string },
): void {
  const job = findJob(tx, queue, jobId);
  if (job?.state !== State.delayed) {
    throw refusal(Refusal.notInState, { command: "promote", jobId, state: "delayed" });
  }
  moveInLine(tx, queue, job, waitingPlace(queue, job.priority), { delay: 0 });
  queue.emit("W", jobId, "delayed");
}

const FIRST_DUE = `SELECT job FROM pending WHERE queue = ? AND state = ${State.delayed}
  ORDER BY major, minor LIMIT ${BULK_ROWS}`;

/**
 * Lets up to `count` delayed jobs wait at once, in the order they would have become due. As in BullMQ they wait without
 * a priority.
 * @returns 1 if there may be more, 0 if not
 */
export function promoteJobs(
  tx: QueueTransaction,
  queue: QueueState,
  { count }: { readonly count: number },
): 0 | 1 {
  return moveMany(
    tx,
    count,
    () => tx.sql(FIRST_DUE).all(queue.id),
    (job) => {
      moveInLine(tx, queue, job, waitingPlace(queue, 0), { delay: 0 });
      queue.emit("W", job.id, "delayed");
    },
  );
}
