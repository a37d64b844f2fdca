import type { Attachable } from "../../runs/hosting.ts";
import type { TaskRetryOptions } from "../retry/retry-options.ts";
import type { SchemaIn, SchemaOut, TaskSchema } from "../schema.ts";
import type { EnvironmentType, MachinePreset, TaskRunContext } from "./context.ts";
import type { LifecycleHooks } from "./hooks.ts";
import type { BatchResult, BatchRunHandle, RunHandle, TaskRunResult } from "./results.ts";
import type { TaskRunPromise } from "../trigger/task-run-promise.ts";
import type { BatchItem, BatchItems, BatchOptions, TriggerOptions } from "./trigger-options.ts";
import type { OneOrMany, Untyped } from "./untyped.ts";

/** A queue: at most `concurrencyLimit` of its runs execute at once; runs that wait do not count. */
export interface QueueOptions {
  /** At most 128 characters. @default `task/<the task's id>`, a queue of its own */
  readonly name?: string | undefined;
  /** 0 lets nothing run. @default no limit */
  readonly concurrencyLimit?: number | undefined;
}

/** A queue that was made by `queue()`. */
export interface Queue extends QueueOptions {
  readonly name: string;
}

/** When a schedule ticks. */
export interface CronOptions {
  /** Five fields. */
  readonly pattern: string;
  /** IANA name. @default "UTC" */
  readonly timezone?: string | undefined;
  /** Spreads the start over this time after the tick: `"30m"`, or `"30%"` of the time between two ticks. @default at the tick */
  readonly window?: string | undefined;
  /** Ticks only where the configuration says it is one of these. @default everywhere */
  readonly environments?: readonly EnvironmentType[] | undefined;
}

/** An event that starts a task; `if` is an expression over `event`. */
export interface TaskEvent {
  readonly event: string;
  readonly if?: string | undefined;
}

/** What `run` gets besides the payload. */
export interface RunFnParams<TInit = Untyped> {
  readonly ctx: TaskRunContext;
  /** What the `init` hooks returned, merged. */
  readonly init: TInit;
  /** Aborted when the run is canceled or out of time. */
  readonly signal: AbortSignal;
}

/** What all kinds of tasks may say. */
export interface CommonTaskOptions<
  TIdentifier extends string,
  TPayload,
  TOutput,
  TInit,
> extends LifecycleHooks<TPayload, TOutput, TInit> {
  /** Unique; runs find their code by it, so do not change it while runs wait. */
  readonly id: TIdentifier;
  readonly description?: string | undefined;
  /** @default `retries.default` of the configuration; without that, nothing is retried */
  readonly retry?: TaskRetryOptions | undefined;
  /** @default a queue of its own without limit */
  readonly queue?: QueueOptions | string | undefined;
  readonly machine?: MachinePreset | { readonly preset: MachinePreset } | undefined;
  /** How long the code may run, seconds, at least 5; waits do not count. @default that of the configuration, or no bound */
  readonly maxDuration?: number | undefined;
  /** A run expires that was not started so long after it could have been: `"10m"` or seconds; 0 for never. */
  readonly ttl?: string | number | undefined;
  /** Events that start the task, with their data as payload: a name, which may end in `/*`, or several. */
  readonly on?: OneOrMany<string | TaskEvent> | undefined;
  /** When the task starts by itself, with a {@link ScheduledPayload}. */
  readonly cron?: string | CronOptions | undefined;
  readonly run: (payload: TPayload, params: RunFnParams<TInit>) => Promise<TOutput>;
}

export interface TaskOptions<
  TIdentifier extends string,
  TPayload,
  TOutput,
  TInit,
> extends CommonTaskOptions<TIdentifier, TPayload, TOutput, TInit> {
  /** For people, and for the server's forms. */
  readonly jsonSchema?: unknown;
}

export interface SchemaTaskOptions<
  TIdentifier extends string,
  TSchema,
  TOutput,
  TInit,
> extends CommonTaskOptions<TIdentifier, SchemaOut<TSchema>, TOutput, TInit> {
  /** Callers give what it takes, `run` gets what it makes of that. */
  readonly schema: TSchema & TaskSchema;
}

/** The payload of a run that a schedule has started. */
export interface ScheduledPayload {
  readonly scheduleId: string;
  /** DECLARATIVE: of the task's `cron`; IMPERATIVE: made by `schedules.create`. */
  readonly type: "DECLARATIVE" | "IMPERATIVE";
  /** When the tick was due. */
  readonly timestamp: Date;
  /** The tick before. */
  readonly lastTimestamp?: Date;
  readonly timezone: string;
  readonly externalId?: string;
  /** The next five ticks. */
  readonly upcoming: Date[];
}

export type { SchemaIn, SchemaOut };

/** A task, made by `task`, `schemaTask` or `schedules.task`. */
export interface Task<
  TIdentifier extends string = string,
  TInput = void,
  TOutput = Untyped,
> extends Attachable {
  readonly id: TIdentifier;
  readonly description?: string | undefined;
  readonly jsonSchema?: unknown;
  readonly schema?: unknown;
  /** Starts a run. */
  readonly trigger: (
    payload: TInput,
    options?: TriggerOptions,
  ) => Promise<RunHandle<TIdentifier, TInput, TOutput>>;
  /** Starts many runs in one commit. */
  readonly batchTrigger: (
    items: BatchItems<BatchItem<TInput>>,
    options?: BatchOptions,
  ) => Promise<BatchRunHandle<TIdentifier, TInput, TOutput>>;
  /** In a task: starts a run and waits for its end. */
  readonly triggerAndWait: (
    payload: TInput,
    options?: TriggerOptions,
  ) => TaskRunPromise<TIdentifier, TOutput>;
  /** In a task: starts many runs and waits for the end of all. */
  readonly batchTriggerAndWait: (
    items: BatchItems<BatchItem<TInput>>,
    options?: BatchOptions,
  ) => Promise<BatchResult<TIdentifier, TOutput>>;
  /** In a task: as `triggerAndWait`, and cancels the run when `signal` is aborted, unless `cancelOnAbort` is false. */
  readonly triggerAndSubscribe: (
    payload: TInput,
    options?: TriggerOptions & {
      readonly signal?: AbortSignal | undefined;
      readonly cancelOnAbort?: boolean | undefined;
    },
  ) => TaskRunPromise<TIdentifier, TOutput>;
}

/** Any task, whatever it takes and gives. */
export type AnyTask = Task<string, Untyped>;
export type TaskIdentifier<TTask> =
  TTask extends Task<infer TIdentifier, Untyped> ? TIdentifier : never;
export type TaskPayload<TTask> = TTask extends Task<string, infer TInput> ? TInput : never;
export type TaskOutput<TTask> =
  TTask extends Task<string, Untyped, infer TOutput> ? TOutput : never;
export type TaskBatchItem<TTask> = BatchItem<TaskPayload<TTask>>;
export type TaskResultOf<TTask> = TaskRunResult<TaskIdentifier<TTask>, TaskOutput<TTask>>;
