import type { JobsOptions } from "bullmq";
import { z } from "zod";
import { count, json } from "./fields.ts";

/** BullMQ's options of a job, as far as they can be written in JSON. */

const keep = z.union([
  z.boolean(),
  count,
  z.strictObject({ age: count.optional(), count: count.optional(), limit: count.optional() }),
]);

const backoff = z.union([
  count,
  z.strictObject({
    type: z.string().min(1).max(100),
    delay: count.optional(),
    jitter: z.number().min(0).max(1).optional(),
  }),
]);

/** What jobs of a template, and of a flow, may say too. */
export const templateOptions = {
  attempts: z.int().min(0).max(1_000_000).optional(),
  backoff: backoff.optional(),
  keepLogs: count.optional(),
  lifo: z.boolean().optional(),
  priority: z.int().min(0).max(2_097_152).optional(),
  removeOnComplete: keep.optional(),
  removeOnFail: keep.optional(),
  sizeLimit: count.optional(),
  stackTraceLimit: count.optional(),
} as const;

const deduplication = z.strictObject({
  id: z.string().min(1).max(512),
  ttl: count.optional(),
  extend: z.boolean().optional(),
  replace: z.boolean().optional(),
  keepLastIfActive: z.boolean().optional(),
});

const ownOptions = {
  ...templateOptions,
  /** ms */
  delay: count.optional(),
  /** Adding it again changes nothing while the job is there. */
  jobId: z.string().min(1).max(512).optional(),
  deduplication: deduplication.optional(),
} as const;

export const jobOptions = z.strictObject(ownOptions);

/** A job in a flow also says what becomes of its parent. */
export const flowOptions = z.strictObject({
  ...ownOptions,
  failParentOnFailure: z.boolean().optional(),
  ignoreDependencyOnFailure: z.boolean().optional(),
  removeDependencyOnFailure: z.boolean().optional(),
  continueParentOnFailure: z.boolean().optional(),
});

export const newJob = z.strictObject({
  name: z.string().min(1).max(512),
  data: json.default({}),
  opts: jobOptions.default({}),
});

/**
 * The options as BullMQ takes them. A job that is asked for with an Idempotency-Key gets its id from that, so that a
 * request which is sent again after a crash adds no second one.
 */
export function optionsOf(
  opts: z.output<typeof jobOptions> | z.output<typeof flowOptions>,
  idFromKey: string | undefined,
): JobsOptions {
  // A deduplicated job is found by that.
  if (idFromKey === undefined || opts.jobId !== undefined || opts.deduplication !== undefined)
    return opts as JobsOptions;
  return { ...opts, jobId: idFromKey } as JobsOptions;
}
