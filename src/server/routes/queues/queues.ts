import { z } from "zod";
import {
  type QueueSummary,
  readQueueRows,
  summarizeQueues,
} from "../../../queue/browse/queue-summary.ts";
import { type Minute, readThroughput } from "../../../queue/browse/throughput.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import { iso, isoOrNull, queueParams, time } from "./fields.ts";
import { findQueue } from "./find-queue.ts";
import { jobState } from "./show-job.ts";

/** Queues, and how they stand. */

export const stateCounts = z.record(jobState, z.int());

export const queueSummary = z.object({
  /** With the prefix before it (`prefix:name`) if that is not BullMQ's default. */
  name: z.string(),
  isPaused: z.boolean(),
  counts: stateCounts,
  /** Connected workers. */
  workers: z.int(),
  /** Since when its oldest waiting job could have been worked on. */
  oldestWaitingSince: time.nullable(),
  /** Over the last five minutes. */
  completedPerMinute: z.number(),
  failedPerMinute: z.number(),
  /** At most so many jobs are active at once, over all workers; null: no limit. */
  concurrency: z.int().nullable(),
  /** At most so many jobs are begun in that time. */
  rateLimit: z.object({ max: z.int(), durationMs: z.int() }).nullable(),
  /** Until when the rate limit holds jobs back. */
  limitedUntil: time.nullable(),
});

export function showQueue(queue: QueueSummary): z.input<typeof queueSummary> {
  const { name, isPaused, counts, workers, concurrency, rateLimit } = queue;
  return {
    ...{ name, isPaused, counts: { ...counts }, workers, concurrency, rateLimit },
    oldestWaitingSince: isoOrNull(queue.oldestWaitingSince),
    completedPerMinute: queue.completedPerMinute,
    failedPerMinute: queue.failedPerMinute,
    limitedUntil: isoOrNull(queue.limitedUntil),
  };
}

export const listQueues = route({
  id: "queues.list",
  summary: "Queues, by name",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(queueSummary),
  handler: async ({ query: { limit, cursor }, host: { parts } }) => {
    const after = decodeCursor(cursor, ["string", "string"]) as [string, string] | undefined;
    const now = parts.clock.now();
    const rows = await readQueueRows(parts.store, { limit: limit + 1, after }, now);
    const { page } = toPage(
      rows,
      limit,
      ({ prefix, bareName }) => [prefix, bareName],
      () => null,
    );
    const shown = await summarizeQueues(parts.store, rows.slice(0, limit), now);
    return { data: shown.map(showQueue), page };
  },
});

export const getQueue = route({
  id: "queues.get",
  summary: "A queue",
  role: "viewer",
  scopes: ({ params }) => [`read:queue:${params.queue}`],
  params: queueParams,
  answer: queueSummary,
  handler: async ({ params, host }) => {
    const { row } = await findQueue(host, params.queue);
    const { store, clock } = host.parts;
    const [summary] = await summarizeQueues(store, [row], clock.now());
    return showQueue(summary!);
  },
});

export const minute = z.object({ at: time, completed: z.int(), failed: z.int() });
export const showMinute = ({ at, completed, failed }: Minute): z.input<typeof minute> => ({
  at: iso(at),
  completed,
  failed,
});
export const minutesQuery = z.coerce.number().int().min(1).max(1_440).default(60);

export const queueThroughput = route({
  id: "queues.throughput",
  summary: "What a queue finished in each of the last minutes",
  description:
    "The oldest minute first; the last one is not over. From the queue's metrics, if its workers keep them (BullMQ's option `metrics`); else from the finished jobs that the queue has kept.",
  role: "viewer",
  scopes: ({ params }) => [`read:queue:${params.queue}`],
  params: queueParams,
  query: z.strictObject({ minutes: minutesQuery }),
  answer: z.object({ minutes: z.array(minute) }),
  handler: async ({ params, query: { minutes }, host }) => {
    const { row } = await findQueue(host, params.queue);
    const { store, clock } = host.parts;
    const points = await readThroughput(store, row.key, { minutes, now: clock.now() });
    return { minutes: points.map(showMinute) };
  },
});
