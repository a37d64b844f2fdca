import { z } from "zod";
import { jobScope } from "../../auth/scopes.ts";
import { route } from "../../route.ts";
import { count, DONE, done, flag, jobParams, json } from "./fields.ts";
import { applyToJob, changeJob, conflict, withOptions } from "./find-queue.ts";
import { jobDetail, showFullJob } from "./show-job.ts";

/** What may be done to a job. */

const params = jobParams;

export const retryJob = route({
  id: "jobs.retry",
  summary: "Runs a failed or completed job again",
  role: "operator",
  params,
  body: z
    .strictObject({
      /** Whether its attempts count from the start. */
      resetAttempts: z.boolean().default(false),
    })
    .default({ resetAttempts: false }),
  answer: jobDetail,
  handler: async ({ params: place, body: { resetAttempts }, host }) => {
    const { job } = await changeJob(host, place, "retried", (bullJob, { state }) => {
      if (state !== "failed" && state !== "completed") throw conflict(place, state, "retried");
      const reset = { resetAttemptsMade: resetAttempts, resetAttemptsStarted: resetAttempts };
      return bullJob.retry(state, reset);
    });
    return showFullJob(job, host.redact);
  },
});

export const promoteJob = route({
  id: "jobs.promote",
  summary: "Lets a delayed job wait at once",
  role: "operator",
  params,
  answer: jobDetail,
  handler: async ({ params: place, host }) => {
    const { job } = await changeJob(host, place, "promoted", (bullJob) => bullJob.promote());
    return showFullJob(job, host.redact);
  },
});

export const setJobData = route({
  id: "jobs.setData",
  summary: "Replaces the payload of a job",
  role: "operator",
  params,
  body: z.strictObject({ data: json }),
  answer: jobDetail,
  handler: async ({ params: place, body, host }) => {
    const { data } = body;
    const { job } = await changeJob(host, place, "changed", (bullJob, { state }) => {
      // Its worker has a copy, and would not see it.
      if (state === "active") throw conflict(place, state, "changed");
      return bullJob.updateData(data ?? null);
    });
    return showFullJob(job, host.redact);
  },
});

export const setJobDelay = route({
  id: "jobs.setDelay",
  summary: "Gives a delayed job another delay, counted from now",
  role: "operator",
  params,
  body: z.strictObject({ delayMs: count }),
  answer: jobDetail,
  handler: async ({ params: place, body: { delayMs }, host }) => {
    const { job } = await changeJob(host, place, "delayed", (bullJob) =>
      bullJob.changeDelay(delayMs),
    );
    return showFullJob(job, host.redact);
  },
});

export const setJobPriority = route({
  id: "jobs.setPriority",
  summary: "Gives a job another priority; 0 is none, and goes first",
  role: "operator",
  params,
  body: z.strictObject({
    priority: z.int().min(0).max(2_097_152),
    /** To the front of its priority. */
    lifo: z.boolean().default(false),
  }),
  answer: jobDetail,
  handler: async ({ params: place, body, host }) => {
    const { job } = await changeJob(host, place, "given a priority", (bullJob) =>
      withOptions("#", () => bullJob.changePriority(body)),
    );
    return showFullJob(job, host.redact);
  },
});

export const addJobLog = route({
  id: "jobs.addLog",
  summary: "Adds a line to the log of a job",
  role: "operator",
  params,
  body: z.strictObject({ text: z.string().max(100_000) }),
  answer: jobDetail,
  status: 201,
  handler: async ({ params: place, body: { text }, host }) => {
    const { job } = await changeJob(host, place, "logged to", (bullJob) => bullJob.log(text));
    return showFullJob(job, host.redact);
  },
});

export const removeJob = route({
  id: "jobs.remove",
  summary: "Removes a job, and with `children` all below it",
  description: "Refused while a worker has it, and for the next job of a job scheduler.",
  role: "operator",
  scopes: ({ params: { queue, jobId } }) => jobScope("remove", queue, jobId),
  params,
  query: z.strictObject({ children: flag.optional() }),
  answer: done,
  handler: async ({ params: place, query: { children = false }, host }) => {
    await applyToJob(host, place, "removed", (bullJob) =>
      bullJob.remove({ removeChildren: children }),
    );
    return DONE;
  },
});
