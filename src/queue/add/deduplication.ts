import type { DeduplicationOptions } from "bullmq";
import type { NewJob } from "./add.ts";
import {
  deleteKey,
  deleteKeyHeldBy,
  deleteKeyAndStash,
  findKey,
  hold,
  sweepExpired,
  stash,
} from "./deduplication-keys.ts";
import { childRemoved } from "../flow/parents.ts";
import { eraseJob, findJob, leave, moveInLine, type JobRecord } from "../jobs/job-record.ts";
import { delayedPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueReader } from "../reader.ts";
import { State } from "../states.ts";
import type { QueueRef, QueueTransaction } from "../transaction.ts";

/**
 * Deduplication: at most one job of a queue holds a deduplication id. Jobs added under an id that is held are not
 * stored; what happens instead depends on the options of the job that comes second:
 *   (none)             nothing, until the holder finishes or is removed
 *   ttl                nothing, for `ttl` ms from when the id was taken, whatever becomes of the holder
 *   ttl + extend       the same, counted from the last job that came
 *   replace            takes a delayed holder's place
 *   reschedule         a delayed holder is delayed anew, by this job's delay
 *   keepLastIfActive   while the holder is active, the last that came is stashed and enqueued when the holder ends
 *
 * @returns the id of the job that stands for this one; `undefined` if this one holds the id now and is to be stored
 */
export function deduplicate(
  tx: QueueTransaction,
  queue: QueueState,
  job: NewJob,
  id: string,
  { mayReplace }: { readonly mayReplace: boolean },
): string | undefined {
  const options = job.opts.deduplication;
  if (!options?.id) return undefined;
  const key = findKey(tx, queue, options.id);
  if (!key) {
    const expiresAt = expiryOf(tx, options);
    hold(tx, queue, options.id, id, expiresAt);
    if (expiresAt !== null) sweepExpired(tx, queue, options.id);
    return undefined;
  }
  const holder = findJob(tx, queue, key.jobId);
  const replaces = mayReplace && options.replace === true;
  if (replaces && holder?.state === State.delayed) {
    discard(tx, queue, holder);
    deleteKeyAndStash(tx, queue, options.id);
    hold(tx, queue, options.id, id, keepsWindow(options) ? key.expiresAt : expiryOf(tx, options));
    queue.emit("u", id, options.id, holder.id);
    return undefined;
  }
  const isStale = !holder && key.expiresAt === null;
  if (isStale) {
    deleteKeyAndStash(tx, queue, options.id);
    hold(tx, queue, options.id, id, expiryOf(tx, options));
    return undefined;
  }
  if (options.keepLastIfActive && holder?.state === State.active) {
    stash(tx, queue, options.id, { ...job, id });
  } else if (replaces) {
    return key.jobId;
  } else if (hasTtl(options) && options.extend) {
    hold(tx, queue, options.id, key.jobId, expiryOf(tx, options));
  }
  queue.emit("u", key.jobId, options.id, id);
  if (mayReplace && options.reschedule && holder?.state === State.delayed) {
    reschedule(tx, queue, holder, job);
  }
  return key.jobId;
}

const hasTtl = ({ ttl }: DeduplicationOptions): boolean => ttl !== undefined && ttl > 0;

/** When the id is free again whatever becomes of its holder; `null`: only when the holder ends. */
function expiryOf(tx: QueueTransaction, options: DeduplicationOptions): number | null {
  return hasTtl(options) && !options.keepLastIfActive ? tx.now + options.ttl! : null;
}

/** Whether a replacement has the id for as long as the job it replaces would have had it. */
const keepsWindow = (options: DeduplicationOptions): boolean =>
  hasTtl(options) && !options.extend && !options.keepLastIfActive;

function discard(tx: QueueTransaction, queue: QueueState, holder: JobRecord): void {
  leave(tx, queue, holder);
  childRemoved(tx, queue, holder, { hard: false });
  eraseJob(tx, holder.pk, holder.extras);
  queue.emit("r", holder.id, "delayed");
}

function reschedule(tx: QueueTransaction, queue: QueueState, holder: JobRecord, job: NewJob): void {
  const delay = job.opts.delay ?? 0;
  const due = job.timestamp + Math.max(0, delay);
  moveInLine(tx, queue, holder, delayedPlace(queue, due), { delay });
  queue.emit("d", holder.id, String(due));
}

/** A job that finished no longer holds its id, unless the id is held for a time of its own. */
export function releaseDeduplication(
  tx: QueueTransaction,
  queue: QueueState,
  deduplicationId: string,
  jobId: string,
): void {
  const key = findKey(tx, queue, deduplicationId);
  if (key?.jobId === jobId && key.expiresAt === null) deleteKey(tx, queue, deduplicationId);
}

/** A job that is removed lets go of its id, and of what was stashed behind it. */
export function forgetDeduplication(
  tx: QueueTransaction,
  queue: Pick<QueueState, "id">,
  job: Pick<JobRecord, "id" | "deduplicationId">,
): void {
  if (job.deduplicationId !== null) deleteKeyHeldBy(tx, queue, job.deduplicationId, job.id);
}

/** Frees a deduplication id if the job holds it. @returns 1 if it did, else 0 */
export function removeDeduplicationKey(
  tx: QueueTransaction,
  queue: QueueState,
  { deduplicationId, jobId }: { readonly deduplicationId: string; readonly jobId: string },
): number {
  if (findKey(tx, queue, deduplicationId)?.jobId !== jobId) return 0;
  deleteKey(tx, queue, deduplicationId);
  return 1;
}

/** Frees a deduplication id, whoever holds it. @returns 1 if it was held, else 0 */
export function deleteDeduplicationKey(
  tx: QueueTransaction,
  queue: QueueState,
  { deduplicationId }: { readonly deduplicationId: string },
): number {
  if (!findKey(tx, queue, deduplicationId)) return 0;
  deleteKey(tx, queue, deduplicationId);
  return 1;
}

/** The job that holds a deduplication id. */
export function getDeduplicationJobId(
  reader: QueueReader,
  ref: QueueRef,
  { deduplicationId }: { readonly deduplicationId: string },
): string | null {
  const id = reader.queueId(ref);
  if (id === undefined) return null;
  return (
    findKey({ sql: (text) => reader.sql(text), now: reader.now() }, { id }, deduplicationId)
      ?.jobId ?? null
  );
}
