import type { ParentKeys } from "bullmq";
import { decodeJobId, encodeJobId } from "./job-id.ts";
import { Extra } from "./job-json.ts";
import { occupy, vacate, type Place } from "./placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State, type PendingState, type FinishedState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** What operations on a single job need to know of it. A snapshot: read it again after moving the job. */
export interface JobRecord {
  readonly pk: number;
  readonly id: string;
  /** Where it is now. */
  readonly state: State;
  /** Its place in a line; only meaningful while `state` is one of the pending ones. */
  readonly place: Place;
  readonly name: string;
  readonly delay: number;
  readonly priority: number;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly stalledCount: number;
  readonly parentKey: string | null;
  readonly parent: ParentKeys | undefined;
  readonly deduplicationId: string | null;
  readonly repeatJobKey: string | null;
  readonly deferredFailure: string | null;
  readonly pendingChildren: number;
  readonly failedChildren: number;
  readonly extras: number;
  readonly timestamp: number;
  readonly processedOn: number | null;
  readonly processedBy: string | null;
  readonly finishedOn: number | null;
  /** Return value as JSON text, of a completed job. */
  readonly result: string | null;
  /** The lock, while active. */
  readonly token: string | null;
  readonly lockedUntil: number | null;
}

const SELECT = `SELECT job.pk, job.id, job.state, job.major, job.minor, job.name, job.delay, job.priority,
    job.attempts_made, job.attempts_started, job.stalled_count, job.parent_key, job.parent, job.deduplication_id,
    job.repeat_job_key, job.deferred_failure, job.pending_children, job.failed_children, job.extras, job.timestamp,
    active.job, active.token, active.locked_until, finished.state, finished.finished_on, finished.result,
    coalesce(finished.processed_on, active.processed_on, job.processed_on),
    coalesce(finished.processed_by, active.processed_by, job.processed_by)
  FROM job LEFT JOIN active ON active.queue = job.queue AND active.job = job.pk LEFT JOIN finished ON finished.job = job.pk`;
const BY_ID = `${SELECT} WHERE job.queue = ? AND job.id = ?`;
const BY_PK = `${SELECT} WHERE job.pk = ?`;

/** The job with that id in that queue. */
export function findJob(
  tx: QueueTransaction,
  queue: QueueState,
  id: string,
): JobRecord | undefined {
  const row = tx.sql(BY_ID).get(queue.id, encodeJobId(id));
  return row && record(row);
}

/** The job of a row number that another table holds. */
export function jobByPk(tx: QueueTransaction, pk: number): JobRecord | undefined {
  const row = tx.sql(BY_PK).get(pk);
  return row && record(row);
}

function record(row: readonly unknown[]): JobRecord {
  const n = row as number[];
  const s = row as (string | null)[];
  const isActive = row[20] !== null;
  const finished = row[23] as FinishedState | null;
  const started = isActive || finished !== null ? 1 : 0;
  return {
    pk: n[0]!,
    id: decodeJobId(row[1]),
    state: finished ?? (isActive ? State.active : (n[2] as PendingState)),
    place: { state: n[2] as PendingState, major: n[3]!, minor: n[4]! },
    name: s[5]!,
    delay: n[6]!,
    priority: n[7]!,
    attemptsMade: n[8]! + (finished === null ? 0 : 1),
    attemptsStarted: n[9]! + started,
    stalledCount: n[10]!,
    parentKey: s[11]!,
    parent: row[12] === null ? undefined : (JSON.parse(s[12]!) as ParentKeys),
    deduplicationId: s[13]!,
    repeatJobKey: s[14]!,
    deferredFailure: s[15]!,
    pendingChildren: n[16]!,
    failedChildren: n[17]!,
    extras: n[18]!,
    timestamp: n[19]!,
    token: s[21]!,
    lockedUntil: n[22]!,
    finishedOn: n[24]!,
    result: s[25]!,
    processedOn: n[26]!,
    processedBy: s[27]!,
  };
}

const SET_PLACE =
  "UPDATE job SET state = ?, major = ?, minor = ?, delay = ?, priority = ? WHERE pk = ?";
const SET_PLACE_AND_ATTEMPTS = `UPDATE job SET state = ?, major = ?, minor = ?, delay = ?, attempts_made = ?,
  attempts_started = ?, processed_on = ?, processed_by = ? WHERE pk = ?`;
const DELETE_ACTIVE = "DELETE FROM active WHERE queue = ? AND job = ?";
const DELETE_FINISHED = "DELETE FROM finished WHERE job = ?";

/** Moves a job from one line to another; its `delay` and `priority` fields are set with it. */
export function moveInLine(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  place: Place,
  {
    delay = job.delay,
    priority = job.priority,
  }: { readonly delay?: number; readonly priority?: number } = {},
): void {
  vacate(tx, queue, job.place);
  tx.sql(SET_PLACE).run(place.state, place.major, place.minor, delay, priority, job.pk);
  occupy(tx, queue, job.pk, place);
}

/**
 * Puts an active or finished job back in a line. What `active` or `finished` knew of its attempts goes to its row;
 * `attemptsMade`, `attemptsStarted` and `processedOn` override that.
 */
export function returnToLine(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  place: Place,
  change: {
    readonly delay?: number;
    readonly attemptsMade?: number;
    readonly attemptsStarted?: number;
    readonly processedOn?: number | null;
  } = {},
): void {
  leave(tx, queue, job);
  tx.sql(SET_PLACE_AND_ATTEMPTS).run(
    place.state,
    place.major,
    place.minor,
    change.delay ?? job.delay,
    change.attemptsMade ?? job.attemptsMade,
    change.attemptsStarted ?? job.attemptsStarted,
    change.processedOn === undefined ? job.processedOn : change.processedOn,
    job.processedBy,
    job.pk,
  );
  occupy(tx, queue, job.pk, place);
}

/** Takes a job out of wherever it stands. Only for callers that put it elsewhere, or delete it, at once. */
export function leave(tx: QueueTransaction, queue: QueueState, job: JobRecord): void {
  if (job.state === State.active) {
    tx.sql(DELETE_ACTIVE).run(queue.id, job.pk);
    queue.active--;
    queue.claims.delete(job.id);
  } else if (job.state === State.completed || job.state === State.failed) {
    tx.sql(DELETE_FINISHED).run(job.pk);
    if (job.state === State.completed) queue.completed--;
    else queue.failed--;
  } else {
    vacate(tx, queue, job.place);
  }
}

const DELETE_JOB = "DELETE FROM job WHERE pk = ?";
const DELETE_LOGS = "DELETE FROM job_log WHERE job = ?";
const DELETE_CHILDREN = "DELETE FROM child WHERE parent = ?";

/** Deletes a job's row and all that hangs on it. It must have left its place. */
export function eraseJob(tx: QueueTransaction, pk: number, extras: number): void {
  tx.sql(DELETE_JOB).run(pk);
  if (extras & Extra.logs) tx.sql(DELETE_LOGS).run(pk);
  if (extras & Extra.children) tx.sql(DELETE_CHILDREN).run(pk);
}
