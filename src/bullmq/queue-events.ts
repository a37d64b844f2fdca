import { QueueEvents as BullQueueEvents } from "bullmq";
import { createBackend } from "./create-backend.ts";
import type { Any, BackendFactory, QueueEventsOptions } from "./types.ts";

/** BullMQ's `QueueEvents` on the store that `connection` names. */
export class QueueEvents<ReturnType = Any> extends BullQueueEvents<ReturnType, Any, Any> {
  /** @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_DRIVER_MISSING, and what opening a SQLite file throws. */
  constructor(
    name: string,
    opts: QueueEventsOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    super(name, { connection: undefined, ...opts }, backendFactory);
  }
}
