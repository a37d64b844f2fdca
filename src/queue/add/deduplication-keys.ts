import type { NewJob } from "./add.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/*
 * Table `deduplication`: who holds which deduplication id of a queue, until when, and which job is stashed behind it.
 * A stash outlives the key it was made under (a user may free the id meanwhile): such a row names no job.
 * Rows past their time are as good as gone; they are overwritten, or swept up by and by.
 */

/** A deduplication id that is held. */
export interface DeduplicationKey {
  readonly jobId: string;
  /** `null`: held until the job ends. */
  readonly expiresAt: number | null;
}

/** A job put aside, with the id it will have. */
export type StashedJob = NewJob & { readonly id: string };

type Queue = Pick<QueueState, "id">;

const NOBODY = "";

const SELECT = "SELECT job, expires_at FROM deduplication WHERE queue = ? AND id = ?";

/** Who holds the id now. */
export function findKey(
  tx: Pick<QueueTransaction, "sql" | "now">,
  queue: Queue,
  id: string,
): DeduplicationKey | undefined {
  const row = tx.sql(SELECT).get(queue.id, id) as [string, number | null] | undefined;
  if (!row) return undefined;
  const [jobId, expiresAt] = row;
  return jobId === NOBODY || (expiresAt !== null && expiresAt <= tx.now)
    ? undefined
    : { jobId, expiresAt };
}

const HOLD = `INSERT INTO deduplication (queue, id, job, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET job = excluded.job, expires_at = excluded.expires_at`;

/** Gives the id to a job. A stash behind it stays. */
export function hold(
  tx: QueueTransaction,
  queue: Queue,
  id: string,
  jobId: string,
  expiresAt: number | null,
): void {
  tx.sql(HOLD).run(queue.id, id, jobId, expiresAt);
}

const CLEAR = `UPDATE deduplication SET job = '${NOBODY}', expires_at = NULL
  WHERE queue = ? AND id = ? AND next_job IS NOT NULL`;
const DELETE = "DELETE FROM deduplication WHERE queue = ? AND id = ?";
const DELETE_HELD_BY = "DELETE FROM deduplication WHERE queue = ? AND id = ? AND job = ?";

/** Frees the id. A stash behind it stays. */
export function deleteKey(tx: QueueTransaction, queue: Queue, id: string): void {
  if (tx.sql(CLEAR).run(queue.id, id).changes === 0) deleteKeyAndStash(tx, queue, id);
}

/** Frees the id and drops what is stashed behind it. */
export function deleteKeyAndStash(tx: QueueTransaction, queue: Queue, id: string): void {
  tx.sql(DELETE).run(queue.id, id);
}

/** The same, if the job holds the id. */
export function deleteKeyHeldBy(
  tx: QueueTransaction,
  queue: Queue,
  id: string,
  jobId: string,
): void {
  tx.sql(DELETE_HELD_BY).run(queue.id, id, jobId);
}

const STASH = "UPDATE deduplication SET next_job = ?, expires_at = NULL WHERE queue = ? AND id = ?";

/**
 * Puts a job behind the id, in place of one that was there. The id is held until its holder ends, not for a time. Such
 * a job has no parent: BullMQ allows no job to be deduplicated and a child.
 */
export function stash(tx: QueueTransaction, queue: Queue, key: string, job: StashedJob): void {
  const { id, name, data, opts, timestamp, deduplicationId, repeatJobKey } = job;
  const stored: StashedJob = { id, name, data, opts, timestamp, deduplicationId, repeatJobKey };
  tx.sql(STASH).run(JSON.stringify(stored), queue.id, key);
}

const SELECT_STASH = "SELECT next_job FROM deduplication WHERE queue = ? AND id = ?";
const DROP_STASH = "UPDATE deduplication SET next_job = NULL WHERE queue = ? AND id = ?";

/** Takes the job out that is stashed behind the id. */
export function takeStash(tx: QueueTransaction, queue: Queue, id: string): StashedJob | undefined {
  const text = tx.sql(SELECT_STASH).get(queue.id, id)?.[0] as string | null | undefined;
  if (typeof text !== "string") return undefined;
  if (findKey(tx, queue, id)) tx.sql(DROP_STASH).run(queue.id, id);
  else deleteKeyAndStash(tx, queue, id);
  return JSON.parse(text) as StashedJob;
}

const NEIGHBOURS = `SELECT id, expires_at, next_job IS NULL FROM deduplication
  WHERE queue = ? AND id > ? ORDER BY id LIMIT 4`;

/**
 * Deletes what is expired among the rows next to `id`, or among the first if it is the last. Called for each id taken
 * for a time: more rows are looked at than come in, so expired ones do not pile up, and no index by time is needed.
 */
export function sweepExpired(tx: QueueTransaction, queue: Queue, id: string): void {
  const next = tx.sql(NEIGHBOURS).all(queue.id, id);
  const rows = next.length > 0 ? next : tx.sql(NEIGHBOURS).all(queue.id, "");
  for (const [neighbour, expiresAt, isBare] of rows as [string, number | null, 0 | 1][]) {
    if (expiresAt !== null && expiresAt <= tx.now && isBare)
      tx.sql(DELETE).run(queue.id, neighbour);
  }
}
