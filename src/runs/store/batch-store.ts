import type { RunState } from "../types.ts";
import type { StartIdempotency } from "./start-details.ts";

/** Runs that were started together. */
export interface BatchRecord {
  readonly id: string;
  readonly createdAt: number;
  /** How many starts it was made for. */
  readonly count: number;
  /** Its runs, in the order of their starts; a run that an equal start made before is one of them too. */
  readonly runIds: readonly string[];
  /** How many of them are in each state; those that are no longer kept are in none. */
  readonly counts: Readonly<Partial<Record<RunState, number>>>;
  /** When its last run ended; missing while one has not, or while runs are still being started. */
  readonly finishedAt?: number | undefined;
}

/** Batches. A start with `batchId` in its details joins one, and makes it if it is not there. */
export interface BatchStore {
  /**
   * Makes a batch before its runs.
   * @returns `isCached` with the id of the one that an equal request made before
   */
  create(params: {
    readonly now: number;
    readonly id: string;
    readonly count: number;
    readonly idempotency?: Pick<StartIdempotency, "key" | "until"> | undefined;
  }): Promise<{ readonly id: string; readonly isCached: boolean }>;
  retrieve(id: string): Promise<BatchRecord | undefined>;
}
