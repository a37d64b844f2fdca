import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { listFunctions, readFunction } from "../../../runs/browse/functions.ts";
import type { StartCall } from "../../../runs/store/start-details.ts";
import { TaskPayloadParsedError } from "../../../trigger/errors/task-errors.ts";
import { itemKey, resolveKey } from "../../../trigger/idempotency-keys.ts";
import { startCallOf } from "../../../trigger/trigger/start-call.ts";
import { type Target, targetOf } from "../../../trigger/trigger/target.ts";
import { checkPayload } from "../../../trigger/trigger/trigger.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { InvalidRequest } from "../../problem.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { duration, id, json } from "./fields.ts";
import { notFound } from "./find-run.ts";
import { functionInfo, isTask, showFunction } from "./show-function.ts";
import { started, startOne, startRefused } from "./started.ts";
import { idempotencyKey, triggerOptions, type TriggerOptionsBody } from "./trigger-options.ts";

const params = z.object({ taskId: id });
const scopes = ({ params: { taskId } }: { readonly params: { readonly taskId: string } }) => [
  `trigger:task:${taskId}`,
];

export const tasks = route({
  id: "tasks.list",
  summary: "Tasks, by their ids",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(functionInfo),
  handler: async ({ query: { limit, cursor }, host }) => {
    const [after] = (decodeCursor(cursor, ["string"]) ?? []) as [string?];
    const page = { limit: limit + 1, after, attempts: "run" } as const;
    const found = await listFunctions(host.parts.store, page);
    return toPage(
      found,
      limit,
      (one) => [one.id],
      (one) => showFunction(one, host),
    );
  },
});

export const task = route({
  id: "tasks.get",
  summary: "A task",
  role: "viewer",
  scopes: ({ params: { taskId } }) => [`read:function:${taskId}`],
  params,
  answer: functionInfo,
  handler: async ({ params: { taskId }, host }) => {
    const found = await readFunction(host.parts.store, taskId);
    if (!found?.declaration || !isTask(found.declaration)) return notFound("task", taskId);
    return showFunction(found, host);
  },
});

export const trigger = route({
  id: "tasks.trigger",
  summary: "Starts a run of a task",
  description:
    "The payload is held to the task's schema where this process knows it. The answer's token lets a browser follow the run.",
  role: "operator",
  scopes,
  params,
  body: z.strictObject({ payload: json.optional(), options: triggerOptions.default({}) }),
  answer: started,
  status: 201,
  handler: async ({ params: { taskId }, body, host, idempotencyKey: sentKey }) => {
    const { payload, options } = body;
    const target = await findTarget(host, taskId);
    await requirePayload(target, payload, "#/payload");
    const keyed = sentKey === undefined ? options : { idempotencyKey: sentKey, ...options };
    return startOne(host, callOf(host, target, { payload, options: keyed }));
  },
});

/** Runs of one batch: all are started in one commit. */
const MAX_ITEMS = 1_000;

export const batch = route({
  id: "tasks.batch",
  summary: "Starts many runs of a task, all or none",
  role: "operator",
  scopes,
  params,
  body: z.strictObject({
    items: z
      .array(z.strictObject({ payload: json.optional(), options: triggerOptions.default({}) }))
      .min(1)
      .max(MAX_ITEMS),
    /** Items without a key of their own get this one with their number. */
    idempotencyKey: idempotencyKey.optional(),
    idempotencyKeyTTL: duration.optional(),
  }),
  answer: z.object({
    batchId: z.string(),
    runCount: z.int(),
    /** In the order of the items. */
    runs: z.array(started.omit({ publicToken: true })),
    /** Lets a browser follow the runs of the batch, for a quarter of an hour. */
    publicToken: z.string(),
  }),
  status: 201,
  handler: async ({ params: { taskId }, body: asked, host, idempotencyKey: sentKey }) => {
    const body = { ...asked, idempotencyKey: asked.idempotencyKey ?? sentKey };
    const target = await findTarget(host, taskId);
    for (const [index, { payload }] of body.items.entries())
      await requirePayload(target, payload, `#/items/${index}/payload`);
    const batchId = batchIdOf(taskId, body.idempotencyKey);
    const calls = body.items.map((item, index) => {
      const options = withBatchKey(item.options, body, index);
      return callOf(host, target, { payload: item.payload, options }, batchId);
    });
    const results = await host.parts.engine.startRuns(calls);
    const runs = results.map(({ runId, isCached, refused }) => {
      if (refused) throw startRefused(taskId, refused);
      return { id: runId, isCached };
    });
    const publicToken = await host.publicTokens.create({ scopes: [`read:batch:${batchId}`] });
    return { batchId, runCount: runs.length, runs, publicToken };
  },
});

interface Item {
  readonly payload?: unknown;
  readonly options: TriggerOptionsBody;
}

const callOf = (
  { parts }: ServerHost,
  target: Target,
  { payload, options }: Item,
  batchId?: string,
): StartCall =>
  startCallOf({
    ...{ target, payload, options, batchId, scope: undefined },
    by: batchId === undefined ? "trigger" : "batchTrigger",
    now: parts.clock.now(),
  });

/** @throws {LonghaulError} SERVER_NOT_FOUND if no process has a task of this id */
async function findTarget({ parts }: ServerHost, taskId: string): Promise<Target> {
  const target = targetOf(taskId);
  if (target.plan && parts.engine.hasFunction(taskId)) return target;
  const known = await readFunction(parts.store, taskId);
  if (!known?.declaration || !isTask(known.declaration)) return notFound("task", taskId);
  return target;
}

/** @throws {InvalidRequest} */
async function requirePayload(target: Target, payload: unknown, pointer: string): Promise<void> {
  try {
    await checkPayload(target, payload);
  } catch (error) {
    if (!(error instanceof TaskPayloadParsedError)) throw error;
    throw new InvalidRequest([{ pointer, detail: error.message }]);
  }
}

/** With a key, the same request names the same batch; of another task, another: who starts it may read the batch. */
function batchIdOf(taskId: string, key: string | readonly string[] | undefined): string {
  if (key === undefined) return `batch_${randomUUID().replaceAll("-", "")}`;
  const hash = createHash("sha256").update(
    JSON.stringify(["http", taskId, resolveKey(key, undefined)]),
  );
  return `batch_${hash.digest("hex").slice(0, 32)}`;
}

function withBatchKey(
  options: TriggerOptionsBody,
  {
    idempotencyKey: key,
    idempotencyKeyTTL,
  }: {
    readonly idempotencyKey?: string | readonly string[] | undefined;
    readonly idempotencyKeyTTL?: string | undefined;
  },
  index: number,
): TriggerOptionsBody {
  if (key === undefined || options.idempotencyKey !== undefined) return options;
  return { idempotencyKeyTTL, ...options, idempotencyKey: itemKey(key, index, undefined) };
}
