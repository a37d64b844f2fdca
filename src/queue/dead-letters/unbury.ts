import { addJob } from "../add/add.ts";
import { findJob } from "../jobs/job-record.ts";
import { retryFinishedJob } from "../process/retry.ts";
import type { QueueState } from "../queue-state.ts";
import { removeJob } from "../removal/remove.ts";
import { State } from "../states.ts";
import { queueRef, type QueueTransaction } from "../transaction.ts";
import { type DeadLetter, optionsForRetry, type RetriedDeadLetter } from "./dead-letter.ts";

const DATA = "SELECT data FROM job WHERE pk = ?";

/**
 * Puts the job of a dead letter back where it failed, and removes the letter. A job that is still there, failed, is run
 * again with its attempts counted anew; one that is gone is added anew under its id, or, if another has that id by now,
 * under the next.
 * @returns `undefined`, with nothing changed, for a letter that is gone or that a worker has taken
 */
export function retryDeadLetter(
  tx: QueueTransaction,
  letters: QueueState,
  { letterId }: { readonly letterId: string },
): RetriedDeadLetter | undefined {
  const job = findJob(tx, letters, letterId);
  if (job?.state !== State.waiting && job?.state !== State.delayed) return undefined;
  const letter = JSON.parse(tx.sql(DATA).get(job.pk)![0] as string) as DeadLetter;
  const original = tx.queue(queueRef(letters.prefix, letter.originalQueue));
  removeJob(tx, letters, { jobId: letterId, removeChildren: false });
  return { queue: original.name, jobId: putBack(tx, original, letter) };
}

function putBack(tx: QueueTransaction, queue: QueueState, letter: DeadLetter): string {
  const { originalJobId: id, name, data, opts, timestamp } = letter;
  const standing = findJob(tx, queue, id);
  // The very job: when it does not stand failed, somebody else has retried it.
  if (standing?.timestamp === timestamp) {
    if (standing.state === State.failed)
      retryFinishedJob(tx, queue, {
        jobId: id,
        state: State.failed,
        resetAttemptsMade: true,
        resetAttemptsStarted: true,
      });
    return id;
  }
  const json = { name, data: JSON.stringify(data), opts: optionsForRetry(opts) };
  return addJob(tx, queue, { ...json, timestamp }, standing ? undefined : id);
}
