import type * as bullmq from "bullmq";
import type { ConnectionOptions, DeadLetterQueue, JobsOptions } from "../bullmq/index.ts";

/** What the data of a task's jobs is made of; extend it with the fields of yours. */
export type TaskJobData = object;

/** How far a job has come. */
export interface TaskProgress {
  /** 0 to 100. */
  readonly percentage: number;
  /** How many of `total` are done. */
  readonly current?: number;
  readonly total?: number;
  /** For people. */
  readonly message?: string;
}

/** What a processor is called with. */
export interface TaskJob<Data> {
  readonly id: string;
  readonly data: Data;
  /**
   * Tells how far the job has come. While the job is paused, it does not resolve; it rejects once the job is removed or
   * handed back, as `signal.reason` says.
   */
  readonly updateProgress: (progress: TaskProgress) => Promise<void>;
  /** Aborted when the job is removed, when its timeout is over, or when it is handed back because this process stops. */
  readonly signal: AbortSignal;
}

/** The work of a task: what it returns is the job's result. */
export type TaskProcessor<Data, Result> = (job: TaskJob<Data>) => Promise<Result>;

/** Where a job stands. `paused` is the one job's own; a paused queue's jobs are `waiting`. */
export type TaskState = bullmq.JobState | "paused" | "unknown";

/** What happened to a job. */
export interface TaskUpdate {
  readonly status: Exclude<TaskState, "unknown"> | "removed";
  /** With each call of `updateProgress`. */
  readonly progress?: TaskProgress;
  /** What the processor returned, once completed. */
  readonly result?: unknown;
  /** Message of the error, once failed for good. */
  readonly error?: string;
}

/** Hears of updates: of which task, of which job, and what. */
export type TaskListener = (taskType: string, jobId: string, update: TaskUpdate) => void;

/** Settings of the queue and the worker that tasks of one `queueName` share. */
export interface SharedSettings {
  /** How many jobs one process works on at a time. @default 3 */
  readonly concurrency?: number;
  /** How many jobs may start in so many ms, over all processes. @default no limit */
  readonly limiter?: bullmq.RateLimiterOptions;
  /** BullMQ's option of that name, in ms. @default 30000 */
  readonly lockDuration?: number;
  /** BullMQ's option of that name. @default 1 */
  readonly maxStalledCount?: number;
  /** BullMQ's option of that name, in ms. @default 30000 */
  readonly stalledInterval?: number;
  /** How long a processor may take to end once its signal is aborted, in ms. @default 5000 */
  readonly timeoutGrace?: number;
  /** Where a copy of each job goes that failed for good. @default nowhere */
  readonly deadLetterQueue?: string | DeadLetterQueue;
  /** Jobs with larger data are refused. @default no limit */
  readonly maxPayloadBytes?: number;
  /** Jobs with larger data are warned of. @default 262,144 */
  readonly warnPayloadBytes?: number;
}

/** Settings of the jobs of one task; options of `addJob` go before them. */
export interface JobSettings {
  /** How often a job is tried at most. @default 3 */
  readonly attempts?: number;
  /** The wait before a retry. @default exponential from 2 s */
  readonly backoff?: JobsOptions["backoff"];
  /** How many completed jobs to keep. @default 10 */
  readonly removeOnComplete?: JobsOptions["removeOnComplete"];
  /** How many failed jobs to keep. @default 5 */
  readonly removeOnFail?: JobsOptions["removeOnFail"];
  /** How long one attempt may take, in ms; the time in which the job is paused does not count. @default no timeout */
  readonly timeout?: number;
}

/** Settings that a manager may have for all its tasks, and a task of its own. */
export type TaskSettings = SharedSettings & JobSettings;

/** A task as it is registered. */
export interface TaskOptions<Data, Result> extends TaskSettings {
  /** Tasks may share a queue: they then share its worker as well. @default the task's name */
  readonly queueName?: string;
  /** Not needed by a manager with `workers: false`. */
  readonly processor?: TaskProcessor<Data, Result>;
}

/** What a manager is made with. */
export interface QueueManagerOptions {
  /**
   * Where the jobs are kept, as for `longhaul/bullmq`.
   * @default LONGHAUL_URL; without it Redis at REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; without those
   *   file:.longhaul/longhaul.db
   */
  readonly connection?: ConnectionOptions | undefined;
  /** Prefix of the queues, as BullMQ has it. @default "bull" */
  readonly prefix?: string;
  /** Whether this process works on jobs, or only adds, watches and controls them. @default true */
  readonly workers?: boolean;
  /** Settings for tasks that say nothing else. */
  readonly defaults?: TaskSettings;
  /** Hears of errors of the store and of workers, which nobody else could. @default a warning of the process */
  readonly onError?: (error: Error) => void;
}
