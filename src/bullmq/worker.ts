import { Worker as BullWorker } from "bullmq";
import type * as bullmq from "bullmq";
import type { URL } from "node:url";
import { createBackend } from "./create-backend.ts";
import { processWithin, timeoutOf } from "./job-timeout.ts";
import { applyRetryDefaults, hasRetryDefaults } from "./retry-defaults.ts";
import type { Any, BackendFactory, RetryDefaults, TimeoutOptions, WorkerOptions } from "./types.ts";

/**
 * BullMQ's `Worker` on the store that `connection` names, with `attempts`, `backoff` and `timeout` as defaults for jobs
 * that bring none, and a dead-letter queue.
 *
 * @example
 * const worker = new Worker("mails", async (job) => await send(job.data), {
 *   concurrency: 5,
 *   attempts: 3,
 *   backoff: { type: "exponential", delay: 1000 },
 *   deadLetterQueue: "mails-dead",
 * });
 */
export class Worker<
  DataType = Any,
  ResultType = Any,
  NameType extends string = string,
  ProgressType extends bullmq.JobProgress = bullmq.JobProgress,
> extends BullWorker<DataType, ResultType, NameType, Any, ProgressType, Any> {
  /**
   * @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_BAD_WORKER_OPTION, BULLMQ_DRIVER_MISSING,
   *   and what opening a SQLite file throws.
   */
  constructor(
    name: string,
    processor?:
      string | URL | null | bullmq.Processor<DataType, ResultType, NameType, ProgressType>,
    opts: WorkerOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    // BullMQ's Worker refuses to start without a connection; an empty one means the default store.
    super(name, processor, { ...opts, connection: opts.connection ?? {} }, backendFactory);
  }

  protected override nextJobFromJobData(
    jobData?: bullmq.JobJson,
    jobId?: string,
    token?: string,
  ): Promise<bullmq.Job<DataType, ResultType, NameType, ProgressType>> {
    const next = super.nextJobFromJobData(jobData, jobId, token);
    const defaults = this.opts as RetryDefaults;
    return hasRetryDefaults(defaults) ? withRetryDefaults(next, defaults) : next;
  }

  protected override callProcessJob(
    job: bullmq.Job<DataType, ResultType, NameType, ProgressType>,
    token: string,
    signal?: AbortSignal,
  ): Promise<ResultType> {
    const limits = this.opts as TimeoutOptions;
    const timeoutMs = timeoutOf(job, limits);
    if (timeoutMs === undefined) return super.callProcessJob(job, token, signal);
    const process = () => super.callProcessJob(job, token, signal);
    // BullMQ hands on whatever reason it is given.
    const abort = (reason: Error) => void this.cancelJob(job.id!, reason as unknown as string);
    return processWithin(job, timeoutMs, limits, process, abort);
  }
}

async function withRetryDefaults<NextJob extends bullmq.Job | undefined>(
  next: Promise<NextJob>,
  defaults: RetryDefaults,
): Promise<NextJob> {
  const job = await next;
  if (job !== undefined) applyRetryDefaults(job, defaults);
  return job;
}
