import type * as bullmq from "bullmq";
import { checkJobTimeout } from "./job-timeout.ts";
import { checkPayload } from "./payload-limit.ts";
import type { PayloadLimits } from "./types.ts";

/** What checks a job. */
export type Validate = (this: bullmq.Job, json: bullmq.JobJson) => void;

/**
 * BullMQ's check of a job, called for every job of an `add`, an `addBulk` or a flow before any of it is stored, and what
 * Longhaul checks besides.
 */
export function withChecks(validateOptions: Validate): Validate {
  return function validate(json) {
    validateOptions.call(this, json);
    checkJobTimeout(this.name, this.opts);
    const { queue } = this as unknown as { readonly queue: { readonly opts?: PayloadLimits } };
    checkPayload(queue.opts, this.queueName, this.name, json.data);
  };
}
