import { type Job, type Processor, WaitingError } from "longhaul/bullmq";

/** Does one job. It stops by throwing as soon as `stopping` is aborted. */
export type Handler<Data> = (job: Job<Data>, stopping: AbortSignal) => Promise<unknown>;

/**
 * Makes a handler of ours a processor of BullMQ's that can hand its job back: when the program has to
 * stop, the job goes back to the front of its queue, no attempt is counted, and the next worker that
 * is free runs it again from the start.
 */
export function interruptible<Data>(
  handler: Handler<Data>,
  stopping: AbortSignal,
): Processor<Data> {
  return async (job, token) => {
    try {
      return await handler(job, stopping);
    } catch (error) {
      if (!stopping.aborted) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    }
  };
}
