/**
 * Background tasks by name: add, watch, pause, resume and remove single jobs. A thin layer over `longhaul/bullmq`, on
 * the same three stores.
 *
 * @module
 */
import { TaskQueue } from "./task-queue.ts";
import type { QueueManagerOptions } from "./types.ts";

/**
 * The manager of an application. It is a {@link TaskQueue}; a class of your own may extend it and register its tasks by
 * `this.taskQueue`, or have a `TaskQueue` as a field.
 *
 * @example
 * class Tasks extends QueueManager {
 *   constructor() {
 *     super();
 *     this.taskQueue.registerTask("scrape-reviews", { processor: scrapeReviewsProcessor });
 *   }
 * }
 */
export class QueueManager extends TaskQueue {
  /** Where tasks are registered: this manager. */
  protected readonly taskQueue: TaskQueue = this;
}

/**
 * Makes a manager with options.
 *
 * @throws {LonghaulError} MANAGER_BAD_OPTION
 */
export const createQueueManager = (options: QueueManagerOptions = {}): QueueManager =>
  new QueueManager(options);

/** A manager with the connection of the environment, which opens nothing before its first task is registered. */
export const queueManager: QueueManager = new QueueManager();

export { TaskQueue } from "./task-queue.ts";
export type {
  JobSettings,
  QueueManagerOptions,
  SharedSettings,
  TaskJob,
  TaskJobData,
  TaskListener,
  TaskOptions,
  TaskProcessor,
  TaskProgress,
  TaskSettings,
  TaskState,
  TaskUpdate,
} from "./types.ts";
