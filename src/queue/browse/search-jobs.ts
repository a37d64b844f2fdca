import type { SearchQuery } from "../../core/search/search-query.ts";
import { scanKeys } from "../../storage/sqlite/scan.ts";
import { matchJobs } from "./job-match.ts";
import { type JobSummary, type Reader, summariesOf } from "./job-summary.ts";

/** A page of a search. */
export interface JobSearch {
  readonly query: SearchQuery;
  readonly limit: number;
  /** @default "newest" */
  readonly order?: "newest" | "oldest" | undefined;
  /** Where to go on: {@link FoundJobs.next} of the page before. */
  readonly from?: number | undefined;
  /** After so long the page ends with what was found. @default 150 */
  readonly timeBoxMs?: number | undefined;
}

/** What a search has found. */
export interface FoundJobs {
  readonly jobs: readonly JobSummary[];
  /** Where to go on; null when all was looked at. */
  readonly next: number | null;
  /** How many jobs were looked at, at most: as many as were added in this stretch, the removed ones included. */
  readonly searched: number;
  /** When the last job that was looked at was added, epoch ms; null when all was looked at. */
  readonly reachedTime: number | null;
}

/** The answer should be there after 300 ms, with other queries between its pieces. */
export const SEARCH_TIME_BOX_MS = 150;

const BOUNDS = "SELECT min(pk), (SELECT max(pk) FROM job) FROM job";
const TIME = "SELECT timestamp FROM job WHERE pk >= ? ORDER BY pk LIMIT 1";

/**
 * Searches the jobs of all queues, the newest first: a scan in pieces, because an index for it would slow every job.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export async function searchJobs(reader: Reader, search: JobSearch): Promise<FoundJobs> {
  const { query, limit, from, order = "newest", timeBoxMs = SEARCH_TIME_BOX_MS } = search;
  const isDown = order === "newest";
  const { down, up, before, after } = matchJobs(query);
  const [[lowest, highest] = [null, null]] = await reader.query(BOUNDS);
  if (lowest === null) return { jobs: [], next: null, searched: 0, reachedTime: null };
  const low = isDown ? (lowest as number) : (from ?? (lowest as number));
  const high = isDown ? (from ?? (highest as number)) : (highest as number);
  const scanned = await scanKeys({
    read: (first, last, count) =>
      reader.query(isDown ? down : up, [...before, first, last, ...after, count]),
    ...{ isDown, low, high, limit, timeBoxMs },
  });
  const found = await summariesOf(reader, scanned.keys);
  const { isComplete, next } = scanned;
  const [[time] = [null]] = isComplete ? [] : await reader.query(TIME, [next]);
  return {
    jobs: found.map(({ job }) => job),
    next: isComplete ? null : next,
    searched: Math.max(0, isDown ? high - Math.max(next, low - 1) : Math.min(next, high + 1) - low),
    reachedTime: (time as number | null | undefined) ?? null,
  };
}
