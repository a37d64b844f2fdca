/**
 * The option types of `longhaul/bullmq`: BullMQ's own, with an optional `connection` that may name
 * any of the three stores, `repeat` and `timeout` on jobs, limits for payloads on queues, and dead letters and defaults
 * for jobs on workers.
 */
import type * as bullmq from "bullmq";
import type { DeadLetterQueue, SqliteConnection } from "../queue/index.ts";

/** A SQLite file with options. */
export type SqliteConnectionOptions = Exclude<SqliteConnection, string | undefined>;

/**
 * BullMQ's classes have `any` as the default of their job types, and users rely on it. Longhaul's
 * also put it where BullMQ names its backend class: which store it is shows only when the program
 * runs, and with `any` there a queue still goes where BullMQ's type is asked for (Bull Board).
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type Any = any;

/**
 * Where the jobs are kept:
 * - nothing: `LONGHAUL_URL`, or `file:.longhaul/longhaul.db` without that variable;
 * - `"file:path"`, `":memory:"` or `{ url, durability }`: SQLite;
 * - `"redis://…"`, `"rediss://…"`, ioredis options, or a client of ioredis, node-redis or Bun: Redis;
 * - `"postgres://…"`, a pg configuration or a pg `Pool`: PostgreSQL.
 */
export type ConnectionOptions =
  string | SqliteConnectionOptions | bullmq.ConnectionOptions | bullmq.PostgresConnectionOptions;

type OptionalConnection<Options> = Omit<Options, "connection"> & {
  /** Where the jobs are kept; see {@link ConnectionOptions}. @default LONGHAUL_URL, or file:.longhaul/longhaul.db */
  connection?: ConnectionOptions | undefined;
};

/** BullMQ's `RepeatOptions`, and the older name `cron` for `pattern`. */
export interface RepeatOptions extends Omit<bullmq.RepeatOptions, "jobId" | "prevMillis"> {
  /** The same as `pattern`. */
  cron?: string;
}

/** BullMQ's `JobsOptions`, `repeat`, `timeout` and `transaction`. */
export type JobsOptions = bullmq.JobsOptions & {
  /**
   * How long one attempt may take, in ms. Then the processor's signal, its third argument, is aborted and the attempt
   * fails with `BULLMQ_JOB_TIMED_OUT`. @default the worker's, or none
   */
  timeout?: number;
  /**
   * Your own connection to Longhaul's file, inside a transaction: a better-sqlite3 `Database` or a node:sqlite
   * `DatabaseSync`. The job is stored by that transaction: what you wrote and what you added is committed together, or
   * neither is. `add` then does its work before it returns, and throws instead of rejecting, so that your transaction
   * rolls back.
   */
  transaction?: object;
  /** Makes the job a job scheduler: it runs again and again at the times this says. */
  repeat?: RepeatOptions;
};

/** The options of one job of `addBulk`. */
export type BulkJobOptions = JobsOptions;

/** BullMQ's `QueueBaseOptions` with an optional connection. */
export type QueueBaseOptions = OptionalConnection<bullmq.QueueBaseOptions<Any>>;
/** How large the payloads of jobs may be: the bytes of their data as JSON. */
export interface PayloadLimits {
  /** A job with a larger payload is refused with `BULLMQ_PAYLOAD_TOO_LARGE`, and nothing is stored. @default no limit */
  maxPayloadBytes?: number | undefined;
  /**
   * A larger payload is warned of, once for each name of job, by a warning of the process (`LARGE_PAYLOAD`); `Infinity`
   * for no warning. @default 262,144
   */
  warnPayloadBytes?: number | undefined;
}

/** BullMQ's `QueueOptions` with an optional connection and limits for payloads. */
export type QueueOptions = OptionalConnection<bullmq.QueueOptions<Any>> & PayloadLimits;
/** BullMQ's `QueueEventsOptions` with an optional connection. */
export type QueueEventsOptions = OptionalConnection<bullmq.QueueEventsOptions<Any>>;
/** BullMQ's `QueueEventsProducerOptions` with an optional connection. */
export type QueueEventsProducerOptions = OptionalConnection<bullmq.QueueEventsProducerOptions<Any>>;
/** BullMQ's `FlowProducerOptions` with an optional connection, and limits for the payload of each job of a flow. */
export type FlowProducerOptions = OptionalConnection<bullmq.FlowProducerOptions<Any>> &
  PayloadLimits;
/** BullMQ's `RepeatBaseOptions` with an optional connection. */
export type RepeatBaseOptions = OptionalConnection<bullmq.RepeatBaseOptions<Any>>;

/** What a worker gives to jobs that bring none of their own. */
export interface RetryDefaults {
  /**
   * How often a job is tried at most, if it was added without `attempts`. BullMQ stores a job
   * without `attempts` as one with 0, so an explicit 0 counts as none too; 1 means "never retry".
   */
  attempts?: number | undefined;
  /** How long to wait before a retry, if the job was added without `backoff`. A number is in ms. */
  backoff?: number | bullmq.BackoffOptions | undefined;
}

/** How long jobs may take. */
export interface TimeoutOptions {
  /** For jobs added without a `timeout`: how long one attempt may take, in ms. @default no timeout */
  timeout?: number | undefined;
  /**
   * How long a processor may take to end once its signal is aborted, in ms. Its place in the worker stays taken that
   * long; one that goes on even then loses its job and its place. @default 5000
   */
  timeoutGrace?: number | undefined;
}

/** BullMQ's `WorkerOptions` with an optional connection, dead letters, timeouts and defaults for retries. */
export type WorkerOptions = OptionalConnection<bullmq.WorkerOptions<Any>> &
  RetryDefaults &
  TimeoutOptions & {
    /** Where a copy of every job goes that fails for good: a `DeadLetter` as the data of a job there. @default nowhere */
    deadLetterQueue?: string | DeadLetterQueue | undefined;
  };

/** The data of a queue's jobs, where the queue is typed by its data or by a `Job` type. */
export type DataOf<DataTypeOrJob> =
  DataTypeOrJob extends bullmq.Job<infer Data, Any, Any> ? Data : DataTypeOrJob;
/** The results of a queue's jobs. */
export type ResultOf<DataTypeOrJob, Default> =
  DataTypeOrJob extends bullmq.Job<Any, infer Result, Any> ? Result : Default;
/** The names of a queue's jobs. */
export type NameOf<DataTypeOrJob, Default extends string> =
  DataTypeOrJob extends bullmq.Job<Any, Any, infer Name> ? Name : Default;

/** BullMQ's `BackendFactory`, for any store. */
export type BackendFactory = bullmq.BackendFactory<Any, Any>;
