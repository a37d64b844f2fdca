import { Extra } from "../jobs/job-json.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How a child stands with its parent; BullMQ's words for them are in brackets. */
export const ChildState = {
  /** Not done yet: the parent waits for it (unprocessed). */
  pending: 0,
  /** Completed; its return value is kept (processed). */
  processed: 1,
  /** Failed, and the parent goes on; the reason is kept (ignored). */
  ignored: 2,
  /** Failed, and the parent fails with it (failed). */
  failed: 3,
} as const;

/** One of the numbers in {@link ChildState}. */
export type ChildState = (typeof ChildState)[keyof typeof ChildState];

/** A job that has children, with the queue it is in: often not the queue of the children. */
export interface Parent {
  readonly queue: QueueState;
  readonly job: JobRecord;
}

const STATE = "SELECT state FROM child WHERE parent = ? AND child_key = ?";
const PUT = `INSERT INTO child (parent, child_key, state, value, rank) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (parent, child_key) DO UPDATE SET state = excluded.state, value = excluded.value, rank = excluded.rank`;
const DELETE = "DELETE FROM child WHERE parent = ? AND child_key = ?";
const COUNT = `UPDATE job SET pending_children = pending_children + ?, failed_children = failed_children + ?,
  extras = extras | ${Extra.children} WHERE pk = ? RETURNING pending_children`;

/** How the parent sees the child; `undefined` if it is none of its children. */
export function childState(
  tx: QueueTransaction,
  parent: Parent,
  key: string,
): ChildState | undefined {
  return tx.sql(STATE).get(parent.job.pk, key)?.[0] as ChildState | undefined;
}

const KEYS = "SELECT child_key FROM child WHERE parent = ? ORDER BY state, rank";
const PENDING_KEYS = `SELECT child_key FROM child WHERE parent = ? AND state = ${ChildState.pending} ORDER BY rank`;

/** The keys of a parent's children, or of those it still waits for. */
export function childKeys(
  tx: QueueTransaction,
  parentPk: number,
  { pendingOnly = false }: { readonly pendingOnly?: boolean } = {},
): string[] {
  return tx
    .sql(pendingOnly ? PENDING_KEYS : KEYS)
    .all(parentPk)
    .map(([key]) => key as string);
}

/**
 * Writes how a child stands with its parent, whatever it was before.
 * @returns how many children the parent still waits for
 */
export function setChild(
  tx: QueueTransaction,
  parent: Parent,
  key: string,
  {
    state,
    value = null,
    before,
  }: { state: ChildState; value?: string | null; before: ChildState | undefined },
): number {
  tx.sql(PUT).run(parent.job.pk, key, state, value, parent.queue.nextRank());
  return recount(tx, parent, before, state);
}

/** Forgets a child. @returns how many the parent still waits for */
export function dropChild(
  tx: QueueTransaction,
  parent: Parent,
  key: string,
  before: ChildState,
): number {
  tx.sql(DELETE).run(parent.job.pk, key);
  return recount(tx, parent, before, undefined);
}

function recount(
  tx: QueueTransaction,
  { queue, job }: Parent,
  before: ChildState | undefined,
  after: ChildState | undefined,
): number {
  queue.jobChanged(job.id);
  const change = (state: ChildState) => Number(after === state) - Number(before === state);
  return tx
    .sql(COUNT)
    .get(change(ChildState.pending), change(ChildState.failed), job.pk)![0] as number;
}
