import { z } from "zod";
import { EVERYTHING } from "../../../core/search/search-query.ts";
import { listJobs } from "../../../queue/browse/job-list.ts";
import { readLogs } from "../../../queue/browse/job-logs.ts";
import { searchJobs } from "../../../queue/browse/search-jobs.ts";
import { jobScope } from "../../auth/scopes.ts";
import { decodeCursor, encodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import { jobParams, queueParams } from "./fields.ts";
import { findJob, findQueue, withOptions } from "./find-queue.ts";
import { newJob, optionsOf } from "./job-options.ts";
import { jobDetail, jobState, jobSummary, showFullJob, showJob } from "./show-job.ts";

/** Jobs of a queue. */

export const jobScopes = ({
  params: { queue, jobId },
}: {
  readonly params: { readonly queue: string; readonly jobId: string };
}): string[] => [...jobScope("read", queue, jobId), `read:queue:${queue}`];

export const queueJobs = route({
  id: "queues.jobs",
  summary: "Jobs of a queue",
  description:
    "With a `state`: in the order of the line, or of their ends, from the first or (`order=last`) from the last. Without: as they were added, the newest first, or (`order=first`) the oldest.",
  role: "viewer",
  scopes: ({ params }) => [`read:queue:${params.queue}`],
  params: queueParams,
  query: z.strictObject({
    ...pageQuery,
    state: jobState.optional(),
    order: z.enum(["first", "last"]).optional(),
  }),
  answer: pageOf(jobSummary),
  handler: async ({ params, query: { limit, cursor, state, order }, host }) => {
    const { row } = await findQueue(host, params.queue);
    const { store } = host.parts;
    if (state === undefined) {
      const [from] = (decodeCursor(cursor, ["number"]) ?? []) as [number?];
      const query = { ...EVERYTHING, queues: [row.name] };
      const page = { limit, from, order: order === "first" ? "oldest" : "newest" } as const;
      const { rows, next } = await searchJobs(store, { query, ...page });
      const data = rows.map((job) => showJob(job, host.redact));
      return { data, page: { next: next === null ? null : encodeCursor([next]) } };
    }
    const after = decodeCursor(cursor, ["number", "number"]) as [number, number] | undefined;
    const { jobs, next } = await listJobs(store, {
      ...{ queue: row.key, state, limit, after, order: order ?? "first" },
    });
    return {
      data: jobs.map((job) => showJob(job, host.redact)),
      page: { next: next && encodeCursor(next) },
      approxTotal: row.counts[state],
    };
  },
});

export const getJob = route({
  id: "jobs.get",
  summary: "A job with its payload, its result, and why it stands where it stands",
  role: "viewer",
  scopes: jobScopes,
  params: jobParams,
  answer: jobDetail,
  handler: async ({ params, host }) => {
    const { job } = await findJob(host, params);
    return showFullJob(job, host.redact);
  },
});

export const addJob = route({
  id: "jobs.add",
  summary: "Adds a job",
  role: "operator",
  params: queueParams,
  body: newJob,
  answer: jobDetail,
  status: 201,
  handler: async ({ params: { queue }, body: { name, data, opts }, host, idempotencyKey }) => {
    const added = await withOptions("#/opts", () =>
      host.queues.get(queue).add(name, data, optionsOf(opts, idempotencyKey)),
    );
    const { job } = await findJob(host, { queue, jobId: added.id! });
    return showFullJob(job, host.redact);
  },
});

const MAX_BULK = 1_000;

export const addBulk = route({
  id: "jobs.addBulk",
  summary: "Adds many jobs: all of them, or none",
  role: "operator",
  params: queueParams,
  body: z.strictObject({ jobs: z.array(newJob).min(1).max(MAX_BULK) }),
  answer: z.object({ ids: z.array(z.string()) }),
  status: 201,
  handler: async ({ params: { queue }, body, host, idempotencyKey }) => {
    const jobs = body.jobs.map(({ name, data, opts }, index) => {
      const id = idempotencyKey === undefined ? undefined : `${idempotencyKey}-${index}`;
      return { name, data, opts: optionsOf(opts, id) };
    });
    const added = await withOptions("#/jobs", () => host.queues.get(queue).addBulk(jobs));
    return { ids: added.map(({ id }) => id!) };
  },
});

const logLine = z.object({ line: z.int(), text: z.string() });

export const jobLogs = route({
  id: "jobs.logs",
  summary: "The log of a job",
  role: "viewer",
  scopes: jobScopes,
  params: jobParams,
  query: z.strictObject({ ...pageQuery, order: z.enum(["oldest", "newest"]).default("oldest") }),
  answer: pageOf(logLine),
  handler: async ({ params, query: { limit, cursor, order }, host }) => {
    const { key, job } = await findJob(host, params);
    const [after] = (decodeCursor(cursor, ["number"]) ?? []) as [number?];
    const lines = await readLogs(host.parts.store, key, { order, limit: limit + 1, after });
    const page = toPage(lines, limit, ({ line }) => [line], host.redact);
    return { ...page, approxTotal: job.logLines };
  },
});
