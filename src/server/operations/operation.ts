import type { SearchQuery } from "../../core/search/search-query.ts";
import type { JobAction } from "../../queue/bulk/apply.ts";
import type { JobSnapshot } from "../../queue/bulk/snapshot.ts";

/** What can be done with many runs. */
export type RunAction = "cancel" | "replay";

/** What a bulk operation is about: jobs or runs, and what to do with them. */
export type Work =
  | { readonly target: "jobs"; readonly action: JobAction }
  | { readonly target: "runs"; readonly action: RunAction };

/** How everything stood when an operation was asked for. */
export type Snapshot = JobSnapshot | { readonly at: number; readonly lastKey: number };

/** A bulk operation. Times are epoch ms. */
export interface Operation {
  readonly key: number;
  readonly id: string;
  readonly work: Work;
  readonly filter: SearchQuery;
  readonly snapshot: Snapshot;
  /** `failed`: it broke; what it did is done. */
  readonly state: "running" | "completed" | "aborted" | "failed";
  readonly createdBy: string;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** The key up to which everything was looked at, and the last to look at. */
  readonly position: number;
  readonly lastKey: number;
  /** How many fitted the filter so far. */
  readonly matched: number;
  readonly done: number;
  /** Moved meanwhile, or stood where the action cannot be done. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of those that failed. */
  readonly errors: readonly { readonly id: string; readonly message: string }[];
}

/** What a piece of work has come to. */
export interface Step {
  readonly position: number;
  readonly matched: number;
  readonly done: number;
  readonly skipped: number;
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  readonly isLast: boolean;
}
