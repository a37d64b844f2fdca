import { Job } from "bullmq";
import type * as bullmq from "bullmq";
import {
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterQueue,
  LETTER_OPTIONS,
} from "../queue/index.ts";
import type { Any, WorkerOptions } from "./types.ts";

/**
 * Makes the backend of a worker on a server copy a job to its dead-letter queue before it fails for good. There is no
 * transaction over both: when the process dies in between, the job is run again, and if it fails again, its copy has the
 * same id and is there already.
 */
export function withDeadLetters(
  backend: bullmq.IQueueBackend,
  queue: string,
  option: string | DeadLetterQueue,
): void {
  const { name, jobOptions } = deadLetterQueue(option);
  const letters = queueOf(backend.forQueue(name), name);
  const moveToFailed = backend.moveToFailed.bind(backend);
  backend.moveToFailed = async (job, failedReason, ...rest) => {
    const failed = job as unknown as bullmq.Job;
    const letter = letterOf(failed, queue, failedReason);
    await Job.create(letters, job.name, letter, { ...jobOptions, jobId: letterId(queue, failed) });
    return await moveToFailed(job, failedReason, ...rest);
  };
}

/** As little of a queue as BullMQ's Job needs to read and write jobs through a backend. */
export function queueOf(backend: bullmq.IQueueBackend, name: string): bullmq.Queue {
  const queue = {
    name,
    backend,
    opts: {},
    qualifiedName: backend.qualifiedName,
    toKey: (type: string) => backend.toKey(type),
    getBackend: () => backend,
    waitUntilReady: () => backend.waitUntilReady(),
    emit: () => false,
  };
  return queue as Any;
}

/**
 * The same for each failure of a job, however often it is told: a run that was lost, by a crash or a stall, counts in
 * both numbers. The time tells a job from a later one of the same id.
 */
function letterId(queue: string, job: bullmq.Job): string {
  const run = job.attemptsStarted - job.stalledCounter;
  return `dead-${queue}-${encodeURIComponent(job.id!)}-${job.timestamp}-${run}`;
}

function letterOf(job: bullmq.Job, queue: string, error: string): DeadLetter {
  return {
    originalQueue: queue,
    originalJobId: job.id!,
    name: job.name,
    data: job.data as unknown,
    opts: job.opts,
    error,
    stack: job.stacktrace?.at(-1) ?? null,
    failedAt: new Date().toISOString(),
    attemptsMade: job.attemptsMade + 1,
    timestamp: job.timestamp,
  };
}

/** What is wrong with the dead-letter queue of a worker, in words. */
export function problemOfDeadLetters(
  queue: string,
  { deadLetterQueue: option }: WorkerOptions,
): string | undefined {
  if (option === undefined) return undefined;
  const { name, jobOptions = {}, ...rest } = deadLetterQueue(option);
  if (typeof name !== "string" || name === "" || name.includes(":"))
    return "deadLetterQueue must be the name of a queue, or { name, jobOptions }";
  if (name === queue) return "a queue cannot be its own dead-letter queue";
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return `deadLetterQueue knows no ${unknown}`;
  const bad = Object.keys(jobOptions).find((key) => !LETTER_OPTIONS.includes(key as never));
  return bad && `deadLetterQueue.jobOptions knows no ${bad}, only ${LETTER_OPTIONS.join(", ")}`;
}
