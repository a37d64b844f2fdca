import { FlowProducer as BullFlowProducer } from "bullmq";
import type * as bullmq from "bullmq";
import { createBackend } from "./create-backend.ts";
import { Job } from "./job.ts";
import { withLimits } from "./payload-limit.ts";
import { refuseRepeatInFlow } from "./repeat-options.ts";
import type { Any, BackendFactory, FlowProducerOptions } from "./types.ts";

/** BullMQ's `FlowProducer` on the store that `connection` names. */
export class FlowProducer extends BullFlowProducer<Any, Any> {
  /**
   * @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_BAD_QUEUE_OPTION, BULLMQ_DRIVER_MISSING, and what opening a
   *   SQLite file throws.
   */
  constructor(opts: FlowProducerOptions = {}, backendFactory: BackendFactory = createBackend) {
    super({ connection: undefined, ...opts }, backendFactory);
    // What makes the queues of its jobs is private to BullMQ.
    const inside = this as unknown as { queueFromNode: (...args: Any[]) => { opts: object } };
    const queueFromNode = inside.queueFromNode.bind(this);
    inside.queueFromNode = (...args) => withLimits(queueFromNode(...args), opts);
  }

  protected override get Job(): typeof Job {
    return Job;
  }

  // Called for every node of a tree before any of it is written.
  protected override async addNode(options: bullmq.AddNodeOpts): Promise<bullmq.JobNode> {
    refuseRepeatInFlow(options.node);
    return await super.addNode(options);
  }
}
