import type { JobJson, ParentKeyOpts, ParentKeys } from "bullmq";
import { deduplicate } from "./deduplication.ts";
import { refusal, Refusal } from "../errors.ts";
import { attachChild, attachExistingChild, parentOf } from "../flow/parents.ts";
import { encodeJobId } from "../jobs/job-id.ts";
import { jobKey } from "../jobs/job-key.ts";
import { findJob } from "../jobs/job-record.ts";
import {
  arrive,
  delayedPlace,
  occupy,
  waitingChildrenPlace,
  waitingPlace,
  type Place,
} from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** A job as its producer describes it. */
export interface NewJob {
  readonly name: string;
  /** Payload as JSON text. */
  readonly data: string;
  readonly opts: JobJson["opts"];
  /** When it was made; delays count from here. */
  readonly timestamp: number;
  readonly parentKey?: string | undefined;
  readonly parent?: ParentKeys | undefined;
  readonly deduplicationId?: string | undefined;
  readonly repeatJobKey?: string | undefined;
}

const insert = (
  id: string,
) => `INSERT INTO job (pk, queue, id, state, major, minor, name, data, opts, timestamp, delay, priority)
  VALUES (?, ?, ${id}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT = insert("?");
/** Drivers bind numbers as floating-point, which a column without a type would keep. */
const INSERT_COUNTED = insert("CAST(? AS INTEGER)");
const SET_RELATIONS =
  "UPDATE job SET parent_key = ?, parent = ?, deduplication_id = ?, repeat_job_key = ? WHERE pk = ?";

/**
 * Adds a job, unless it exists or is deduplicated.
 * @param jobId the caller's id; empty or absent for a counted one
 * @returns the id of the job that now stands for it
 * @throws missing parent (-5), parent not replaceable (-7)
 */
export function addJob(
  tx: QueueTransaction,
  queue: QueueState,
  job: NewJob,
  jobId: string | undefined,
  parentOpts: Readonly<ParentKeyOpts> = {},
): string {
  if (job.parentKey && !parentOf(tx, job.parentKey)) {
    throw refusal(Refusal.missingParent, { command: "addJob", parentKey: job.parentKey });
  }
  const counted = ++queue.lastJobId;
  const id = jobId ? jobId : String(counted);
  if (jobId) {
    const existing = findJob(tx, queue, id);
    if (existing) return attachExistingChild(tx, queue, existing, job, parentOpts);
  }
  if (job.deduplicationId) {
    const standing = deduplicate(tx, queue, job, id, {
      mayReplace: !parentOpts.addToWaitingChildren,
    });
    if (standing !== undefined) return standing;
  }
  if (parentOpts.addToWaitingChildren) {
    storeJob(tx, queue, job, id, waitingChildrenPlace(queue, job.timestamp));
    queue.emit("h", id);
  } else {
    enqueueNew(tx, queue, job, id);
  }
  if (job.parentKey && parentOpts.parentDependenciesKey)
    attachChild(tx, job.parentKey, jobKey(queue.key, id));
  return id;
}

/** Stores a job that is known to be new, waiting or delayed as its options say. */
export function enqueueNew(tx: QueueTransaction, queue: QueueState, job: NewJob, id: string): void {
  const { delay, priority = 0, lifo = false } = job.opts;
  if (typeof delay === "number" && delay > 0) {
    const due = job.timestamp + delay;
    storeJob(tx, queue, job, id, delayedPlace(queue, due));
    queue.emit("d", id, String(due));
  } else {
    storeJob(tx, queue, job, id, waitingPlace(queue, priority, lifo));
    queue.emit("w", id);
  }
}

function storeJob(
  tx: QueueTransaction,
  queue: QueueState,
  job: NewJob,
  id: string,
  place: Place,
): void {
  const delay = job.opts.delay ?? 0;
  const priority = job.opts.priority ?? 0;
  const { name, data, timestamp, parentKey, parent, deduplicationId, repeatJobKey } = job;
  const hasRelations = parentKey || deduplicationId || repeatJobKey;
  const storedId = encodeJobId(id);
  const pk = tx.rows.nextJob();
  const opts = JSON.stringify(job.opts);
  queue.emit("a", id, name);
  const isCounted = typeof storedId === "number";
  if (isCounted && place.state === State.waiting && !delay && !priority && !hasRelations) {
    arrive(queue, place);
    tx.rows.job(pk, queue.id, storedId, place.minor, name, data, opts, timestamp);
    return;
  }
  tx.sql(isCounted ? INSERT_COUNTED : INSERT).run(
    pk,
    queue.id,
    storedId,
    place.state,
    place.major,
    place.minor,
    name,
    data,
    opts,
    timestamp,
    delay,
    priority,
  );
  if (hasRelations) {
    tx.sql(SET_RELATIONS).run(
      parentKey ?? null,
      parentKey && parent ? JSON.stringify(parent) : null,
      deduplicationId ?? null,
      repeatJobKey ?? null,
      pk,
    );
  }
  occupy(tx, queue, pk, place);
}
