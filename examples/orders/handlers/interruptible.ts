import { type Job, type Processor, WaitingError } from "longhaul/bullmq";

/** Does one job. It stops by throwing as soon as `signal` is aborted. */
export type Handler<Data> = (job: Job<Data>, signal: AbortSignal) => Promise<unknown>;

/**
 * Makes a handler of ours a processor of BullMQ's that can hand its job back: when the worker cancels
 * it, the job goes back to the front of its queue, no attempt is counted, and the next worker that
 * is free runs it again from the start.
 */
export function interruptible<Data>(handler: Handler<Data>): Processor<Data> {
  // BullMQ looks at the number of parameters: with three, each job gets a signal.
  return async function process(job, token, signal) {
    if (signal === undefined) throw new TypeError("BullMQ gave no signal");
    try {
      return await handler(job, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      await job.moveToWait(token);
      throw new WaitingError();
    }
  };
}
