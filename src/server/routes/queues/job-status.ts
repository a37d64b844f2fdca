import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { queueOfName } from "../../../queue/browse/queue-name.ts";
import { readQueueRow } from "../../../queue/browse/queue-summary.ts";
import { jobScope } from "../../auth/scopes.ts";
import { route } from "../../route.ts";
import { findQueue } from "./find-queue.ts";

/** The two endpoints of a job's state in the short form that tutorials use. */

export const jobStatus = route({
  id: "jobs.status",
  summary: "Where a job is, in short",
  role: "viewer",
  scopes: ({ params }) => [
    ...jobScope("read", params.queue, params.jobId),
    `read:queue:${params.queue}`,
  ],
  params: z.object({ queue: z.string(), jobId: z.string() }),
  answer: z.object({
    id: z.string(),
    state: z.string(),
    progress: z.unknown(),
    data: z.unknown(),
    returnvalue: z.unknown(),
    attemptsMade: z.int(),
    failedReason: z.string().nullable(),
  }),
  handler: async ({ params, host }) => {
    const { queue } = await findQueue(host, params.queue);
    const job = await queue.getJob(params.jobId);
    if (job?.id === undefined)
      throw new LonghaulError("SERVER_NOT_FOUND", {
        what: `job ${params.jobId} of ${params.queue}`,
      });
    return {
      id: job.id,
      state: await job.getState(),
      progress: host.redact(job.progress),
      data: host.redact(job.data),
      returnvalue: host.redact(job.returnvalue) ?? null,
      attemptsMade: job.attemptsMade,
      failedReason: job.failedReason ?? null,
    };
  },
});

const STATES = ["waiting", "active", "completed", "failed", "delayed"] as const;

export const jobStats = route({
  id: "jobs.stats",
  summary: "How many jobs of a queue are where",
  role: "viewer",
  scopes: ({ params }) => [`read:queue:${params.queue}`],
  params: z.object({ queue: z.string() }),
  answer: z.object({
    waiting: z.int(),
    active: z.int(),
    completed: z.int(),
    failed: z.int(),
    delayed: z.int(),
  }),
  handler: async ({ params, host }) => {
    const { store, clock } = host.parts;
    // To open a queue makes it, and who only asks is not to make any.
    const row = await readQueueRow(store, queueOfName(params.queue), clock.now());
    const counts = row ? await host.queues.get(params.queue).getJobCounts(...STATES) : {};
    const { waiting = 0, active = 0, completed = 0, failed = 0, delayed = 0 } = counts;
    return { waiting, active, completed, failed, delayed };
  },
});
