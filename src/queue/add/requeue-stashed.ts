import { enqueueNew } from "./add.ts";
import { hold, takeStash } from "./deduplication-keys.ts";
import { findJob } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Enqueues the job that was stashed while a holder of the id was active. It takes the id. */
export function requeueStashed(
  tx: QueueTransaction,
  queue: QueueState,
  deduplicationId: string,
): void {
  const stashed = takeStash(tx, queue, deduplicationId);
  if (!stashed) return;
  queue.lastJobId++;
  const { id, ...job } = stashed;
  // Its id may have been given to another job since; that one stands for it, as for any job added twice.
  if (findJob(tx, queue, id)) {
    queue.emit("D", id);
    return;
  }
  hold(tx, queue, deduplicationId, id, null);
  enqueueNew(tx, queue, { ...job, timestamp: tx.now }, id);
}
