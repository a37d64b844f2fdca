import { JobScheduler as BullJobScheduler } from "bullmq";
import { createBackend } from "./create-backend.ts";
import { Job } from "./job.ts";
import type { Any, BackendFactory, RepeatBaseOptions } from "./types.ts";

/** BullMQ's `JobScheduler` on the store that `connection` names. `queue.jobScheduler` is one. */
export class JobScheduler extends BullJobScheduler<Any, Any> {
  constructor(
    name: string,
    opts: RepeatBaseOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    super(name, { connection: undefined, ...opts }, backendFactory);
  }

  protected override get Job(): typeof Job {
    return Job;
  }
}
