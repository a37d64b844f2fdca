import { errorOne, errors, ignoreError, reopenError, resolveError } from "./errors.ts";
import { addFlow, jobFlow } from "./flows.ts";
import {
  addJobLog,
  promoteJob,
  removeJob,
  retryJob,
  setJobData,
  setJobDelay,
  setJobPriority,
} from "./job-actions.ts";
import { jobStats, jobStatus } from "./job-status.ts";
import { addBulk, addJob, getJob, jobLogs, queueJobs } from "./jobs.ts";
import { abortOperation, getOperation, operations, startOperation } from "./operations.ts";
import {
  cleanQueue,
  drainQueue,
  obliterateQueue,
  pauseQueue,
  promoteAll,
  resumeQueue,
  retryAll,
  setConcurrency,
  setRateLimit,
} from "./queue-actions.ts";
import { getQueue, listQueues, queueThroughput } from "./queues.ts";
import {
  getScheduler,
  removeScheduler,
  runScheduler,
  schedulers,
  setScheduler,
} from "./schedulers.ts";
import { searchAll, searchJobsRoute, searchRunsRoute } from "./search.ts";
import { overview } from "./stats.ts";
import { workers } from "./workers.ts";

/** Queues and their jobs, and what goes over all of them. */
export const queueRoutes = [
  jobStats,
  jobStatus,
  overview,
  searchAll,
  searchJobsRoute,
  searchRunsRoute,
  listQueues,
  getQueue,
  queueThroughput,
  pauseQueue,
  resumeQueue,
  drainQueue,
  cleanQueue,
  retryAll,
  promoteAll,
  setConcurrency,
  setRateLimit,
  obliterateQueue,
  queueJobs,
  addJob,
  addBulk,
  getJob,
  removeJob,
  jobLogs,
  addJobLog,
  jobFlow,
  retryJob,
  promoteJob,
  setJobData,
  setJobDelay,
  setJobPriority,
  addFlow,
  schedulers,
  getScheduler,
  setScheduler,
  runScheduler,
  removeScheduler,
  workers,
  errors,
  errorOne,
  resolveError,
  ignoreError,
  reopenError,
  operations,
  startOperation,
  getOperation,
  abortOperation,
] as const;
