import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { matchJobs } from "../../../queue/browse/job-match.ts";
import { summariesOf } from "../../../queue/browse/job-summary.ts";
import { matchRuns } from "../../../runs/search/run-match.ts";
import { loadRuns } from "../../../runs/search/search-runs.ts";
import type { Operation, Work } from "../../operations/operation.ts";
import { filterFor, isEverything, preview, takeSnapshot } from "../../operations/plan.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { InvalidRequest } from "../../problem.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { runSummary, showRun } from "../runs/show-run.ts";
import { DONE, done, iso, isoOrNull, time } from "./fields.ts";
import { notFound } from "./find-queue.ts";
import { readSearch, searchFields } from "./search-fields.ts";
import { jobSummary, showJob } from "./show-job.ts";

/** Something done with many jobs or runs at once, in the background. */

const jobAction = z.enum(["retry", "remove", "promote"]);
const runAction = z.enum(["cancel", "replay"]);

const filter = z.strictObject(searchFields);
const dryRun = z.boolean().default(false);
const wanted = z.discriminatedUnion("target", [
  z.strictObject({ target: z.literal("jobs"), action: jobAction, filter, dryRun }),
  z.strictObject({ target: z.literal("runs"), action: runAction, filter, dryRun }),
]);

const operation = z.object({
  id: z.string(),
  target: z.enum(["jobs", "runs"]),
  action: z.enum([...jobAction.options, ...runAction.options]),
  /** What it is about, as it was understood. */
  filter: z.record(z.string(), z.unknown()),
  /** `failed`: it broke; what it did until then is done. */
  state: z.enum(["running", "completed", "aborted", "failed"]),
  createdBy: z.string(),
  createdAt: time,
  finishedAt: time.nullable(),
  /** From 0 to 1: how much was looked at. */
  progress: z.number(),
  /** How many fitted the filter so far. */
  matched: z.int(),
  done: z.int(),
  /** Moved meanwhile, or stood where the action cannot be done. */
  skipped: z.int(),
  failed: z.int(),
  /** The first 20 of those that failed. */
  errors: z.array(z.object({ id: z.string(), message: z.string() })),
});

const previewAnswer = z.object({
  dryRun: z.literal(true),
  count: z.int(),
  /** Whether all was looked at; else there are at least so many. */
  complete: z.boolean(),
  /** The newest of them. */
  sample: z.object({ jobs: z.array(jobSummary), runs: z.array(runSummary) }),
});

function show(shown: Operation): z.input<typeof operation> {
  const { id, work, state, createdBy, position, lastKey, matched, skipped, failed } = shown;
  const share = lastKey > 0 ? Math.max(0, position) / lastKey : 1;
  return {
    ...{ id, target: work.target, action: work.action, filter: { ...shown.filter }, state },
    ...{ createdBy, matched, done: shown.done, skipped, failed, errors: [...shown.errors] },
    createdAt: iso(shown.createdAt),
    finishedAt: isoOrNull(shown.finishedAt),
    progress: state === "completed" ? 1 : Math.round(share * 1_000) / 1_000,
  };
}

async function find(host: ServerHost, id: string): Promise<Operation> {
  return (await host.operations.store.get(id)) ?? notFound(`operation ${id}`);
}

export const startOperation = route({
  id: "operations.start",
  summary: "Does something with all jobs, or all runs, that fit a filter",
  description:
    "The filter is a search. What is made later is left alone, and so is a job that has moved since the operation was asked for. Without a `state`, a retry is about what has failed, a promotion about delayed jobs, a cancellation about runs that are not over, and a replay about those that are. With `dryRun` nothing is done: the answer (200) tells how many there are, and shows the newest. Otherwise the work goes on in the background, also when the server is restarted.",
  role: "operator",
  body: wanted,
  answer: z.union([operation, previewAnswer]),
  status: 202,
  audit: ({ body }) => `${body.action} ${body.target} ${JSON.stringify(body.filter)}`,
  handler: async ({ body, host, principal, idempotencyKey }) => {
    const { parts } = host;
    const work = { target: body.target, action: body.action } as Work;
    const asked = readSearch(body.filter, parts.clock.now(), host.redact);
    if (isEverything(asked))
      throw new InvalidRequest([
        {
          pointer: "#/filter",
          detail: "say what it is about; for everything, write after:2000-01-01",
        },
      ]);
    const search = filterFor(work, asked);
    if (body.dryRun) return Response.json(await look(host, work, search));
    // What cannot be searched for is refused before anything is stored.
    const snapshot = await takeSnapshot(parts, work);
    checkSearch(work, search);
    const by = { name: principal.name, id: idempotencyKey && `op_${idempotencyKey}` };
    const id = await host.operations.store.add(work, search, snapshot, by);
    host.operations.begin(id);
    return show(await find(host, id));
  },
});

/** @throws {LonghaulError} SERVER_BAD_SEARCH */
function checkSearch(work: Work, search: Operation["filter"]): void {
  if (work.target === "jobs") matchJobs(search);
  else matchRuns(search);
}

async function look(
  host: ServerHost,
  work: Work,
  search: Operation["filter"],
): Promise<z.input<typeof previewAnswer>> {
  const { store } = host.parts;
  const { count, complete, newest } = await preview(host.parts, work, search);
  const isJobs = work.target === "jobs";
  const jobs = isJobs ? await summariesOf(store, newest) : [];
  const runs = isJobs ? [] : await loadRuns(store, newest);
  const sample = {
    jobs: jobs.map(({ job }) => showJob(job, host.redact)),
    runs: runs.map(showRun),
  };
  return { dryRun: true, count, complete, sample };
}

export const operations = route({
  id: "operations.list",
  summary: "Bulk operations, the newest first",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(operation),
  handler: async ({ query: { limit, cursor }, host }) => {
    const [before] = (decodeCursor(cursor, ["number"]) ?? []) as [number?];
    const found = await host.operations.store.list(limit + 1, before);
    return toPage(found, limit, ({ key }) => [key], show);
  },
});

const params = z.object({ operationId: z.string().min(1).max(100) });

export const getOperation = route({
  id: "operations.get",
  summary: "How a bulk operation goes",
  role: "viewer",
  params,
  answer: operation,
  handler: async ({ params: { operationId }, host }) => show(await find(host, operationId)),
});

export const abortOperation = route({
  id: "operations.abort",
  summary: "Ends a bulk operation; what it has done stays done",
  role: "operator",
  params,
  answer: done,
  handler: async ({ params: { operationId }, host }) => {
    const { state } = await find(host, operationId);
    if (await host.operations.store.end(operationId, "aborted")) return DONE;
    const details = { what: `Operation ${operationId}`, state, action: "aborted" };
    throw new LonghaulError("SERVER_STATE_CONFLICT", details);
  },
});
