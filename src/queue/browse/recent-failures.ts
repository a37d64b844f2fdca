import { EVERYTHING } from "../../core/search/search-query.ts";
import type { SearchPage, Found } from "../../core/search/found.ts";
import { searchTable } from "../../storage/sqlite/search-table.ts";
import { decodeJobId } from "../jobs/job-id.ts";
import { matchJobs } from "./job-match.ts";
import type { Reader } from "./job-summary.ts";
import { shownQueueName } from "./queue-name.ts";
import { JOB_BOUNDS, JOB_TIME } from "./search-jobs.ts";

/** A job that has failed. */
export interface FailedJob {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  /** epoch ms */
  readonly at: number;
  readonly message: string;
  readonly stack: string | null;
}

/** What is left of longer ones tells them apart well enough. */
const MESSAGE_LENGTH = 500;
const STACK_LENGTH = 2_000;
const LOAD = `SELECT job.id, queue.prefix, queue.name, job.name, finished.finished_on,
    substr(job.failed_reason, 1, ${MESSAGE_LENGTH}), substr(job.stacktrace ->> '$[#-1]', 1, ${STACK_LENGTH})
  FROM json_each(?) AS wanted CROSS JOIN job ON job.pk = wanted.value JOIN queue ON queue.id = job.queue
  JOIN finished ON finished.job = job.pk ORDER BY wanted.key`;

/** The jobs that failed and are kept, those that were added last first. */
export function recentlyFailedJobs(
  reader: Reader,
  page: Omit<SearchPage, "query">,
): Promise<Found<FailedJob>> {
  const load = async (keys: readonly number[]): Promise<FailedJob[]> => {
    const rows = await reader.query(LOAD, [JSON.stringify(keys)]);
    type Row = [unknown, string, string, string, number, string | null, string | null];
    return (rows as Row[]).map(([id, prefix, queue, name, at, message, stack]) => ({
      id: decodeJobId(id),
      queue: shownQueueName(prefix, queue),
      name,
      at,
      stack,
      message: message ?? "",
    }));
  };
  const match = matchJobs({ ...EVERYTHING, states: ["failed"] });
  return searchTable(reader, { match, bounds: JOB_BOUNDS, time: JOB_TIME, load }, page);
}
