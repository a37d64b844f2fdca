import type * as bullmq from "bullmq";
import { LonghaulError } from "../core/errors.ts";
import { SqliteQueueBackend } from "../queue/index.ts";
import { isRepeated } from "./repeat-options.ts";
import type { Any, JobsOptions } from "./types.ts";

type AnyQueue = bullmq.Queue<Any, Any, Any, Any, Any, Any, Any, Any>;
/** BullMQ's Job makes and checks itself; only the storing is ours. */
type JobClass = new (
  queue: AnyQueue,
  name: string,
  data: unknown,
  opts: bullmq.JobsOptions,
  id?: string,
) => bullmq.Job & { validateOptions(json: bullmq.JobJson): void };

/** Whether a job is to be added in the caller's transaction. */
export const isWithin = (
  opts: JobsOptions | undefined,
): opts is JobsOptions & { transaction: object } => opts?.transaction !== undefined;

/**
 * Adds a job in the caller's own transaction: what `Queue.add` does, at once. The queue's `waiting` event, which tells
 * of jobs that are there, is not emitted: whether this one will be is up to the caller.
 *
 * @throws {LonghaulError} STORE_BAD_TRANSACTION; what BullMQ throws for bad options
 */
export function addJobWithin(
  queue: AnyQueue,
  jobClass: unknown,
  job: { readonly name: string; readonly data: unknown; readonly opts: JobsOptions },
): bullmq.Job {
  const { transaction, ...opts } = job.opts;
  const { backend } = queue as unknown as { backend: unknown };
  if (!(backend instanceof SqliteQueueBackend)) throw bad("the queue is in no SQLite file");
  if (isRepeated(opts))
    throw bad("a job with repeat is a schedule; add it outside of the transaction");
  const { jobId } = opts;
  if (jobId === "0" || jobId?.startsWith("0:"))
    throw new Error("JobId cannot be '0' or start with '0:'");
  const Job = jobClass as JobClass;
  const added = new Job(queue, job.name, job.data, { ...queue.jobsOpts, ...opts }, jobId);
  const json = added.asJSON();
  added.validateOptions(json);
  const { parentKey } = added;
  added.id = backend.addJobWithin(transaction, json, added.id, {
    ...(parentKey !== undefined && {
      parentKey,
      parentDependenciesKey: `${parentKey}:dependencies`,
    }),
  });
  return added;
}

const bad = (reason: string): LonghaulError =>
  new LonghaulError("STORE_BAD_TRANSACTION", { reason });
