import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How many candidates to look at in a step, and how many jobs to remove at most. */
export interface OrphanOptions {
  readonly count: number;
  readonly limit: number;
}

/**
 * Removes jobs that are in no state. On Redis a job's data and its place are different keys, so that one can be lost
 * without the other; here both are written in one transaction, and there is nothing to find.
 * @returns 0
 */
export const removeOrphanedJobs: (
  tx: QueueTransaction,
  queue: QueueState,
  options: OrphanOptions,
) => number = () => 0;
