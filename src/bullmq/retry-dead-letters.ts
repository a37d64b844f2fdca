import { Job } from "bullmq";
import type * as bullmq from "bullmq";
import {
  type DeadLetter,
  optionsForRetry,
  type RetriedDeadLetter,
  SqliteQueueBackend,
} from "../queue/index.ts";
import { queueOf } from "./dead-letters.ts";
import { Queue } from "./queue.ts";
import type { ConnectionOptions } from "./types.ts";

/** Which dead letters to retry, and where they are. */
export interface RetryDeadLettersOptions {
  /** Where the queues are; see {@link ConnectionOptions}. @default LONGHAUL_URL, or file:.longhaul/longhaul.db */
  readonly connection?: ConnectionOptions | undefined;
  /** @default "bull" */
  readonly prefix?: string | undefined;
  /** Which letters. @default all */
  readonly filter?: (letter: DeadLetter) => boolean | Promise<boolean>;
  /** How many at most, in the order in which they came. @default all */
  readonly count?: number;
}

const PAGE = 100;
/** BullMQ's refusal of a job that is not where it is expected. */
const NOT_IN_STATE = -3;

/**
 * Puts the jobs of dead letters back into the queues where they failed, and removes the letters. Their attempts begin
 * anew. A job that still stands failed in its queue is run again; one that is gone is added again, with its data and
 * options and, if no other job has it by now, under its id, to run at once. Letters that a worker of the dead-letter
 * queue has taken stay.
 *
 * In a SQLite file the job comes and the letter goes in one transaction. On Redis and PostgreSQL the job comes first;
 * after a crash in between, another call finds it back in its queue and removes the letter.
 *
 * @param deadLetterQueue the name of the dead-letter queue
 * @returns the jobs that were put back
 * @example
 * const since = new Date("2026-03-01T06:00:00Z").toISOString();
 * await retryDeadLetters("mails-dead", { filter: (letter) => letter.failedAt >= since });
 */
export async function retryDeadLetters(
  deadLetterQueue: string,
  { connection, prefix, filter = () => true, count = Infinity }: RetryDeadLettersOptions = {},
): Promise<RetriedDeadLetter[]> {
  const queue = new Queue<DeadLetter>(deadLetterQueue, {
    connection,
    ...(prefix !== undefined && { prefix }),
  });
  // The calls below reject with the same errors.
  queue.on("error", () => {});
  try {
    const retried: RetriedDeadLetter[] = [];
    for (const state of ["waiting", "prioritized", "delayed"] as const) {
      // What is retried leaves the line, so the next page begins after those that stay.
      for (let kept = 0; retried.length < count;) {
        const page = await queue.getJobs([state], kept, kept + PAGE - 1, true);
        const verdicts = await Promise.all(
          page.map(async ({ data }) => isLetter(data) && (await filter(data))),
        );
        const chosen = page.filter((_, index) => verdicts[index]).slice(0, count - retried.length);
        const done = await Promise.all(chosen.map((letter) => retryOne(queue, letter)));
        const moved = done.filter((each) => each !== undefined);
        retried.push(...moved);
        kept += page.length - moved.length;
        if (page.length < PAGE) break;
      }
    }
    return retried;
  } finally {
    await queue.close();
  }
}

/** Whether a job is a letter: nothing keeps others from adding jobs to such a queue. */
function isLetter(data: Partial<DeadLetter> | undefined): data is DeadLetter {
  return typeof data?.originalQueue === "string" && typeof data.originalJobId === "string";
}

function retryOne(
  queue: Queue<DeadLetter>,
  letter: bullmq.Job<DeadLetter>,
): Promise<RetriedDeadLetter | undefined> {
  const backend = queue.getBackend() as bullmq.IQueueBackend;
  return backend instanceof SqliteQueueBackend
    ? backend.retryDeadLetter(letter.id!)
    : retryOnServer(backend, letter);
}

async function retryOnServer(
  backend: bullmq.IQueueBackend,
  letter: bullmq.Job<DeadLetter>,
): Promise<RetriedDeadLetter> {
  const { originalQueue, originalJobId: id, timestamp } = letter.data;
  const queue = queueOf(backend.forQueue(originalQueue), originalQueue);
  const standing = await Job.fromId(queue, id);
  let jobId = id;
  // The very job: when it does not stand failed, somebody else has retried it.
  if (standing?.timestamp === timestamp) await retryFailed(standing);
  else jobId = await addAgain(queue, letter, standing ? `retry-${letter.id}` : id);
  await backend.remove(letter.id!, false);
  return { queue: originalQueue, jobId };
}

async function retryFailed(job: bullmq.Job): Promise<void> {
  try {
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_IN_STATE) throw error;
  }
}

/** Through the backend: BullMQ's Job refuses ids that are numbers, as those it counts itself are. */
async function addAgain(
  queue: bullmq.Queue,
  { data: letter }: bullmq.Job<DeadLetter>,
  jobId: string,
): Promise<string> {
  const opts = { ...optionsForRetry(letter.opts), timestamp: letter.timestamp };
  const job = new Job(queue, letter.name, letter.data, opts, jobId);
  return await queue.getBackend().addJob(job.asJSON(), jobId);
}
