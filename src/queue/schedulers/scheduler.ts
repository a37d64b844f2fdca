import type { JobSchedulerJobOptions, JobsOptions, RepeatableOptions } from "bullmq";
import { eraseJob, findJob, leave, type JobRecord } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { addIteration, discard, freeTime, pendingIteration } from "./scheduler-iteration.ts";
import {
  eraseScheduler,
  findScheduler,
  iterationId,
  storeScheduler,
  type SchedulerFields,
  type SchedulerRecord,
} from "./scheduler-record.ts";
import { nextSlot } from "./scheduler-slot.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

export {
  getJobScheduler,
  getJobSchedulerData,
  getJobSchedulersCount,
  getJobSchedulersRange,
} from "./scheduler-getters.ts";

/** The next job of a scheduler, as BullMQ asks for it. */
export interface NextIteration {
  /** The scheduler's id. */
  readonly id: string;
  /** When a cron pattern is due next; for fixed intervals it is computed here, from the time before. */
  readonly nextMillis: number | undefined;
  readonly templateData: string;
  /** Options of the job to add. */
  readonly jobOpts: JobSchedulerJobOptions;
  /** The job whose taking by a worker makes the next one. */
  readonly producerId?: string | undefined;
}

/** A scheduler: it makes one job at a time, the next one when a worker takes the current one. */
export interface NewScheduler extends NextIteration {
  readonly templateOpts: JobsOptions;
  readonly repeat: Readonly<RepeatableOptions>;
}

/**
 * Adds a scheduler or changes the one of that id, and adds its next job in place of the one that still waits.
 * @returns the id of that job, and its delay
 * @throws job id taken (-10) for patterns, no free slot (-11) for intervals
 */
export function addJobScheduler(
  tx: QueueTransaction,
  queue: QueueState,
  scheduler: NewScheduler,
): [jobId: string, delay: number] {
  const { id, repeat, templateData, jobOpts } = scheduler;
  const previous = findScheduler(tx, queue, id);
  const pending = previous && pendingIteration(tx, queue, previous);
  const planned = plan(tx, scheduler, previous, pending);
  const at = freeTime(tx, queue, {
    id,
    at: planned.at,
    every: repeat.every,
    pending,
  });

  if (pending) discard(tx, queue, pending);
  const offset = pending ? (repeat.offset ?? previous?.fields["offset"]) : planned.offset;
  const fields = fieldsOf(scheduler, offset, previous?.fields["ic"] ?? "1");
  storeScheduler(tx, queue, { id, nextAt: at, fields });
  return addIteration(tx, queue, { id, name: repeat.name, data: templateData }, jobOpts, at);
}

/** When the next job should run: an interval that was not changed keeps the time of the job it replaces. */
function plan(
  tx: QueueTransaction,
  { nextMillis = tx.now, repeat, jobOpts }: NewScheduler,
  previous: SchedulerRecord | undefined,
  pending: JobRecord | undefined,
): { at: number; offset: number } {
  const { every, startDate } = repeat;
  const offset = repeat.offset ?? jobOpts.repeat?.offset ?? 0;
  if (!every) return { at: nextMillis, offset };
  const isSame = previous !== undefined && Number(previous.fields["every"]) === every;
  if (isSame && pending) return { at: previous.nextAt, offset };
  return nextSlot({
    every,
    now: tx.now,
    offset,
    startDate,
    previous: isSame ? previous.nextAt : undefined,
  });
}

/** The fields to keep; an empty template leaves none. */
function fieldsOf(
  { repeat, templateData, templateOpts }: NewScheduler,
  offset: number | string | undefined,
  iterationCount: string,
): SchedulerFields {
  const { name, tz, limit, pattern, startDate, endDate, every } = repeat;
  const fields: Record<string, string> = { name };
  for (const [field, value] of Object.entries({
    tz,
    limit,
    pattern,
    startDate,
    endDate,
    every,
    offset,
  })) {
    if (value !== undefined && value !== null) fields[field] = String(value);
  }
  const opts = JSON.stringify(templateOpts);
  if (opts !== "{}") fields["opts"] = opts;
  if (templateData !== "{}") fields["data"] = templateData;
  fields["ic"] = iterationCount;
  return fields;
}

/**
 * Adds the next job of a scheduler, when a worker has taken the current one. Only the current iteration makes the
 * next one, so there is never more than one chain of them. The payload comes from the stored template.
 * @returns the next job's id; null if the scheduler is gone, has moved on, or that job exists
 */
export function updateJobScheduler(
  tx: QueueTransaction,
  queue: QueueState,
  next: NextIteration,
): string | null {
  const { id, jobOpts, producerId } = next;
  const scheduler = findScheduler(tx, queue, id);
  if (!scheduler || producerId !== iterationId(id, scheduler.nextAt)) return null;
  const { fields } = scheduler;
  const at = timeAfter(tx, scheduler, next);
  const jobId = iterationId(id, at);
  if (findJob(tx, queue, jobId)) {
    queue.emit("D", jobId);
    return null;
  }
  const ic = String(Number(fields["ic"]) + 1);
  storeScheduler(tx, queue, { id, nextAt: at, fields: { ...fields, ic } });
  addIteration(tx, queue, { id, name: fields["name"]!, data: fields["data"] ?? "{}" }, jobOpts, at);
  return jobId;
}

function timeAfter(
  tx: QueueTransaction,
  { fields, nextAt }: SchedulerRecord,
  { nextMillis = tx.now, jobOpts: { repeat } }: NextIteration,
): number {
  const every = Number(fields["every"] ?? repeat?.every ?? 0);
  if (!every) return nextMillis;
  const offset = Number(fields["offset"] ?? repeat?.offset ?? 0);
  return nextSlot({ every, now: tx.now, offset, previous: nextAt, startDate: undefined }).at;
}

/**
 * Removes a scheduler, and its next job if that is still delayed.
 * @returns BullMQ's answer: 0 if there was one, 1 if not
 */
export function removeJobScheduler(
  tx: QueueTransaction,
  queue: QueueState,
  { id }: { readonly id: string },
): number {
  const scheduler = findScheduler(tx, queue, id);
  if (!scheduler) return 1;
  const job = findJob(tx, queue, iterationId(id, scheduler.nextAt));
  if (job?.state === State.delayed) {
    leave(tx, queue, job);
    eraseJob(tx, job.pk, job.extras);
    queue.emit("r", job.id, "delayed");
  }
  eraseScheduler(tx, queue, id);
  return 0;
}

const NEXT_AT = "SELECT next_at FROM scheduler WHERE queue = ? AND id = ?";

/** Whether there is a scheduler of that id. */
export function isScheduler(
  tx: Pick<QueueTransaction, "sql">,
  queue: Pick<QueueState, "id">,
  id: string,
): boolean {
  return tx.sql(NEXT_AT).get(queue.id, id) !== undefined;
}

/** Whether a job is the current iteration of its scheduler, which only goes with the scheduler. */
export function isSchedulersNextJob(
  tx: QueueTransaction,
  queue: QueueState,
  job: Pick<JobRecord, "id" | "repeatJobKey">,
): boolean {
  if (job.repeatJobKey === null) return false;
  const nextAt = tx.sql(NEXT_AT).get(queue.id, job.repeatJobKey)?.[0] as number | undefined;
  return nextAt !== undefined && job.id === iterationId(job.repeatJobKey, nextAt);
}
