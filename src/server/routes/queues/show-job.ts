import { z } from "zod";
import type { JobDetail } from "../../../queue/browse/job-detail.ts";
import { jobStates } from "../../../queue/browse/job-states.ts";
import type { JobSummary } from "../../../queue/browse/job-summary.ts";
import type { Redactor } from "../../redact.ts";
import { iso, isoOrNull, json, time } from "./fields.ts";

/** Jobs as the API shows them. */

export const jobState = z.enum(jobStates);

/** A job in a list. */
export const jobSummary = z.object({
  id: z.string(),
  /** Its queue; with the prefix before it (`prefix:name`) if that is not BullMQ's default. */
  queue: z.string(),
  name: z.string(),
  state: jobState,
  createdAt: time,
  /** When a delayed job is due. */
  dueAt: time.nullable(),
  delayMs: z.number(),
  priority: z.int(),
  attemptsMade: z.int(),
  attemptsStarted: z.int(),
  processedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** Name of the worker that has it, or had it last. */
  processedBy: z.string().nullable(),
  progress: json,
  /** In lists its first 500 characters. */
  failedReason: z.string().nullable(),
  /** Key of its parent, `prefix:queue:id`. */
  parentKey: z.string().nullable(),
  /** The job scheduler that made it. */
  schedulerId: z.string().nullable(),
});

/** A job with all that is known of it. */
export const jobDetail = jobSummary.extend({
  data: json,
  opts: z.record(z.string(), json),
  /** What it came to; null while it is not completed. */
  returnvalue: json,
  /** Of each failed attempt that is kept, the oldest first. */
  stacktrace: z.array(z.string()),
  stalledCount: z.int(),
  deduplicationId: z.string().nullable(),
  children: z.object({
    total: z.int(),
    /** Those that it still waits for. */
    pending: z.int(),
    processed: z.int(),
    ignored: z.int(),
    failed: z.int(),
  }),
  logLines: z.int(),
  /** Why it stands where it stands. */
  why: z.object({
    code: z.string(),
    /** One sentence. */
    text: z.string(),
    /** Its place in line, the first is 1; 10,001 for all that are further back. */
    position: z.int().nullable(),
    until: time.nullable(),
  }),
});

export type ShownJob = z.input<typeof jobSummary>;

export function showJob(job: JobSummary, redact: Redactor): ShownJob {
  return {
    id: job.id,
    queue: job.queue,
    name: job.name,
    state: job.state,
    createdAt: iso(job.timestamp),
    dueAt: isoOrNull(job.dueAt),
    delayMs: job.delay,
    priority: job.priority,
    attemptsMade: job.attemptsMade,
    attemptsStarted: job.attemptsStarted,
    processedAt: isoOrNull(job.processedOn),
    finishedAt: isoOrNull(job.finishedOn),
    processedBy: job.processedBy,
    progress: job.progress === null ? 0 : redact(JSON.parse(job.progress) as unknown),
    failedReason: job.failedReason,
    parentKey: job.parentKey,
    schedulerId: job.schedulerId,
  };
}

export function showFullJob(job: JobDetail, redact: Redactor): z.input<typeof jobDetail> {
  const { why } = job;
  return {
    ...showJob(job, redact),
    data: redact(job.data),
    opts: redact(job.opts) as Record<string, unknown>,
    returnvalue: redact(job.returnvalue),
    stacktrace: [...job.stacktrace],
    stalledCount: job.stalledCount,
    deduplicationId: job.deduplicationId,
    children: job.children,
    logLines: job.logLines,
    why: {
      code: why.code,
      text: why.text,
      position: why.position ?? null,
      until: isoOrNull(why.until),
    },
  };
}
