import { Backoffs } from "bullmq";
import type * as bullmq from "bullmq";
import type { RetryDefaults, WorkerOptions } from "./types.ts";

/**
 * Gives a job that was added without `attempts` or `backoff` those of the worker that runs it.
 *
 * It has to happen between claiming the job and running it, on the job in memory: BullMQ decides
 * about a retry from `job.opts` there, the handler and `failed` listeners see the same numbers, and
 * nothing is stored. (Any earlier, and a job scheduler would copy them into its next iteration,
 * where they would count as the job's own.)
 */
export function applyRetryDefaults(job: bullmq.Job, defaults: RetryDefaults): void {
  const { attempts, backoff } = defaults;
  if (attempts !== undefined && !job.opts.attempts) job.opts.attempts = attempts;
  if (backoff !== undefined && job.opts.backoff === undefined) {
    const normalized = Backoffs.normalize(backoff);
    if (normalized !== undefined) job.opts.backoff = normalized;
  }
}

/** Whether a worker has any defaults to give. */
export function hasRetryDefaults({ attempts, backoff }: RetryDefaults): boolean {
  return attempts !== undefined || backoff !== undefined;
}

/** What is wrong with the defaults of a worker, in words. */
export function problemOfRetryDefaults(opts: WorkerOptions): string | undefined {
  return problemOfAttempts(opts) ?? problemOfBackoff(opts);
}

function problemOfAttempts({ attempts }: WorkerOptions): string | undefined {
  if (attempts === undefined || (Number.isSafeInteger(attempts) && attempts >= 0)) return undefined;
  return `attempts must be a whole number of at least 0, not ${String(attempts)}`;
}

function problemOfBackoff({ backoff, settings }: WorkerOptions): string | undefined {
  if (backoff === undefined) return undefined;
  if (typeof backoff === "number") return problemOfDelay(backoff);
  if (typeof backoff !== "object" || backoff === null || typeof backoff.type !== "string") {
    return "backoff must be a number of ms or { type, delay, jitter }";
  }
  const builtIn = backoff.type in Backoffs.builtinStrategies;
  if (!builtIn && settings?.backoffStrategy === undefined) {
    const known = Object.keys(Backoffs.builtinStrategies).join(", ");
    return `backoff.type ${backoff.type} is none of ${known}, and settings.backoffStrategy is not given`;
  }
  const { delay, jitter } = backoff;
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) {
    return `backoff.jitter must be between 0 and 1, not ${String(jitter)}`;
  }
  return builtIn || delay !== undefined ? problemOfDelay(delay) : undefined;
}

function problemOfDelay(delay: number | undefined): string | undefined {
  if (delay !== undefined && Number.isFinite(delay) && delay >= 0) return undefined;
  return `the delay of backoff must be a number of ms of at least 0, not ${String(delay)}`;
}
