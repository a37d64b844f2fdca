import type { Found, SearchPage } from "../../core/search/found.ts";
import { searchTable } from "../../storage/sqlite/search-table.ts";
import { matchJobs } from "./job-match.ts";
import { type JobSummary, type Reader, summariesOf } from "./job-summary.ts";

/** What {@link searchTable} asks of table `job`. */
export const JOB_BOUNDS = "SELECT (SELECT min(pk) FROM job), (SELECT max(pk) FROM job)";
export const JOB_TIME = "SELECT timestamp FROM job WHERE pk >= ? ORDER BY pk LIMIT 1";

/**
 * Searches the jobs of all queues, the newest first.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export async function searchJobs(
  reader: Reader,
  { query, ...page }: SearchPage,
): Promise<Found<JobSummary>> {
  const load = async (keys: readonly number[]) =>
    (await summariesOf(reader, keys)).map(({ job }) => job);
  return searchTable(
    reader,
    { match: matchJobs(query), bounds: JOB_BOUNDS, time: JOB_TIME, load },
    page,
  );
}
