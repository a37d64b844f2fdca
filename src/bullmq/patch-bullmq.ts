import { FlowProducer, Job, JobScheduler, Queue, Worker } from "bullmq";
import type * as bullmq from "bullmq";
import { withChecks } from "./check-job.ts";
import { checkTemplate } from "./job-scheduler.ts";
import { processWithin, timeoutOf } from "./job-timeout.ts";
import { withLimits } from "./payload-limit.ts";
import { addBulkWithRepeated, addRepeated, type BulkJob } from "./repeat.ts";
import { isRepeated, refuseRepeatInFlow } from "./repeat-options.ts";
import { applyRetryDefaults, hasRetryDefaults } from "./retry-defaults.ts";
import type { Any, JobsOptions, PayloadLimits, RetryDefaults, TimeoutOptions } from "./types.ts";
import { waitUntilFinished } from "./wait-until-finished.ts";

type Method<This, Result> = (this: This, ...args: Any[]) => Result;

/**
 * Puts the overrides of Longhaul's subclasses onto BullMQ's own classes.
 *
 * The prototypes are patched because the code this is for makes its objects from BullMQ's classes,
 * which it may have imported already: a default backend factory sees the jobs and results, but not
 * the moment at which `add` could still become a schedule.
 */
export function patchBullmq(): void {
  override<bullmq.Queue, Promise<bullmq.Job>>(Queue, "addJob", (original) => {
    return function addJob(name: string, data: unknown, opts?: JobsOptions) {
      if (isRepeated(opts)) return addRepeated(this, name, data, opts);
      return original.call(this, name, data, opts);
    };
  });
  override<bullmq.Queue, Promise<bullmq.Job[]>>(Queue, "addBulk", (original) => {
    return function addBulk(jobs: BulkJob[]) {
      if (!jobs.some(({ opts }) => isRepeated(opts))) return original.call(this, jobs);
      return addBulkWithRepeated(this, jobs, (plain) => original.call(this, plain));
    };
  });
  override<bullmq.Worker, Promise<bullmq.Job | undefined>>(
    Worker,
    "nextJobFromJobData",
    (original) => {
      return async function nextJobFromJobData(...args) {
        const job = await original.apply(this, args);
        const defaults = this.opts as RetryDefaults;
        if (job !== undefined && hasRetryDefaults(defaults)) applyRetryDefaults(job, defaults);
        return job;
      };
    },
  );
  override<bullmq.Worker, Promise<unknown>>(Worker, "callProcessJob", (original) => {
    return function callProcessJob(job: bullmq.Job, token: string, signal?: AbortSignal) {
      const limits = this.opts as TimeoutOptions;
      const timeoutMs = timeoutOf(job, limits);
      if (timeoutMs === undefined) return original.call(this, job, token, signal);
      const process = () => original.call(this, job, token, signal);
      const abort = (reason: Error) => void this.cancelJob(job.id!, reason as unknown as string);
      return processWithin(job, timeoutMs, limits, process, abort);
    };
  });
  override<bullmq.Job, void>(Job, "validateOptions", withChecks);
  override<bullmq.JobScheduler, Promise<unknown>>(
    JobScheduler,
    "upsertJobScheduler",
    (original) => {
      return function upsertJobScheduler(...args) {
        const [, , jobName, data, opts, how] = args;
        if (how.override) checkTemplate(this, jobName, data, opts);
        return original.apply(this, args);
      };
    },
  );
  override<bullmq.FlowProducer, { opts: object }>(FlowProducer, "queueFromNode", (original) => {
    return function queueFromNode(...args) {
      return withLimits(original.apply(this, args), this.opts as PayloadLimits);
    };
  });
  override<bullmq.FlowProducer, Promise<bullmq.JobNode>>(FlowProducer, "addNode", (original) => {
    return async function addNode(options: bullmq.AddNodeOpts) {
      refuseRepeatInFlow(options.node);
      return await original.call(this, options);
    };
  });
  override<bullmq.Job, Promise<unknown>>(Job, "waitUntilFinished", (original) => {
    return function waitForIt(queueEvents?: bullmq.QueueEvents, ttl?: number) {
      if (queueEvents === undefined) return waitUntilFinished(this, ttl);
      return original.call(this, queueEvents, ttl);
    };
  });
}

function override<This, Result>(
  target: { readonly prototype: object },
  name: string,
  replace: (original: Method<This, Result>) => Method<This, Result>,
): void {
  const prototype = target.prototype as Record<string, Method<This, Result>>;
  const original = prototype[name];
  if (original === undefined)
    throw new TypeError(`BullMQ's ${name} is gone; this needs bullmq 6.7`);
  prototype[name] = replace(original);
}
