import type { JobSchedulerJobOptions } from "bullmq";
import { enqueueNew } from "./add.ts";
import { forgetDeduplication } from "./deduplication.ts";
import { refusal, Refusal } from "./errors.ts";
import { eraseJob, findJob, leave, type JobRecord } from "./job-record.ts";
import type { QueueState } from "./queue-state.ts";
import { iterationId, type SchedulerRecord } from "./scheduler-record.ts";
import { State } from "./states.ts";
import type { QueueTransaction } from "./transaction.ts";

/** How many slots ahead an interval looks for one whose job id is free. */
const MAX_SLOTS = 32;

/** What every job of a scheduler is made from. */
export interface Template {
  /** The scheduler's id. */
  readonly id: string;
  readonly name: string;
  /** Payload as JSON text. */
  readonly data: string;
}

/** The scheduler's current job, if no worker has taken it yet. */
export function pendingIteration(
  tx: QueueTransaction,
  queue: QueueState,
  { id, nextAt }: SchedulerRecord,
): JobRecord | undefined {
  const job = findJob(tx, queue, iterationId(id, nextAt));
  return job?.state === State.waiting || job?.state === State.delayed ? job : undefined;
}

/** A time for the next job, and the finished job whose id it takes over. */
interface FreeIteration {
  readonly at: number;
  readonly taken?: JobRecord;
}

/**
 * The time nearest to `at` whose job id can be had; the id of the job that is replaced (`pending`) can. Jobs of an
 * earlier scheduler of the same id may hold some: intervals pass over them, patterns are refused. Only a pattern that
 * was ahead of its time, because its job was promoted, may run a second time at the time of that job.
 * @throws no free slot (-11) for intervals, job id taken (-10) for patterns
 */
export function freeIteration(
  tx: QueueTransaction,
  queue: QueueState,
  wanted: {
    readonly id: string;
    readonly at: number;
    readonly every: number | undefined;
    readonly pending: JobRecord | undefined;
  },
): FreeIteration {
  const { id, every, pending } = wanted;
  const holder = (at: number) => {
    const jobId = iterationId(id, at);
    return jobId === pending?.id ? undefined : findJob(tx, queue, jobId);
  };
  const taken = holder(wanted.at);
  if (!taken) return { at: wanted.at };
  if (every) {
    for (let slot = 1; slot <= MAX_SLOTS; slot++) {
      const at = wanted.at + slot * every;
      if (!holder(at)) return { at };
    }
    throw refusal(Refusal.schedulerSlotsBusy, { command: "addJobScheduler" });
  }
  if (pending && taken.finishedOn !== null) return { at: wanted.at, taken };
  throw refusal(Refusal.schedulerIdTaken, { command: "addJobScheduler" });
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
  const delay = Math.max(0, at - tx.now);
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
