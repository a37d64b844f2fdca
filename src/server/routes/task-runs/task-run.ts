import { LonghaulError } from "../../../core/errors.ts";
import type { TaskQueue } from "../../../manager/index.ts";
import type { ServerHost } from "../../server-host.ts";

/** A task that was started: a job of the queue manager, or a run of the engine. Its id is its live topic. */
export type TaskRun =
  | { readonly kind: "job"; readonly queue: string; readonly jobId: string }
  | { readonly kind: "run"; readonly runId: string };

export const idOf = (taskRun: TaskRun): string =>
  taskRun.kind === "run" ? `run:${taskRun.runId}` : `job:${taskRun.queue}:${taskRun.jobId}`;

/** @throws {LonghaulError} SERVER_NOT_FOUND for what is no id */
export function parseId(id: string): TaskRun {
  const [, queue, jobId] = /^job:([^:]+):(.+)$/s.exec(id) ?? [];
  if (queue !== undefined && jobId !== undefined) return { kind: "job", queue, jobId };
  const [, runId] = /^run:(.+)$/s.exec(id) ?? [];
  if (runId !== undefined) return { kind: "run", runId };
  return gone(id);
}

/** Scopes that allow to change a task that was started. */
export const scopeOf = (id: string): string => {
  const taskRun = parseId(id);
  return taskRun.kind === "run"
    ? `cancel:run:${taskRun.runId}`
    : `remove:job:${taskRun.queue}:${taskRun.jobId}`;
};

/** A job and the task it is of; jobs that are none of the manager's are not touched here. */
export async function managedJob(
  host: ServerHost,
  taskRun: TaskRun & { readonly kind: "job" },
): Promise<{ readonly manager: TaskQueue; readonly task: string }> {
  const { manager, queues } = host;
  const job = await queues.get(taskRun.queue).getJob(taskRun.jobId);
  if (!job || manager?.queueNameOf(job.name) !== taskRun.queue) return gone(idOf(taskRun));
  return { manager, task: job.name };
}

export const gone = (id: string): never => {
  throw new LonghaulError("SERVER_NOT_FOUND", { what: `task run ${id}` });
};
