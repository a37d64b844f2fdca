/**
 * What happens to a parent when something happens to one of its children.
 *
 *   child added                      parent waits for it
 *   child completed                  value kept; parent runs once it waits for none
 *   child failed for good            as the child's options say (`fpof`, `cpof`, `idof`, `rdof`, the first that is set):
 *     failParentOnFailure              parent runs next, only to fail; the worker that takes it fails it, and so on upward
 *     continueParentOnFailure          reason kept; parent runs now, whatever its other children do
 *     ignoreDependencyOnFailure        reason kept; parent runs once it waits for none
 *     removeDependencyOnFailure        child forgotten; parent runs once it waits for none
 *     none                             parent goes on waiting: the child may be retried or removed
 *   child removed                    forgotten; parent runs, or is removed as well, once it waits for none
 *   finished child retried           parent waits for it again
 *
 * "Runs" is for a parent that stands in waiting-children; one that is elsewhere has its books kept and stays.
 */
import type { ParentKeyOpts } from "bullmq";
import type { NewJob } from "../add/add.ts";
import { deleteKeyHeldBy } from "../add/deduplication-keys.ts";
import { refusal, Refusal } from "../errors.ts";
import { jobKey } from "../jobs/job-key.ts";
import { eraseJob, findJob, leave, moveInLine, type JobRecord } from "../jobs/job-record.ts";
import { delayedPlace, waitingPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";
import { childState, ChildState, dropChild, setChild, type Parent } from "./children.ts";

/**
 * The job a qualified key names, if there is one. Ids may contain colons, queue names may not: the reading with the
 * shortest id that names a job is taken.
 */
export function parentOf(tx: QueueTransaction, parentKey: string): Parent | undefined {
  for (
    let colon = parentKey.lastIndexOf(":");
    colon > 0;
    colon = parentKey.lastIndexOf(":", colon - 1)
  ) {
    const queueKey = parentKey.slice(0, colon);
    if (!queueKey.includes(":")) break;
    const queue = tx.queueByKey(queueKey);
    const job = queue && findJob(tx, queue, parentKey.slice(colon + 1));
    if (job) return { queue, job };
  }
  return undefined;
}

/** Makes the parent, which must exist, wait for a child. */
export function attachChild(tx: QueueTransaction, parentKey: string, childKey: string): void {
  const parent = parentOf(tx, parentKey);
  if (parent) awaitChild(tx, parent, childKey);
}

function awaitChild(tx: QueueTransaction, parent: Parent, childKey: string): void {
  const before = childState(tx, parent, childKey);
  if (before !== ChildState.pending)
    setChild(tx, parent, childKey, { state: ChildState.pending, before });
}

const SET_PARENT = "UPDATE job SET parent_key = ?, parent = ? WHERE pk = ?";

/**
 * A job was added under an id that exists: the existing job becomes the child of the new job's parent, if it has none.
 * One that completed already counts as processed.
 * @returns the id
 * @throws parent not replaceable (-7): it is the child of another job
 */
export function attachExistingChild(
  tx: QueueTransaction,
  queue: QueueState,
  existing: JobRecord,
  job: NewJob,
  parentOpts: Readonly<ParentKeyOpts>,
): string {
  const { parentKey } = job;
  if (parentKey) {
    if (
      existing.parentKey !== null &&
      existing.parentKey !== parentKey &&
      parentOf(tx, existing.parentKey)
    ) {
      throw refusal(Refusal.parentNotReplaceable, { command: "addJob", parentKey });
    }
    const key = jobKey(queue.key, existing.id);
    if (existing.state === State.completed) {
      recordProcessed(
        tx,
        parentOf(tx, parentKey)!,
        key,
        existing.result,
        !parentOpts.deferParentRelease,
      );
    } else if (parentOpts.parentDependenciesKey) {
      attachChild(tx, parentKey, key);
    }
    tx.sql(SET_PARENT).run(parentKey, job.parent ? JSON.stringify(job.parent) : null, existing.pk);
    queue.jobChanged(existing.id);
  }
  queue.emit("D", existing.id);
  return existing.id;
}

function recordProcessed(
  tx: QueueTransaction,
  parent: Parent,
  key: string,
  value: string | null,
  mayRelease: boolean,
): void {
  const before = childState(tx, parent, key);
  const left = setChild(tx, parent, key, {
    state: ChildState.processed,
    value: value ?? "null",
    before,
  });
  if (mayRelease) releaseIfNoneLeft(tx, parent, left);
}

/** A child completed. */
export function childCompleted(
  tx: QueueTransaction,
  job: JobRecord,
  key: string,
  result: string,
): void {
  const parent = waitingFor(tx, job, key);
  if (!parent) return;
  const done = { state: ChildState.processed, value: result, before: ChildState.pending };
  releaseIfNoneLeft(tx, parent, setChild(tx, parent, key, done));
}

/** A child failed and will not be tried again. */
export function childFailed(
  tx: QueueTransaction,
  job: JobRecord,
  key: string,
  reason: string,
): void {
  const { fpof, cpof, idof, rdof } = job.parent ?? {};
  if (!fpof && !cpof && !idof && !rdof) return;
  const parent = waitingFor(tx, job, key);
  if (!parent) return;
  const before = ChildState.pending;
  if (fpof) {
    setChild(tx, parent, key, { state: ChildState.failed, before });
    failParent(tx, parent, key);
  } else if (cpof) {
    setChild(tx, parent, key, { state: ChildState.ignored, value: reason, before });
    releaseIfWaiting(tx, parent);
  } else {
    const left = idof
      ? setChild(tx, parent, key, { state: ChildState.ignored, value: reason, before })
      : dropChild(tx, parent, key, before);
    releaseIfNoneLeft(tx, parent, left);
  }
}

/** A child is gone from the store because its worker keeps no finished jobs; what its parent knows of it stays. */
export function childErased(tx: QueueTransaction, queue: QueueState, job: JobRecord): void {
  childRemoved(tx, queue, job, { hard: false });
}

/**
 * A job is being removed: its parent need not wait for it. With `hard`, a parent in the same queue that waits for no
 * other child is removed as well, and so on upward.
 * @returns whether a parent waited for it
 */
export function childRemoved(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  { hard }: { readonly hard: boolean },
): boolean {
  const key = jobKey(queue.key, job.id);
  const parent = waitingFor(tx, job, key);
  if (!parent) return false;
  const left = dropChild(tx, parent, key, ChildState.pending);
  if (hard && left === 0 && parent.queue === queue && parent.job.state === State.waitingChildren) {
    childRemoved(tx, queue, parent.job, { hard });
    removeParent(tx, parent);
  } else {
    releaseIfNoneLeft(tx, parent, left);
  }
  return true;
}

/** A child that no longer exists is still waited for: its parent need not. */
export function forgetMissingChild(tx: QueueTransaction, parent: Parent, key: string): void {
  releaseIfNoneLeft(tx, parent, dropChild(tx, parent, key, ChildState.pending));
}

/** A finished child is about to be retried: its parent, if it still exists, waits for it again. `job` is as finished. */
export function childReopened(tx: QueueTransaction, job: JobRecord, key: string): void {
  const parent = job.parentKey === null ? undefined : parentOf(tx, job.parentKey);
  if (!parent) return;
  const before = childState(tx, parent, key);
  const outcomes: readonly unknown[] =
    job.state === State.failed ? [ChildState.failed, ChildState.ignored] : [ChildState.processed];
  if (outcomes.includes(before)) awaitChild(tx, parent, key);
}

/** Lets a parent run that waits for none of its children: the end of adding a flow. */
export function releaseParentIfDone(tx: QueueTransaction, parentKey: string): void {
  const parent = parentOf(tx, parentKey);
  if (parent) releaseIfNoneLeft(tx, parent, parent.job.pendingChildren);
}

/** The parent of a job, if it waits for that job. */
function waitingFor(tx: QueueTransaction, job: JobRecord, key: string): Parent | undefined {
  const parent = job.parentKey === null ? undefined : parentOf(tx, job.parentKey);
  return parent && childState(tx, parent, key) === ChildState.pending ? parent : undefined;
}

function releaseIfNoneLeft(tx: QueueTransaction, parent: Parent, left: number): void {
  if (left === 0) releaseIfWaiting(tx, parent);
}

function releaseIfWaiting(tx: QueueTransaction, parent: Parent): void {
  if (parent.job.state === State.waitingChildren) release(tx, parent, parent.job.delay);
}

/** Moves a parent where it would have gone without children, but ahead of others; its delay starts now. */
function release(tx: QueueTransaction, { queue, job }: Parent, delay: number): void {
  if (delay > 0) {
    const due = tx.now + delay;
    moveInLine(tx, queue, job, delayedPlace(queue, due), { delay });
    queue.emit("d", job.id, String(due));
  } else {
    moveInLine(tx, queue, job, waitingPlace(queue, job.priority, job.priority === 0), { delay });
    queue.emit("W", job.id, "waiting-children");
  }
}

const SET_FAILURE = "UPDATE job SET deferred_failure = ? WHERE pk = ?";

function failParent(tx: QueueTransaction, parent: Parent, childKey: string): void {
  const { queue, job } = parent;
  if (job.state === State.failed) return;
  tx.sql(SET_FAILURE).run(`child ${childKey} failed`, job.pk);
  queue.jobChanged(job.id);
  if (job.state === State.waitingChildren) release(tx, parent, job.delay);
  else if (job.state === State.delayed) release(tx, parent, 0);
}

function removeParent(tx: QueueTransaction, { queue, job }: Parent): void {
  leave(tx, queue, job);
  if (job.deduplicationId !== null) deleteKeyHeldBy(tx, queue, job.deduplicationId, job.id);
  eraseJob(tx, job.pk, job.extras);
}
