/**
 * Gives unmodified code that imports from `bullmq` what `longhaul/bullmq` has: the store is picked by
 * `connection` (none: the embedded SQLite file), `repeat` in `queue.add` makes a job scheduler,
 * `attempts` and `backoff` of a `Worker` are defaults for jobs that bring none, and
 * `job.waitUntilFinished()` needs no `QueueEvents`.
 *
 * Import it before anything that uses queues:
 *
 * ```ts
 * import "longhaul/bullmq/register";
 * import { Queue, Worker } from "bullmq";
 * ```
 *
 * If "bullmq" was imported before this module, everything works but one thing: BullMQ's `Worker` then
 * still insists on a `connection`; `{}` is enough and means the default store.
 *
 * @module
 */
// First, before any of these modules imports "bullmq"; see there.
import "./worker-export.ts";
import { setDefaultBackendFactory } from "bullmq";
import { createBackend } from "./create-backend.ts";
import { patchBullmq } from "./patch-bullmq.ts";

setDefaultBackendFactory(createBackend);
patchBullmq();
