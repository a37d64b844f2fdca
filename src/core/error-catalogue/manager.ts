import type { ErrorEntry } from "./entry.ts";

/** Errors of the manager of tasks. */
export const managerErrors = {
  MANAGER_BAD_OPTION: {
    message: "The queue manager cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Give createQueueManager() a connection, prefix, workers and defaults as docs/manager.md shows, or nothing.",
  },
  MANAGER_BAD_TASK: {
    message: "The task {task} cannot be registered: {reason}",
    retryable: false,
    status: 500,
    hint: "Give registerTask() a name once, and { queueName, processor } with the options of docs/manager.md.",
  },
  MANAGER_CLOSED: {
    message: "The queue manager is closed",
    retryable: false,
    status: 503,
    hint: "Make another one with createQueueManager().",
  },
  MANAGER_JOB_HANDED_BACK: {
    message: "Job {id} is paused, and the process that ran it stops",
    retryable: true,
    status: 503,
    hint: "Nothing is to be done: the job starts again once it is resumed and a worker runs.",
  },
  MANAGER_JOB_REMOVED: {
    message: "Job {id} was removed while it ran",
    retryable: false,
    status: 410,
    hint: "Stop the work: nobody waits for its result.",
  },
  MANAGER_UNKNOWN_TASK: {
    message: "No task {task} is registered",
    retryable: false,
    status: 404,
    hint: "Register the task with registerTask() before jobs are added or its queue is worked on; names are case-sensitive.",
  },
} as const satisfies Record<string, ErrorEntry>;
