import { jobByPk, type JobRecord } from "../jobs/job-record.ts";
import { promote } from "../process/delay.ts";
import { retryFinishedJob } from "../process/retry.ts";
import type { QueueState } from "../queue-state.ts";
import { removeJob } from "../removal/remove.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";
import { hasNotMoved, type JobSnapshot } from "./snapshot.ts";

/** What can be done with many jobs. */
export type JobAction = "retry" | "remove" | "promote";

/** What became of some jobs. */
export interface Applied {
  readonly done: number;
  /** Moved meanwhile, or stood where the action cannot be done. */
  readonly skipped: number;
  readonly failed: readonly { readonly id: string; readonly message: string }[];
}

const QUEUE = "SELECT queue FROM job WHERE pk = ?";

/** Does something with the jobs of some keys, in one transaction, unless they have moved since the snapshot. */
export function applyToJobs(
  tx: QueueTransaction,
  keys: readonly number[],
  action: JobAction,
  snapshot: JobSnapshot,
): Applied {
  let done = 0;
  let skipped = 0;
  const failed: { id: string; message: string }[] = [];
  for (const key of keys) {
    const job = jobByPk(tx, key);
    const queue = job && (tx.sql(QUEUE).get(key)![0] as number);
    if (!job || queue === undefined || !hasNotMoved(job, queue, snapshot)) {
      skipped++;
      continue;
    }
    try {
      if (ACTIONS[action](tx, tx.queueById(queue), job)) done++;
      else skipped++;
    } catch (error) {
      // What is refused was refused before anything was written; its number is BullMQ's.
      if (typeof (error as { code?: unknown }).code !== "number") throw error;
      failed.push({ id: job.id, message: (error as Error).message });
    }
  }
  return { done, skipped, failed };
}

/** @returns whether it was done; false if the job does not stand where it can be */
type Action = (tx: QueueTransaction, queue: QueueState, job: JobRecord) => boolean;

const ACTIONS: Readonly<Record<JobAction, Action>> = {
  retry: (tx, queue, { id: jobId, state }) => {
    if (state !== State.failed && state !== State.completed) return false;
    retryFinishedJob(tx, queue, { jobId, state });
    return true;
  },
  promote: (tx, queue, { id: jobId, state }) => {
    if (state !== State.delayed) return false;
    promote(tx, queue, { jobId });
    return true;
  },
  remove: (tx, queue, { id: jobId }) =>
    removeJob(tx, queue, { jobId, removeChildren: false }) === 1,
};
