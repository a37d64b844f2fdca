import type { LiveRun } from "../../server/live/messages.ts";
import type { RunWithData, TriggerRunStatus } from "./types.ts";

const STATUSES: Readonly<Record<LiveRun["state"], TriggerRunStatus>> = {
  delayed: "DELAYED",
  queued: "QUEUED",
  running: "EXECUTING",
  waiting: "WAITING",
  completed: "COMPLETED",
  failed: "FAILED",
  canceled: "CANCELED",
  expired: "EXPIRED",
  timedOut: "TIMED_OUT",
  skipped: "CANCELED",
};
const FAILURES: readonly TriggerRunStatus[] = ["FAILED", "CRASHED", "EXPIRED", "TIMED_OUT"];

/** A run in Trigger.dev's words. */
export function realtimeRun<Output>(run: LiveRun): RunWithData<Output> {
  const { id, functionId, createdAt, startedAt, finishedAt, dueAt, metadata, output, error } = run;
  const isCrash = error?.code === "RUN_CRASHED" || error?.name === "OutOfMemoryError";
  const status = run.state === "failed" && isCrash ? "CRASHED" : STATUSES[run.state];
  const [isSuccess, isCancelled] = [status === "COMPLETED", status === "CANCELED"];
  const isFailed = FAILURES.includes(status);
  return {
    id,
    status,
    taskIdentifier: functionId,
    tags: [...run.tags],
    createdAt: new Date(createdAt),
    updatedAt: new Date(finishedAt ?? startedAt ?? createdAt),
    ...(startedAt !== undefined && { startedAt: new Date(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt) }),
    ...(status === "DELAYED" && dueAt !== undefined && { delayedUntil: new Date(dueAt) }),
    ...(metadata && { metadata }),
    ...(output !== undefined && { output: output as Output }),
    ...(error && {
      error: { name: error.name, message: error.message, stackTrace: error.stack },
    }),
    isQueued: status === "QUEUED" || status === "DELAYED",
    isExecuting: status === "EXECUTING",
    isWaiting: status === "WAITING",
    isCompleted: isSuccess || isFailed || isCancelled,
    ...{ isSuccess, isFailed, isCancelled },
  };
}
