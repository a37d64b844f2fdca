import type { JobSchedulerJobOptions } from "bullmq";
import { enqueueNew } from "../add/add.ts";
import { forgetDeduplication } from "../add/deduplication.ts";
import { refusal, Refusal } from "../errors.ts";
import { eraseJob, findJob, leave, type JobRecord } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { iterationId, type SchedulerRecord } from "./scheduler-record.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How many times are tried for one whose job id is free. */
const MAX_TRIES = 32;

/** What every job of a scheduler is made from. */
export interface Template {
  /** The scheduler's id. */
  readonly id: string;
  readonly name: string;
  /** Payload as JSON text. */
  readonly data: string;
}

/**
 * The scheduler's current job, if a new one may take its place: it is delayed, or waits. As in BullMQ, a job that waits
 * without a priority in a paused queue stays.
 */
export function pendingIteration(
  tx: QueueTransaction,
  queue: QueueState,
  { id, nextAt }: SchedulerRecord,
): JobRecord | undefined {
  const job = findJob(tx, queue, iterationId(id, nextAt));
  if (job?.state === State.delayed) return job;
  return job?.state === State.waiting && (job.place.major > 0 || !queue.isPaused) ? job : undefined;
}

/**
 * The time nearest to `at` whose job id can be had; the id of the job that is replaced (`pending`) can. Jobs of an
 * earlier scheduler of the same id may hold some: intervals pass over them, patterns are refused. But a pattern that is
 * ahead of time, because its job was promoted, comes back to the time of that job: the two then differ by a fraction
 * of a millisecond.
 * @throws no free slot (-11) for intervals, job id taken (-10) for patterns
 */
export function freeTime(
  tx: QueueTransaction,
  queue: QueueState,
  wanted: {
    readonly id: string;
    readonly at: number;
    readonly every: number | undefined;
    readonly pending: JobRecord | undefined;
  },
): number {
  const { id, every, pending } = wanted;
  const isFree = (at: number) => {
    const jobId = iterationId(id, at);
    return jobId === pending?.id || findJob(tx, queue, jobId) === undefined;
  };
  if (isFree(wanted.at)) return wanted.at;
  const step = every || 0.01;
  const tries = every || pending ? MAX_TRIES : 0;
  for (let n = 1; n <= tries; n++) {
    if (isFree(wanted.at + n * step)) return wanted.at + n * step;
  }
  const code = every ? Refusal.schedulerSlotsBusy : Refusal.schedulerIdTaken;
  throw refusal(code, { command: "addJobScheduler" });
}

/** Deletes a job that a new iteration stands for. */
export function discard(tx: QueueTransaction, queue: QueueState, job: JobRecord): void {
  forgetDeduplication(tx, queue, job);
  leave(tx, queue, job);
  eraseJob(tx, job.pk, job.extras);
}

/** Adds the job of a scheduler for a time. @returns its id and its delay */
export function addIteration(
  tx: QueueTransaction,
  queue: QueueState,
  { id, name, data }: Template,
  jobOpts: JobSchedulerJobOptions,
  at: number,
): [jobId: string, delay: number] {
  const jobId = iterationId(id, at);
  const delay = Math.max(0, Math.floor(at - tx.now));
  const opts = { ...jobOpts, delay, jobId, ...repeatWithoutNull(jobOpts) };
  const deduplicationId = opts.deduplication?.id;
  queue.lastJobId++;
  enqueueNew(
    tx,
    queue,
    { name, data, opts, timestamp: tx.now, deduplicationId, repeatJobKey: id },
    jobId,
  );
  return [jobId, delay];
}

/** BullMQ writes null where there is no offset, and its own stores drop it. */
function repeatWithoutNull({
  repeat,
}: JobSchedulerJobOptions): Pick<JobSchedulerJobOptions, "repeat"> {
  if (!repeat || typeof repeat.offset === "number") return {};
  const { offset: _, ...rest } = repeat;
  return { repeat: rest };
}
