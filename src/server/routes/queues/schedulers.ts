import { z } from "zod";
import {
  listSchedulers,
  readScheduler,
  type SchedulerSummary,
} from "../../../queue/browse/scheduler-list.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { count, DONE, done, iso, isoOrNull, json, queueParams, time } from "./fields.ts";
import { findJob, findQueue, notFound, withOptions } from "./find-queue.ts";
import { templateOptions } from "./job-options.ts";
import { jobDetail, showFullJob } from "./show-job.ts";

/** Job schedulers of a queue. */

const params = queueParams.extend({ schedulerId: z.string().min(1).max(512) });

const scheduler = z.object({
  id: z.string(),
  /** When its current job is due. */
  nextAt: time,
  /** Name of its jobs. */
  name: z.string(),
  pattern: z.string().nullable(),
  everyMs: z.int().nullable(),
  timeZone: z.string().nullable(),
  limit: z.int().nullable(),
  startDate: time.nullable(),
  endDate: time.nullable(),
  /** How many jobs it has made. */
  iterations: z.int(),
  template: z.object({ data: json, opts: z.record(z.string(), json) }),
});

function show(found: SchedulerSummary, redact: Redactor): z.input<typeof scheduler> {
  const { id, name, pattern, every, timeZone, limit, iterations, template } = found;
  return {
    ...{ id, name, pattern, everyMs: every, timeZone, limit, iterations },
    nextAt: iso(found.nextAt),
    startDate: isoOrNull(found.startDate),
    endDate: isoOrNull(found.endDate),
    template: { data: redact(template.data), opts: redact(template.opts) as object as never },
  };
}

async function find(
  host: ServerHost,
  place: { readonly queue: string; readonly schedulerId: string },
) {
  const { row, queue } = await findQueue(host, place.queue);
  const found = await readScheduler(host.parts.store, row.key, place.schedulerId);
  if (!found) return notFound(`job scheduler ${place.schedulerId} of ${place.queue}`);
  return { found, queue };
}

export const schedulers = route({
  id: "schedulers.list",
  summary: "Job schedulers of a queue, in the order in which they are due",
  role: "viewer",
  params: queueParams,
  query: z.strictObject(pageQuery),
  answer: pageOf(scheduler),
  handler: async ({ params: { queue }, query: { limit, cursor }, host }) => {
    const { row } = await findQueue(host, queue);
    const after = decodeCursor(cursor, ["number", "string"]) as [number, string] | undefined;
    const found = await listSchedulers(host.parts.store, row.key, { limit: limit + 1, after });
    return toPage(
      found,
      limit,
      ({ nextAt, id }) => [nextAt, id],
      (each) => show(each, host.redact),
    );
  },
});

export const getScheduler = route({
  id: "schedulers.get",
  summary: "A job scheduler",
  role: "viewer",
  params,
  answer: scheduler,
  handler: async ({ params: place, host }) => show((await find(host, place)).found, host.redact),
});

const date = z.iso.datetime({ offset: true });

export const setScheduler = route({
  id: "schedulers.set",
  summary: "Adds a job scheduler, or changes the one of that id",
  role: "operator",
  params,
  body: z
    .strictObject({
      /** A cron pattern; or `everyMs`. */
      pattern: z.string().min(1).max(200).optional(),
      everyMs: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
      timeZone: z.string().min(1).max(100).optional(),
      limit: count.min(1).optional(),
      startDate: date.optional(),
      endDate: date.optional(),
      immediately: z.boolean().optional(),
      /** Name of its jobs. @default its id */
      name: z.string().min(1).max(512).optional(),
      data: json.optional(),
      opts: z.strictObject(templateOptions).default({}),
    })
    .refine(
      ({ pattern, everyMs }) => (pattern === undefined) !== (everyMs === undefined),
      "give either pattern or everyMs",
    ),
  answer: scheduler,
  handler: async ({ params: place, body, host }) => {
    const { pattern, everyMs, timeZone, limit, startDate, endDate, immediately } = body;
    const repeat = {
      ...{ pattern, every: everyMs, tz: timeZone, limit, startDate, endDate, immediately },
    };
    const given = Object.entries(repeat).filter(([, value]) => value !== undefined);
    const template = {
      name: body.name ?? place.schedulerId,
      data: body.data,
      opts: body.opts as object,
    };
    await withOptions("#", () =>
      host.queues
        .get(place.queue)
        .upsertJobScheduler(place.schedulerId, Object.fromEntries(given), template),
    );
    return show((await find(host, place)).found, host.redact);
  },
});

export const runScheduler = route({
  id: "schedulers.run",
  summary: "Adds a job as the scheduler would make it, now; its schedule stays as it is",
  role: "operator",
  params,
  answer: jobDetail,
  status: 201,
  handler: async ({ params: place, host, idempotencyKey }) => {
    const { found, queue } = await find(host, place);
    const { name, template } = found;
    const opts = { ...(template.opts as object), ...(idempotencyKey && { jobId: idempotencyKey }) };
    const added = await queue.add(name, template.data, opts);
    const { job } = await findJob(host, { queue: place.queue, jobId: added.id! });
    return showFullJob(job, host.redact);
  },
});

export const removeScheduler = route({
  id: "schedulers.remove",
  summary: "Removes a job scheduler, and its next job if that is still delayed",
  role: "operator",
  params,
  answer: done,
  handler: async ({ params: place, host }) => {
    const { queue } = await find(host, place);
    await queue.removeJobScheduler(place.schedulerId);
    return DONE;
  },
});
