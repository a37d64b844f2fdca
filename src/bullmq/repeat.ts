import type * as bullmq from "bullmq";
import { isRepeated, planRepeat, type RepeatPlan } from "./repeat-options.ts";
import type { Any, JobsOptions, RepeatOptions } from "./types.ts";

type AnyQueue = bullmq.Queue<Any, Any, Any, Any, Any, Any, Any, Any>;
type AnyJob = bullmq.Job;

/** One job as `addBulk` takes it. */
export interface BulkJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: JobsOptions | undefined;
}

/** Adds a job with `repeat` as a job scheduler, and returns the job of its next iteration. */
export async function addRepeated(
  queue: AnyQueue,
  name: string,
  data: unknown,
  opts: JobsOptions & { repeat: RepeatOptions },
): Promise<AnyJob> {
  return await schedule(queue, name, data, planRepeat(name, opts, queue.opts.settings));
}

/**
 * `addBulk` where some jobs may have `repeat`. Everything is checked before anything is written;
 * then the schedulers, which may be written twice without harm, then the rest in one go.
 */
export async function addBulkWithRepeated(
  queue: AnyQueue,
  jobs: readonly BulkJob[],
  addPlain: (jobs: BulkJob[]) => Promise<AnyJob[]>,
): Promise<AnyJob[]> {
  const plans = jobs.map(({ name, opts }) =>
    isRepeated(opts) ? planRepeat(name, opts, queue.opts.settings) : undefined,
  );
  const added: (AnyJob | undefined)[] = [];
  for (const [index, { name, data }] of jobs.entries()) {
    const plan = plans[index];
    added.push(plan && (await schedule(queue, name, data, plan)));
  }
  const plain = (await addPlain(jobs.filter((_, index) => plans[index] === undefined))).values();
  return added.map((job) => job ?? (plain.next().value as AnyJob));
}

async function schedule(queue: AnyQueue, name: string, data: unknown, plan: RepeatPlan) {
  const { schedulerId, repeat, template } = plan;
  return await queue.upsertJobScheduler(schedulerId, repeat, { name, data, opts: template });
}
