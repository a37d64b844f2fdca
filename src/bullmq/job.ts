import { Job as BullJob } from "bullmq";
import type * as bullmq from "bullmq";
import { type Validate, withChecks } from "./check-job.ts";
import type { Any } from "./types.ts";
import { waitUntilFinished } from "./wait-until-finished.ts";

/** BullMQ's `Job`, whose `waitUntilFinished()` needs no `QueueEvents`. */
export class Job<
  DataType = Any,
  ReturnType = Any,
  NameType extends string = string,
  ProgressType extends bullmq.JobProgress = bullmq.JobProgress,
> extends BullJob<DataType, ReturnType, NameType, ProgressType> {
  static {
    // Declared, a protected member of its own would make this another type than BullMQ's Job, which users name.
    const { prototype } = this as unknown as { prototype: { validateOptions: Validate } };
    prototype.validateOptions = withChecks(prototype.validateOptions);
  }

  /**
   * Resolves with the job's result, or rejects with the reason it failed for.
   *
   * @param queueEvents Where to listen. Without it, one is opened for this call and closed after it.
   * @param ttl How long to wait at most, in ms. @default forever
   */
  override async waitUntilFinished<B extends bullmq.IQueueBackend, C>(
    queueEvents?: bullmq.QueueEvents<Any, B, C>,
    ttl?: number,
  ): Promise<ReturnType> {
    if (queueEvents !== undefined) return await super.waitUntilFinished(queueEvents, ttl);
    return (await waitUntilFinished(this, ttl)) as ReturnType;
  }
}
