import type { SearchQuery } from "../../core/search/search-query.ts";
import { matchJobs } from "../../queue/browse/job-match.ts";
import { JOB_BOUNDS } from "../../queue/browse/search-jobs.ts";
import { takeJobSnapshot } from "../../queue/bulk/snapshot.ts";
import { matchRuns } from "../../runs/search/run-match.ts";
import { RUN_BOUNDS } from "../../runs/search/search-runs.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import { scanKeys } from "../../storage/sqlite/scan.ts";
import type { Snapshot, Work } from "./operation.ts";

/** In which states an action can be done; what a filter without a state is about. */
const STATES: Readonly<Record<Work["action"], readonly string[]>> = {
  retry: ["failed"],
  promote: ["delayed"],
  remove: [],
  cancel: ["delayed", "queued", "running", "waiting"],
  replay: ["completed", "failed", "canceled", "expired", "timedOut", "skipped"],
};

/** A filter with the states that the action is for, if it names none. */
export const filterFor = ({ action }: Work, filter: SearchQuery): SearchQuery =>
  filter.states.length > 0 ? filter : { ...filter, states: STATES[action] };

/** Whether a filter means everything there is; nobody says so by accident. */
export const isEverything = (filter: SearchQuery): boolean =>
  Object.entries(filter).every(([field, part]) =>
    Array.isArray(part) ? part.length === 0 : part === undefined || field === "isPayloadHidden",
  );

/** How all jobs, or all runs, stand now. */
export async function takeSnapshot({ store, clock }: RuntimeParts, work: Work): Promise<Snapshot> {
  const at = clock.now();
  if (work.target === "jobs") return takeJobSnapshot(store, at);
  const [[, lastKey] = []] = (await store.query(RUN_BOUNDS)) as [number?, number?][];
  return { at, lastKey: lastKey ?? 0 };
}

/** What an operation would be about. */
export interface Preview {
  readonly count: number;
  /** Whether all was looked at; else there may be more. */
  readonly complete: boolean;
  /** The keys of the newest of them. */
  readonly newest: readonly number[];
}

/** Counting takes no longer. */
const COUNT_MS = 2_000;
const SAMPLE = 20;

/** Counts what fits a filter. */
export async function preview(
  { store }: RuntimeParts,
  work: Work,
  filter: SearchQuery,
): Promise<Preview> {
  const isJobs = work.target === "jobs";
  const match = isJobs ? matchJobs(filter) : matchRuns(filter);
  const bounds = isJobs ? JOB_BOUNDS : RUN_BOUNDS;
  const [[low, high] = []] = (await store.query(bounds)) as [number?, number?][];
  const { keys, isComplete } = await scanKeys({
    read: (first, last, limit) =>
      store.query(match.down, [...match.before, first, last, ...match.after, limit]),
    ...{ isDown: true, low: low ?? 1, high: high ?? 0 },
    ...{ limit: Number.MAX_SAFE_INTEGER - 1, timeBoxMs: COUNT_MS },
  });
  return { count: keys.length, complete: isComplete, newest: keys.slice(0, SAMPLE) };
}
