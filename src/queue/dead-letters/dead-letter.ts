import type { JobsOptions } from "bullmq";

/** The data of a job in a dead-letter queue: a job that failed for good, as it was. */
export interface DeadLetter {
  /** Name of the queue it failed in. */
  readonly originalQueue: string;
  readonly originalJobId: string;
  /** The job's name. */
  readonly name: string;
  readonly data: unknown;
  /** The options it was added with. */
  readonly opts: JobsOptions;
  /** Message of the last error. */
  readonly error: string;
  /** Stack of the last error, where it had one. */
  readonly stack: string | null;
  /** ISO 8601. */
  readonly failedAt: string;
  /** Attempts that failed, the last one included. */
  readonly attemptsMade: number;
  /** When the job was added, epoch ms. With its id that tells it from a later job of the same id. */
  readonly timestamp: number;
}

/** A job that was put back where it had failed. */
export interface RetriedDeadLetter {
  readonly queue: string;
  readonly jobId: string;
}

/** Where the dead letters of a worker go. */
export interface DeadLetterQueue {
  /** Name of the dead-letter queue; it has the connection and the prefix of the worker's queue. */
  readonly name: string;
  /** Options of the letters themselves, which are jobs of that queue. */
  readonly jobOptions?: Pick<JobsOptions, (typeof LETTER_OPTIONS)[number]>;
}

/** What may be said about letters: nothing that could make one disappear, or give it another's id. */
export const LETTER_OPTIONS = [
  "attempts",
  "backoff",
  "delay",
  "keepLogs",
  "lifo",
  "priority",
  "removeOnComplete",
  "removeOnFail",
  "stackTraceLimit",
] as const;

/** A `deadLetterQueue` option in its long form. */
export const deadLetterQueue = (option: string | DeadLetterQueue): DeadLetterQueue =>
  typeof option === "string" ? { name: option } : option;

/**
 * The options for a job that is put back under its old id, or another: as it was added, but it runs now, as nobody's
 * child, by no schedule, and nothing is merged with it.
 */
export function optionsForRetry(opts: JobsOptions): JobsOptions {
  const dropped: readonly string[] = NOT_RETRIED;
  return Object.fromEntries(Object.entries(opts).filter(([key]) => !dropped.includes(key)));
}

const NOT_RETRIED = [
  ...["delay", "deduplication", "parent", "repeat", "repeatJobKey", "jobId", "timestamp"],
  ...["failParentOnFailure", "removeDependencyOnFailure", "ignoreDependencyOnFailure"],
  "continueParentOnFailure",
];

/** The last of a job's stacks, from its JSON list. */
export function lastStack(stacktrace: unknown): string | null {
  if (typeof stacktrace !== "string") return null;
  return (JSON.parse(stacktrace) as string[]).at(-1) ?? null;
}
