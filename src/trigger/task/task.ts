import type { FunctionDefinition, RunHandle as EngineRun } from "../../runs/definition.ts";
import { attach, type RunHost } from "../../runs/hosting.ts";
import { queueSlot, taskQueueName } from "../../runs/store/queue-store.ts";
import type { StartDetails } from "../../runs/store/start-details.ts";
import { configOf } from "../config/host-config.ts";
import { serveBulkActions } from "../api/bulk-tools.ts";
import { bindRuntime } from "../host/binding.ts";
import { MAX_ATTEMPTS } from "../retry/retry-options.ts";
import { decideTaskRetry, executeTask, MAX_OUTPUT_BYTES } from "../run/execute-task.ts";
import { entriesOf, triggerBatch, triggerBatchAndWait } from "../trigger/batch.ts";
import { TaskRunPromise } from "../trigger/task-run-promise.ts";
import { trigger, triggerAndSubscribe, triggerAndWait } from "../trigger/trigger.ts";
import type { SchemaIn, TaskSchema } from "../schema.ts";
import type {
  CommonTaskOptions,
  CronOptions,
  ScheduledPayload,
  SchemaTaskOptions,
  Task,
  TaskOptions,
} from "../types/task.ts";
import type { Untyped } from "../types/untyped.ts";
import { addTask, type KnownTask } from "./catalog.ts";
import { windowMs } from "./cron.ts";
import { readPlan, type TaskPlan, triggersOf } from "./plan.ts";
import { madeQueues } from "./queue.ts";

/** How others know a task object. */
const BRAND = Symbol.for("trigger.dev/task");

/**
 * Makes a task: a function whose runs survive their process. It does nothing until a runtime serves it:
 * `createLonghaul({ tasks })`.
 *
 * @throws {LonghaulError} TASK_BAD_OPTION, TASK_BAD_DURATION, RUNS_BAD_TRIGGER
 *
 * @example
 * const processImage = task({
 *   id: "process-image",
 *   retry: { maxAttempts: 3 },
 *   run: async (payload: { imageId: string }) => ({ url: await upload(payload.imageId) }),
 * });
 */
export function task<TIdentifier extends string, TInput = void, TOutput = unknown, TInit = Untyped>(
  options: TaskOptions<TIdentifier, TInput, TOutput, TInit>,
): Task<TIdentifier, TInput, TOutput> {
  return makeTask(readPlan(options)) as unknown as Task<TIdentifier, TInput, TOutput>;
}

/** As {@link task}, with a schema that payloads are held to, when they are sent and before `run`. */
export function schemaTask<
  TIdentifier extends string,
  TSchema extends TaskSchema,
  TOutput = unknown,
  TInit = Untyped,
>(
  options: SchemaTaskOptions<TIdentifier, TSchema, TOutput, TInit>,
): Task<TIdentifier, SchemaIn<TSchema>, TOutput> {
  return makeTask(readPlan(options)) as unknown as Task<TIdentifier, SchemaIn<TSchema>, TOutput>;
}

/** As {@link task}, for runs that a schedule starts: its own `cron`, or those of `schedules.create`. */
export function scheduledTask<TIdentifier extends string, TOutput = unknown, TInit = Untyped>(
  options: CommonTaskOptions<TIdentifier, ScheduledPayload, TOutput, TInit> & {
    readonly cron?: string | CronOptions | undefined;
  },
): Task<TIdentifier, ScheduledPayload, TOutput> {
  return makeTask(readPlan(options)) as unknown as Task<TIdentifier, ScheduledPayload, TOutput>;
}

function makeTask(plan: TaskPlan): Task & KnownTask {
  const { id } = plan;
  const made: Task & KnownTask = {
    id,
    description: plan.description,
    ...(plan.schema !== undefined && { schema: plan.schema }),
    ...(plan.jsonSchema !== undefined && { jsonSchema: plan.jsonSchema }),
    trigger: (payload, options) => trigger(made, payload, options),
    batchTrigger: (items, options) => triggerBatch(entriesOf(made, items), options),
    triggerAndWait: (payload, options) =>
      TaskRunPromise.of(triggerAndWait(made, payload, options)) as never,
    batchTriggerAndWait: (items, options) => triggerBatchAndWait(entriesOf(made, items), options),
    triggerAndSubscribe: (payload, options) =>
      TaskRunPromise.of(triggerAndSubscribe(made, payload, options)) as never,
    plan,
    [attach]: (host) => attachTask(plan, host),
  };
  Object.defineProperty(made, BRAND, { value: true });
  Object.defineProperty(made, "plan", { enumerable: false });
  addTask(made, made);
  return made;
}

/** Registers a task with a runtime, and sends there what is triggered by id. */
function attachTask(plan: TaskPlan, host: RunHost): () => void {
  host.register([definitionOf(plan, host)]);
  serveBulkActions(host);
  const limited =
    plan.queue.limit === undefined ? [] : [{ ...plan.queue, limit: plan.queue.limit }];
  const queues = [...madeQueues(), ...limited];
  // Starts say their limits themselves; this is for those that know a queue by its name only.
  if (queues.length > 0) host.stores.queues.declare({ now: host.now(), queues }).catch(() => {});
  return bindRuntime(host);
}

function definitionOf(plan: TaskPlan, host: RunHost): FunctionDefinition {
  const { cron } = plan;
  const environment = configOf(host)?.environment;
  return {
    id: plan.id,
    name: plan.id,
    triggers: triggersOf(plan).flatMap((trigger) => {
      if (!cron || !("cron" in trigger)) return [trigger];
      if (environment && cron.environments?.includes(environment) === false) return [];
      return [{ ...trigger, jitterMs: windowMs(cron, host.now()) }];
    }),
    executor: "live",
    attempts: "run",
    // How often is for each run to say.
    retries: MAX_ATTEMPTS - 1,
    backoff: () => 0,
    defaults: defaultsOf(plan, host),
    decideRetry: decideTaskRetry,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    handler: (run: EngineRun) => executeTask(plan, run, host),
  };
}

/** What all starts of the task say unless they say otherwise. */
function defaultsOf(plan: TaskPlan, host: RunHost): StartDetails {
  const { queue } = plan;
  const config = configOf(host);
  const ttlMs = plan.ttlMs ?? config?.ttlMs;
  const maxDurationMs = plan.maxDurationMs ?? config?.maxDurationMs;
  const isOwn = queue.name === taskQueueName(plan.id);
  return {
    queue: queue.name,
    ...((!isOwn || queue.limit !== undefined) && { slots: [queueSlot(queue.name, queue.limit)] }),
    ...(ttlMs !== undefined && ttlMs > 0 && { ttlMs }),
    ...(maxDurationMs !== undefined && { maxDurationMs }),
  };
}
