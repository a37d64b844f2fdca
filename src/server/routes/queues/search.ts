import { z } from "zod";
import { isLonghaulError } from "../../../core/errors.ts";
import type { Found } from "../../../core/search/found.ts";
import type { SearchQuery } from "../../../core/search/search-query.ts";
import { searchJobs } from "../../../queue/browse/search-jobs.ts";
import { searchRuns } from "../../../runs/search/search-runs.ts";
import { decodeCursor, encodeCursor, pageOf, pageQuery } from "../../pages.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { runSummary, showRun } from "../runs/show-run.ts";
import { isoOrNull, time } from "./fields.ts";
import { readSearch, searchFields } from "./search-fields.ts";
import { jobSummary, showJob } from "./show-job.ts";

/** Search over everything: a scan, newest first, that ends when the page is full or its time is up. */

const DESCRIPTION =
  "A page ends when it is full, when all was looked at (`complete`), or after about 150 ms: then `page.next` goes on, also from a page without any hit.";

const searchPage = <Row extends z.ZodType>(row: Row) =>
  pageOf(row).extend({
    /** How many were looked at, at most. */
    searched: z.int(),
    /** Whether all was looked at, so that there is no more. */
    complete: z.boolean(),
    /** When the next one to look at was made. */
    reachedTime: time.nullable(),
  });

const order = z.enum(["newest", "oldest"]).default("newest");
const query = z.strictObject({ ...pageQuery, ...searchFields, order });

interface Page {
  readonly limit: number;
  readonly from?: number | undefined;
  readonly order?: "newest" | "oldest";
}

function show<Row, Shown>(
  { rows, next, searched, reachedTime }: Found<Row>,
  one: (row: Row) => Shown,
) {
  return {
    data: rows.map(one),
    page: { next: next === null ? null : encodeCursor([next]) },
    searched,
    complete: next === null,
    reachedTime: isoOrNull(reachedTime),
  };
}

const findJobs = async ({ parts, redact }: ServerHost, search: SearchQuery, page: Page) =>
  show(await searchJobs(parts.store, { query: search, ...page }), (job) => showJob(job, redact));
const findRuns = async ({ parts }: ServerHost, search: SearchQuery, page: Page) =>
  show(await searchRuns(parts.store, { query: search, ...page }), showRun);

function pageOfQuery({ limit, cursor, order: wanted }: z.output<typeof query>): Page {
  const [from] = (decodeCursor(cursor, ["number"]) ?? []) as [number?];
  return { limit, from, order: wanted };
}

export const searchJobsRoute = route({
  id: "search.jobs",
  summary: "Searches the jobs of all queues",
  description: DESCRIPTION,
  role: "viewer",
  query,
  answer: searchPage(jobSummary),
  handler: ({ query: asked, host }) =>
    findJobs(host, readSearch(asked, host.parts.clock.now(), host.redact), pageOfQuery(asked)),
});

export const searchRunsRoute = route({
  id: "search.runs",
  summary: "Searches runs",
  description: DESCRIPTION,
  role: "viewer",
  query,
  answer: searchPage(runSummary),
  handler: ({ query: asked, host }) =>
    findRuns(host, readSearch(asked, host.parts.clock.now(), host.redact), pageOfQuery(asked)),
});

const FEW = 20;

export const searchAll = route({
  id: "search.all",
  summary: "Searches jobs and runs: the first page of each",
  description:
    "For the next pages ask /search/jobs and /search/runs with the cursors. A search that means only one of them (`tag:`, a state that the other has not) leaves the other out.",
  role: "viewer",
  query: z.strictObject({ ...searchFields, limit: pageQuery.limit.default(FEW) }),
  answer: z.object({
    jobs: searchPage(jobSummary).nullable(),
    runs: searchPage(runSummary).nullable(),
  }),
  handler: async ({ query: { limit, ...asked }, host }) => {
    const search = readSearch(asked, host.parts.clock.now(), host.redact);
    const [jobs, runs] = await Promise.allSettled([
      findJobs(host, search, { limit }),
      findRuns(host, search, { limit }),
    ]);
    // What suits neither is wrong; what suits one of them is about that.
    if (jobs.status === "rejected" && runs.status === "rejected") throw jobs.reason;
    return {
      jobs: jobs.status === "fulfilled" ? jobs.value : leftOut(jobs.reason),
      runs: runs.status === "fulfilled" ? runs.value : leftOut(runs.reason),
    };
  },
});

/** Nothing, if a search is not about that; any other error is one. */
function leftOut(reason: unknown): null {
  if (isLonghaulError(reason, "SERVER_BAD_SEARCH")) return null;
  throw reason;
}
