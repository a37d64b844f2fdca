import { refusal, Refusal } from "../errors.ts";
import { childKeys, type Parent } from "../flow/children.ts";
import { childRemoved, forgetMissingChild, parentOf } from "../flow/parents.ts";
import { jobKey } from "../jobs/job-key.ts";
import { findJob, type JobRecord } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { deleteJob } from "./removal.ts";
import { isSchedulersNextJob } from "../schedulers/scheduler.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/**
 * Removes a job, and with `removeChildren` all jobs below it, from whatever state they are in.
 * @returns 0 and removes nothing if the job, or a child still waited for, is locked by a worker; else 1
 * @throws belongs to a scheduler (-8): it is the scheduler's next job
 */
export function removeJob(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, removeChildren }: { readonly jobId: string; readonly removeChildren: boolean },
): 0 | 1 {
  const job = findJob(tx, queue, jobId);
  if (!job) return 1;
  if (isSchedulersNextJob(tx, queue, job)) {
    throw refusal(Refusal.belongsToScheduler, { command: "removeJob", jobId });
  }
  const node = { queue, job };
  if (removeChildren ? isAnyLocked(tx, node, new Set()) : isLocked(tx, job)) return 0;
  childRemoved(tx, queue, job, { hard: false });
  if (removeChildren)
    removeChildrenOf(tx, node, { unprocessedOnly: false, seen: new Set([job.pk]) });
  removeNode(tx, node);
  return 1;
}

/** Removes the children a job still waits for, and theirs, except those that are locked by a worker or have failed. */
export function removeUnprocessedChildren(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId }: { readonly jobId: string },
): void {
  const job = findJob(tx, queue, jobId);
  if (!job) return;
  for (const key of childKeys(tx, job.pk, { pendingOnly: true })) {
    const child = parentOf(tx, key);
    if (!child) forgetMissingChild(tx, { queue, job }, key);
    else if (isUntouched(tx, child.job)) {
      childRemoved(tx, child.queue, child.job, { hard: false });
      removeChildrenOf(tx, child, { unprocessedOnly: true, seen: new Set([job.pk, child.job.pk]) });
      removeNode(tx, child);
    }
  }
}

/**
 * Ends the relation of a job to its parent, which need not wait for it any longer.
 * @returns whether the parent waited for it
 * @throws missing job (-1), missing parent (-5)
 */
export function removeChildDependency(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, parentKey }: { readonly jobId: string; readonly parentKey: string },
): boolean {
  const operation = { command: "removeChildDependency", jobId, parentKey };
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, operation);
  if (!parentOf(tx, parentKey)) throw refusal(Refusal.missingParent, operation);
  if (job.parentKey !== parentKey || !childRemoved(tx, queue, job, { hard: false })) return false;
  tx.sql("UPDATE job SET parent_key = NULL, parent = NULL WHERE pk = ?").run(job.pk);
  return true;
}

interface Scope {
  /** Leave alone what is locked, failed or done. */
  readonly unprocessedOnly: boolean;
  /** Jobs already being removed: nothing keeps users from making a job its own ancestor. */
  readonly seen: Set<number>;
}

function removeChildrenOf(tx: QueueTransaction, { queue, job }: Parent, scope: Scope): void {
  const parentKey = jobKey(queue.key, job.id);
  for (const key of childKeys(tx, job.pk, { pendingOnly: scope.unprocessedOnly })) {
    const child = parentOf(tx, key);
    // The id may have been used again, for a job that is no child of this one.
    if (!child || child.job.parentKey !== parentKey || scope.seen.has(child.job.pk)) continue;
    if (scope.unprocessedOnly && !isUntouched(tx, child.job)) continue;
    scope.seen.add(child.job.pk);
    removeChildrenOf(tx, child, scope);
    removeNode(tx, child);
  }
}

function removeNode(tx: QueueTransaction, { queue, job }: Parent): void {
  deleteJob(tx, queue, job);
  queue.emit("r", job.id, stateName(job));
}

/** Whether a worker holds the job. One whose lock has run out may be removed under its hands. */
function isLocked(tx: QueueTransaction, job: JobRecord): boolean {
  return job.state === State.active && job.token !== null && job.lockedUntil! > tx.now;
}

function isAnyLocked(tx: QueueTransaction, { job }: Parent, seen: Set<number>): boolean {
  if (isLocked(tx, job)) return true;
  seen.add(job.pk);
  return childKeys(tx, job.pk, { pendingOnly: true }).some((key) => {
    const child = parentOf(tx, key);
    return child !== undefined && !seen.has(child.job.pk) && isAnyLocked(tx, child, seen);
  });
}

const isUntouched = (tx: QueueTransaction, job: JobRecord): boolean =>
  job.state !== State.failed && !isLocked(tx, job);

const STATE_NAMES = {
  [State.delayed]: "delayed",
  [State.waitingChildren]: "waiting-children",
  [State.completed]: "completed",
  [State.failed]: "failed",
  [State.active]: "active",
} as const;

/** The state as the `removed` event tells it. */
function stateName(job: JobRecord): string {
  if (job.state !== State.waiting) return STATE_NAMES[job.state];
  return job.place.major === 0 ? "wait" : "prioritized";
}
