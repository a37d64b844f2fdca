import { z } from "zod";
import type { QueueRecord } from "../../../runs/store/queue-store.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { id, isoOrNull, time } from "./fields.ts";
import { notFound } from "./find-run.ts";

/** The queues that runs wait in: those of tasks are named `task/<id>`. */

const runQueue = z.object({
  name: z.string(),
  /** "task": the queue of one function. */
  type: z.enum(["task", "custom"]),
  isPaused: z.boolean(),
  /** Runs that are in line: not those that are delayed or wait. */
  queued: z.int(),
  running: z.int(),
  /** The limit that counts; null for none. */
  limit: z.int().nullable(),
  /** What the code says. */
  baseLimit: z.int().nullable(),
  /** What counts instead. */
  overrideLimit: z.int().nullable(),
  overriddenAt: time.nullable(),
});

const show = (queue: QueueRecord): z.input<typeof runQueue> => ({
  name: queue.name,
  type: queue.type,
  isPaused: queue.isPaused,
  queued: queue.queued,
  running: queue.running,
  limit: queue.limit ?? null,
  baseLimit: queue.baseLimit ?? null,
  overrideLimit: queue.overrideLimit ?? null,
  overriddenAt: isoOrNull(queue.overriddenAt),
});

const params = z.object({ queue: id });
const MAX_LIMIT = 100_000;

export const runQueues = route({
  id: "runQueues.list",
  summary: "The queues that runs wait in, by their names",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(runQueue),
  handler: async ({ query: { limit, cursor }, host }) => {
    const [after] = (decodeCursor(cursor, ["string"]) ?? []) as [string?];
    const { queues } = await queuesOf(host).list({ limit: limit + 1, after });
    return toPage(queues, limit, ({ name }) => [name], show);
  },
});

export const oneRunQueue = route({
  id: "runQueues.get",
  summary: "A queue that runs wait in",
  role: "viewer",
  params,
  answer: runQueue,
  handler: async ({ params: { queue }, host }) =>
    shown(queue, await queuesOf(host).retrieve(queue)),
});

export const pauseRunQueue = route({
  id: "runQueues.pause",
  summary: "Keeps the runs of a queue from starting, and from going on after a wait",
  role: "operator",
  params,
  answer: runQueue,
  handler: ({ params: { queue }, host }) => setPaused(host, queue, true),
});

export const resumeRunQueue = route({
  id: "runQueues.resume",
  summary: "Lets the runs of a queue go on",
  role: "operator",
  params,
  answer: runQueue,
  handler: ({ params: { queue }, host }) => setPaused(host, queue, false),
});

export const overrideRunQueue = route({
  id: "runQueues.override",
  summary: "Puts a limit in the place of the code's",
  role: "operator",
  params,
  body: z.strictObject({ limit: z.int().min(0).max(MAX_LIMIT) }),
  answer: runQueue,
  handler: ({ params: { queue }, body: { limit }, host }) => override(host, queue, limit),
});

export const resetRunQueue = route({
  id: "runQueues.reset",
  summary: "Lets the code's limit count again",
  role: "operator",
  params,
  answer: runQueue,
  handler: ({ params: { queue }, host }) => override(host, queue, undefined),
});

const queuesOf = ({ parts }: ServerHost) => parts.engine.stores.queues;

async function setPaused(host: ServerHost, name: string, isPaused: boolean) {
  const now = host.parts.clock.now();
  return shown(name, await queuesOf(host).setPaused({ now, name, isPaused }));
}

async function override(host: ServerHost, name: string, limit: number | undefined) {
  const now = host.parts.clock.now();
  return shown(name, await queuesOf(host).override({ now, name, limit }));
}

const shown = (name: string, queue: QueueRecord | undefined): z.input<typeof runQueue> =>
  show(queue ?? notFound("queue", name));
