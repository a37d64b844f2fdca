import { refusal, Refusal } from "../errors.ts";
import { findJob, moveInLine } from "./job-record.ts";
import { waitingPlace } from "./placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

const SET_PRIORITY = "UPDATE job SET priority = ? WHERE pk = ?";

/**
 * Gives a job another priority. One that waits moves to the back of that priority, or with `lifo` to its front; one
 * that does not will wait with it later.
 * @throws missing job (-1)
 */
export function changePriority(
  tx: QueueTransaction,
  queue: QueueState,
  {
    jobId,
    priority,
    lifo,
  }: { readonly jobId: string; readonly priority: number; readonly lifo: boolean },
): void {
  const job = findJob(tx, queue, jobId);
  if (!job) throw refusal(Refusal.missingJob, { command: "changePriority", jobId });
  if (job.state === State.waiting) {
    moveInLine(tx, queue, job, waitingPlace(queue, priority, lifo), { priority });
  } else {
    tx.sql(SET_PRIORITY).run(priority, job.pk);
  }
}
