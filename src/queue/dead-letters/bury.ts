import type { JobsOptions } from "bullmq";
import { addJob } from "../add/add.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { queueRef, type QueueTransaction } from "../transaction.ts";
import { type DeadLetter, type DeadLetterQueue, lastStack } from "./dead-letter.ts";

const CONTENT = "SELECT data, opts, stacktrace FROM job WHERE pk = ?";

/** Adds a copy of a job that fails for good to its dead-letter queue, in the transaction that makes it fail. */
export function buryJob(
  tx: QueueTransaction,
  queue: QueueState,
  job: JobRecord,
  error: string,
  { name, jobOptions }: DeadLetterQueue,
): void {
  const [data, opts, stacktrace] = tx.sql(CONTENT).get(job.pk) as [string, string, string | null];
  const letter: DeadLetter = {
    originalQueue: queue.name,
    originalJobId: job.id,
    name: job.name,
    data: JSON.parse(data) as unknown,
    opts: JSON.parse(opts) as JobsOptions,
    error,
    stack: lastStack(stacktrace),
    failedAt: new Date(tx.now).toISOString(),
    attemptsMade: job.attemptsMade + 1,
    timestamp: job.timestamp,
  };
  const letters = tx.queue(queueRef(queue.prefix, name));
  const json = { name: job.name, data: JSON.stringify(letter), timestamp: tx.now };
  addJob(tx, letters, { ...json, opts: { attempts: 0, ...jobOptions } }, undefined);
}
