import { z } from "zod";
import { readFunction } from "../../../runs/browse/functions.ts";
import { INVOKED_EVENT } from "../../../runs/engine.ts";
import type { StartCall } from "../../../runs/store/start-details.ts";
import { TaskPayloadParsedError } from "../../../trigger/errors/task-errors.ts";
import { startCallOf } from "../../../trigger/trigger/start-call.ts";
import { targetOf } from "../../../trigger/trigger/target.ts";
import { checkPayload } from "../../../trigger/trigger/trigger.ts";
import { LonghaulError } from "../../../core/errors.ts";
import { KEEP_MS } from "../../idempotency/reservations.ts";
import { InvalidRequest } from "../../problem.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { startOne } from "../runs/started.ts";
import { isTask } from "../runs/show-function.ts";
import { idOf, type TaskRun } from "./task-run.ts";

/** As long as a public token may last: tasks are long, and a page cannot get another one for this task alone. */
const TOKEN_MS = 24 * 60 * 60_000;

export const start = route({
  id: "taskRuns.start",
  summary: "Starts a task by its name",
  description: `A task of the queue manager, or else a task or function of the engine. The id is also the topic of its
live updates. Who came with scopes only gets a token to follow, pause and abort what it has started.`,
  role: "operator",
  scopes: ({ body }) => [`trigger:task:${body.task}`],
  body: z.strictObject({
    task: z.string().min(1).max(512),
    /** JSON: the data of the job, the payload of the task, or the data of the function's event. */
    data: z.unknown().optional(),
  }),
  answer: z.object({
    id: z.string(),
    kind: z.enum(["job", "run"]),
    publicToken: z.string().optional(),
  }),
  status: 201,
  audit: ({ body }) => body.task,
  handler: async ({ body: { task, data }, host, principal, idempotencyKey }) => {
    const taskRun = await startTask(host, task, data, idempotencyKey);
    const id = idOf(taskRun);
    const { kind } = taskRun;
    if (principal.role !== undefined) return { id, kind };
    const scopes =
      taskRun.kind === "run"
        ? [`read:run:${taskRun.runId}`, `cancel:run:${taskRun.runId}`]
        : [
            `read:job:${taskRun.queue}:${taskRun.jobId}`,
            `remove:job:${taskRun.queue}:${taskRun.jobId}`,
          ];
    const publicToken = await host.publicTokens.create({ scopes, expiresInMs: TOKEN_MS });
    return { id, kind, publicToken };
  },
});

async function startTask(
  host: ServerHost,
  task: string,
  data: unknown,
  idempotencyKey: string | undefined,
): Promise<TaskRun> {
  const queue = host.manager?.queueNameOf(task);
  if (queue !== undefined) {
    const opts = idempotencyKey === undefined ? {} : { jobId: idempotencyKey };
    return { kind: "job", queue, jobId: await host.manager!.addJob(task, data ?? {}, opts) };
  }
  const { id } = await startOne(host, await callOf(host, task, data, idempotencyKey));
  return { kind: "run", runId: id };
}

/** @throws {LonghaulError} SERVER_UNKNOWN_TASK; {InvalidRequest} */
async function callOf(
  host: ServerHost,
  task: string,
  data: unknown,
  key: string | undefined,
): Promise<StartCall> {
  const declaration = (await readFunction(host.parts.store, task))?.declaration;
  if (declaration === undefined) throw new LonghaulError("SERVER_UNKNOWN_TASK", { task });
  const now = host.parts.clock.now();
  if (!isTask(declaration)) {
    const event = { name: INVOKED_EVENT, data: data ?? {} };
    const details = key === undefined ? {} : { idempotency: { key, until: now + KEEP_MS } };
    return { functionId: task, events: [event], details };
  }
  const target = targetOf(task);
  try {
    await checkPayload(target, data);
  } catch (error) {
    if (!(error instanceof TaskPayloadParsedError)) throw error;
    throw new InvalidRequest([{ pointer: "#/data", detail: error.message }]);
  }
  return startCallOf({
    ...{ target, payload: data, options: { idempotencyKey: key }, by: "trigger", now },
    ...{ scope: undefined, batchId: undefined },
  });
}
