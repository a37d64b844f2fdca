import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { route } from "../../route.ts";
import { gone, managedJob, parseId, scopeOf } from "./task-run.ts";

/** What may be done with a task that was started. */

const about = {
  role: "operator",
  scopes: ({ params }: { readonly params: { readonly id: string } }) => [scopeOf(params.id)],
  params: z.object({ id: z.string().min(1).max(1_000) }),
  answer: z.object({ id: z.string() }),
} as const;

export const pause = route({
  ...about,
  id: "taskRuns.pause",
  summary: "Holds a job of the queue manager until it is resumed",
  description:
    "A job that runs stops when it says next how far it is. Runs of the engine cannot be paused.",
  handler: async ({ params: { id }, host }) => {
    const taskRun = parseId(id);
    if (taskRun.kind === "run") throw new LonghaulError("SERVER_NOT_PAUSABLE", { id });
    const { manager, task } = await managedJob(host, taskRun);
    if (!(await manager.pauseJob(task, taskRun.jobId))) throw isOver(id, "paused");
    return { id };
  },
});

export const resume = route({
  ...about,
  id: "taskRuns.resume",
  summary: "Lets a paused job go on; one that is not paused is left as it is",
  handler: async ({ params: { id }, host }) => {
    const taskRun = parseId(id);
    if (taskRun.kind === "run") throw new LonghaulError("SERVER_NOT_PAUSABLE", { id });
    const { manager, task } = await managedJob(host, taskRun);
    await manager.resumeJob(task, taskRun.jobId);
    return { id };
  },
});

export const abort = route({
  ...about,
  id: "taskRuns.abort",
  summary: "Removes a job of the queue manager, running or not; cancels a run",
  handler: async ({ params: { id }, host }) => {
    const taskRun = parseId(id);
    if (taskRun.kind === "run") {
      if (await host.longhaul.cancel(taskRun.runId, "Aborted")) return { id };
      throw (await host.longhaul.getRun(taskRun.runId)) ? isOver(id, "aborted") : gone(id);
    }
    const { manager, task } = await managedJob(host, taskRun);
    await manager.removeJob(task, taskRun.jobId);
    return { id };
  },
});

const isOver = (id: string, action: string): LonghaulError =>
  new LonghaulError("SERVER_STATE_CONFLICT", { what: id, state: "over", action });
