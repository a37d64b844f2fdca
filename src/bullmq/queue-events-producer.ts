import { QueueEventsProducer as BullQueueEventsProducer } from "bullmq";
import { createBackend } from "./create-backend.ts";
import type { Any, BackendFactory, QueueEventsProducerOptions } from "./types.ts";

/** BullMQ's `QueueEventsProducer` on the store that `connection` names. */
export class QueueEventsProducer extends BullQueueEventsProducer<Any, Any> {
  /** @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_DRIVER_MISSING, and what opening a SQLite file throws. */
  constructor(
    name: string,
    opts: QueueEventsProducerOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    super(name, { connection: undefined, ...opts }, backendFactory);
  }
}
