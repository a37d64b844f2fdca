import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "longhaul/bullmq";

/** One slow step in the life of a job. */
export interface Step {
  readonly name: string;
  readonly durationMs: number;
  /** The job's progress after the step, in percent. */
  readonly progress: number;
}

/** Stands in for a service that takes its time. Stops by throwing when `stopping` is aborted. */
export async function simulate(job: Job, step: Step, stopping: AbortSignal): Promise<void> {
  await job.log(step.name);
  await sleep(step.durationMs, undefined, { signal: stopping });
  await job.updateProgress(step.progress);
}
