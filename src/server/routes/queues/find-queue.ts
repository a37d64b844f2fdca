import type { Queue } from "../../../bullmq/queue.ts";
import { isLonghaulError, LonghaulError } from "../../../core/errors.ts";
import { type JobDetail, readJob } from "../../../queue/browse/job-detail.ts";
import { queueOfName } from "../../../queue/browse/queue-name.ts";
import { type QueueRow, readQueueRow } from "../../../queue/browse/queue-summary.ts";
import { InvalidRequest } from "../../problem.ts";
import type { ServerHost } from "../../server-host.ts";

/** @throws {LonghaulError} SERVER_NOT_FOUND */
export function notFound(what: string): never {
  throw new LonghaulError("SERVER_NOT_FOUND", { what });
}

/** A queue that is there. */
export interface FoundQueue {
  readonly row: QueueRow;
  readonly queue: Queue;
}

/** @throws {LonghaulError} SERVER_NOT_FOUND */
export async function findQueue(host: ServerHost, name: string): Promise<FoundQueue> {
  const { store, clock } = host.parts;
  const row = await readQueueRow(store, queueOfName(name), clock.now());
  return row ? { row, queue: host.queues.get(name) } : notFound(`queue ${name}`);
}

/** A job that is there, with its key in the store. */
export interface FoundJob {
  readonly key: number;
  readonly job: JobDetail;
}

/** @throws {LonghaulError} SERVER_NOT_FOUND */
export async function findJob(
  { parts }: ServerHost,
  { queue, jobId }: { readonly queue: string; readonly jobId: string },
): Promise<FoundJob> {
  const found = await readJob(parts.store, queueOfName(queue), jobId, parts.clock.now());
  return found ?? notFound(`job ${jobId} of ${queue}`);
}

/** A job as BullMQ has it. */
type BullJob = NonNullable<Awaited<ReturnType<Queue["getJob"]>>>;

/**
 * Does something to a job. What BullMQ refuses because of where the job stands becomes a conflict that says so.
 *
 * @param action what cannot be done to it then, such as "retried"
 * @throws {LonghaulError} SERVER_NOT_FOUND, SERVER_STATE_CONFLICT
 */
export async function changeJob(
  host: ServerHost,
  place: { readonly queue: string; readonly jobId: string },
  action: string,
  change: (job: BullJob, detail: JobDetail) => unknown,
): Promise<FoundJob> {
  await applyToJob(host, place, action, change);
  return findJob(host, place);
}

/** The same, for what may leave no job behind. */
export async function applyToJob(
  host: ServerHost,
  place: { readonly queue: string; readonly jobId: string },
  action: string,
  change: (job: BullJob, detail: JobDetail) => unknown,
): Promise<void> {
  const before = await findJob(host, place);
  const job = await host.queues.get(place.queue).getJob(place.jobId);
  if (!job) return notFound(`job ${place.jobId} of ${place.queue}`);
  try {
    await change(job, before.job);
  } catch (error) {
    if (isLonghaulError(error) || !isRefusal(error)) throw error;
    const { job: now } = await findJob(host, place);
    const state = isSchedulers(error) ? "the next job of a job scheduler" : now.state;
    throw conflict(place, state, action);
  }
}

export const conflict = (
  { queue, jobId }: { readonly queue: string; readonly jobId: string },
  state: string,
  action: string,
): LonghaulError =>
  new LonghaulError("SERVER_STATE_CONFLICT", { what: `Job ${jobId} of ${queue}`, state, action });

/** Whether BullMQ, or its storage, says that a job does not stand where it would have to. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  (typeof (error as { code?: unknown }).code === "number" || /\block(ed)?\b/i.test(error.message));

const BELONGS_TO_SCHEDULER = -8;
const isSchedulers = (error: unknown): boolean =>
  (error as { code?: unknown }).code === BELONGS_TO_SCHEDULER;

/**
 * Does what depends on options of the caller's: those that BullMQ refuses are the caller's fault.
 *
 * @param pointer where in the body they are
 * @throws {InvalidRequest}
 */
export async function withOptions<T>(pointer: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isLonghaulError(error) || !(error instanceof Error)) throw error;
    throw new InvalidRequest([{ pointer, detail: error.message }]);
  }
}
