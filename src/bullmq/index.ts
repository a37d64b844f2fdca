/**
 * BullMQ on an embedded SQLite file, on Redis or on PostgreSQL: everything that `bullmq` exports,
 * with classes whose `connection` is optional and picks the store.
 *
 * @module
 */
export * from "bullmq";
export type { DeadLetter, DeadLetterQueue, RetriedDeadLetter } from "../queue/index.ts";
export { FlowProducer } from "./flow-producer.ts";
export { JobScheduler } from "./job-scheduler.ts";
export { Job } from "./job.ts";
export { QueueEventsProducer } from "./queue-events-producer.ts";
export { QueueEvents } from "./queue-events.ts";
export { Queue } from "./queue.ts";
export { retryDeadLetters, type RetryDeadLettersOptions } from "./retry-dead-letters.ts";
export type {
  BulkJobOptions,
  ConnectionOptions,
  FlowProducerOptions,
  JobsOptions,
  PayloadLimits,
  QueueBaseOptions,
  QueueEventsOptions,
  QueueEventsProducerOptions,
  QueueOptions,
  RepeatBaseOptions,
  RepeatOptions,
  TimeoutOptions,
  WorkerOptions,
} from "./types.ts";
export { Worker } from "./worker.ts";
export { type ErrorCode as LonghaulErrorCode } from "../core/error-catalogue/index.ts";
export { isLonghaulError, LonghaulError } from "../core/errors.ts";
