import { LonghaulError } from "../core/errors.ts";
import { problemOfDeadLetters } from "./dead-letters.ts";
import { problemOfTimeout } from "./job-timeout.ts";
import { problemOfRetryDefaults } from "./retry-defaults.ts";
import type { WorkerOptions } from "./types.ts";

/**
 * Refuses options of a worker that could only fail later, when the first job does.
 *
 * @throws {LonghaulError} BULLMQ_BAD_WORKER_OPTION
 */
export function checkWorkerOptions(queue: string, opts: WorkerOptions): void {
  const reason =
    problemOfRetryDefaults(opts) ?? problemOfTimeout(opts) ?? problemOfDeadLetters(queue, opts);
  if (reason !== undefined) throw new LonghaulError("BULLMQ_BAD_WORKER_OPTION", { queue, reason });
}
