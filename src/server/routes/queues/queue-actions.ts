import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { route } from "../../route.ts";
import { count, DONE, done, queueParams } from "./fields.ts";
import { findQueue, isRefusal } from "./find-queue.ts";

/** What may be done to a whole queue. */

const params = queueParams;

export const pauseQueue = route({
  id: "queues.pause",
  summary: "Pauses a queue: its workers take no further job",
  role: "operator",
  params,
  answer: done,
  handler: async ({ params: { queue: name }, host }) => {
    await (await findQueue(host, name)).queue.pause();
    return DONE;
  },
});

export const resumeQueue = route({
  id: "queues.resume",
  summary: "Lets a paused queue go on",
  role: "operator",
  params,
  answer: done,
  handler: async ({ params: { queue: name }, host }) => {
    await (await findQueue(host, name)).queue.resume();
    return DONE;
  },
});

export const drainQueue = route({
  id: "queues.drain",
  summary: "Removes all waiting jobs, with `delayed` the delayed ones too",
  role: "admin",
  params,
  body: z.strictObject({ delayed: z.boolean().default(false) }).default({ delayed: false }),
  answer: done,
  handler: async ({ params: { queue: name }, body, host }) => {
    await (await findQueue(host, name)).queue.drain(body.delayed);
    return DONE;
  },
});

const MAX_CLEANED = 10_000;

export const cleanQueue = route({
  id: "queues.clean",
  summary: "Removes old jobs of a state, the oldest first",
  role: "operator",
  params,
  body: z.strictObject({
    state: z.enum(["completed", "failed", "waiting", "prioritized", "delayed", "active"]),
    /** Only jobs that finished, were last worked on, or were added this long ago. */
    olderThanMs: count.default(0),
    limit: z.int().min(1).max(MAX_CLEANED).default(1_000),
  }),
  answer: z.object({ removed: z.array(z.string()) }),
  handler: async ({ params: { queue: name }, body, host }) => {
    const { queue } = await findQueue(host, name);
    const { state, olderThanMs, limit } = body;
    return { removed: await queue.clean(olderThanMs, limit, state === "waiting" ? "wait" : state) };
  },
});

export const retryAll = route({
  id: "queues.retryAll",
  summary: "Runs all failed jobs of a queue again, or all completed ones",
  description: "For many jobs, or some of them, use POST /operations: it works in the background.",
  role: "operator",
  params,
  body: z
    .strictObject({ state: z.enum(["failed", "completed"]).default("failed") })
    .default({ state: "failed" }),
  answer: done,
  handler: async ({ params: { queue: name }, body, host }) => {
    const { queue } = await findQueue(host, name);
    // Those that fail again meanwhile are not run a third time.
    await queue.retryJobs({ state: body.state, timestamp: host.parts.clock.now() });
    return DONE;
  },
});

export const promoteAll = route({
  id: "queues.promoteAll",
  summary: "Lets all delayed jobs of a queue wait at once",
  role: "operator",
  params,
  answer: done,
  handler: async ({ params: { queue: name }, host }) => {
    await (await findQueue(host, name)).queue.promoteJobs();
    return DONE;
  },
});

export const setConcurrency = route({
  id: "queues.setConcurrency",
  summary: "Limits how many jobs of a queue are active at once, over all workers",
  role: "operator",
  params,
  body: z.strictObject({ concurrency: z.int().min(1).max(1_000_000).nullable() }),
  answer: done,
  handler: async ({ params: { queue: name }, body: { concurrency }, host }) => {
    const { queue } = await findQueue(host, name);
    if (concurrency === null) await queue.removeGlobalConcurrency();
    else await queue.setGlobalConcurrency(concurrency);
    return DONE;
  },
});

export const setRateLimit = route({
  id: "queues.setRateLimit",
  summary: "Limits how many jobs of a queue are begun in some time, over all workers",
  role: "operator",
  params,
  body: z.strictObject({
    rateLimit: z
      .strictObject({
        max: z.int().min(1).max(1_000_000_000),
        durationMs: z
          .int()
          .min(1)
          .max(2 ** 31),
      })
      .nullable(),
  }),
  answer: done,
  handler: async ({ params: { queue: name }, body: { rateLimit }, host }) => {
    const { queue } = await findQueue(host, name);
    if (rateLimit === null) await queue.removeGlobalRateLimit();
    else await queue.setGlobalRateLimit(rateLimit.max, rateLimit.durationMs);
    return DONE;
  },
});

export const obliterateQueue = route({
  id: "queues.obliterate",
  summary: "Deletes a queue with all its jobs",
  description:
    "The queue is paused first. While jobs are active it is refused, unless `force` is true: their workers then lose them.",
  role: "admin",
  params,
  query: z.strictObject({
    force: z.enum(["true", "false"]).default("false"),
  }),
  answer: done,
  handler: async ({ params: { queue: name }, query: { force }, host }) => {
    const { queue } = await findQueue(host, name);
    try {
      await queue.obliterate({ force: force === "true" });
    } catch (error) {
      if (!(error instanceof Error) || !(isRefusal(error) || /active/.test(error.message)))
        throw error;
      const details = { what: `Queue ${name}`, state: "at work", action: "deleted" };
      throw new LonghaulError("SERVER_STATE_CONFLICT", details, { cause: error });
    }
    return DONE;
  },
});
