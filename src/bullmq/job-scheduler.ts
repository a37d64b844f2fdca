import { JobScheduler as BullJobScheduler } from "bullmq";
import type * as bullmq from "bullmq";
import { createBackend } from "./create-backend.ts";
import { Job } from "./job.ts";
import { checkJobTimeout } from "./job-timeout.ts";
import { checkPayload } from "./payload-limit.ts";
import type { Any, BackendFactory, JobsOptions, RepeatBaseOptions } from "./types.ts";

/** BullMQ's `JobScheduler` on the store that `connection` names. `queue.jobScheduler` is one. */
export class JobScheduler extends BullJobScheduler<Any, Any> {
  constructor(
    name: string,
    opts: RepeatBaseOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    super(name, { connection: undefined, ...opts }, backendFactory);
  }

  protected override get Job(): typeof Job {
    return Job;
  }

  override upsertJobScheduler<T = Any, R = Any, N extends string = string>(
    jobSchedulerId: string,
    repeatOpts: Omit<bullmq.RepeatOptions, "key" | "prevMillis">,
    jobName: N,
    jobData: T,
    opts: bullmq.JobSchedulerTemplateOptions,
    how: { override: boolean; producerId?: string },
  ): Promise<bullmq.Job<T, R, N> | undefined> {
    if (how.override) checkTemplate(this, jobName, jobData, opts);
    return super.upsertJobScheduler(jobSchedulerId, repeatOpts, jobName, jobData, opts, how);
  }
}

/**
 * Refuses a job that a scheduler would make again and again.
 *
 * @throws {LonghaulError} BULLMQ_BAD_JOB_OPTION, BULLMQ_PAYLOAD_TOO_LARGE
 */
export function checkTemplate(
  queue: { readonly name: string; readonly opts: object },
  jobName: string,
  data: unknown,
  opts: JobsOptions,
): void {
  checkJobTimeout(jobName, opts);
  checkPayload(queue.opts, queue.name, jobName, JSON.stringify(data) ?? "");
}
