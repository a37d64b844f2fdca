import type { ParentOptions } from "bullmq";
import { refusal, Refusal } from "../errors.ts";
import { assertLock } from "../process/finish.ts";
import { jobKey } from "../jobs/job-key.ts";
import { findJob, returnToLine } from "../jobs/job-record.ts";
import { waitingChildrenPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";
import { childState, ChildState } from "./children.ts";

/** An active job that wants to wait for its children. */
export interface WaitForChildren {
  readonly jobId: string;
  readonly token: string;
  /** Wait only if this child is not done yet. */
  readonly child?: Pick<ParentOptions, "id" | "queue"> | undefined;
}

/**
 * Moves an active job to waiting-children, if it has a child to wait for.
 * @returns whether it was moved
 * @throws missing job (-1), failed children (-9), missing lock (-2), lock of another (-6), not active (-3)
 */
export function moveToWaitingChildren(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, token, child }: WaitForChildren,
): boolean {
  const operation = { command: "moveToWaitingChildren", jobId, state: "active" };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  if (job.failedChildren > 0) throw refusal(Refusal.failedChildren, operation);
  const mustWait = child
    ? childState(tx, { queue, job }, jobKey(child.queue, child.id)) === ChildState.pending
    : job.pendingChildren > 0;
  if (!mustWait) return false;
  assertLock(job, token, operation);
  if (job.state !== State.active) throw refusal(Refusal.notInState, operation);
  returnToLine(tx, queue, job, waitingChildrenPlace(queue, tx.now));
  queue.emit("H", jobId, "active");
  return true;
}
