import type { RunState } from "../../runs/types.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { badCall } from "./refusals.ts";

/**
 * What a run is doing, in Trigger.dev's words. Longhaul never says PENDING_VERSION, DEQUEUED and SYSTEM_FAILURE: it has
 * no versions, and nothing lies between the line and the execution.
 */
export type RunStatus =
  | "PENDING_VERSION"
  | "DELAYED"
  | "QUEUED"
  | "DEQUEUED"
  | "EXECUTING"
  | "WAITING"
  | "COMPLETED"
  | "FAILED"
  | "CANCELED"
  | "CRASHED"
  | "SYSTEM_FAILURE"
  | "EXPIRED"
  | "TIMED_OUT";

/** The states that a status may stand for. */
const STATES: Readonly<Record<RunStatus, readonly RunState[]>> = {
  PENDING_VERSION: [],
  DELAYED: ["delayed"],
  QUEUED: ["queued"],
  DEQUEUED: [],
  EXECUTING: ["running"],
  WAITING: ["waiting"],
  COMPLETED: ["completed"],
  FAILED: ["failed"],
  CANCELED: ["canceled", "skipped"],
  CRASHED: ["failed"],
  SYSTEM_FAILURE: [],
  EXPIRED: ["expired"],
  TIMED_OUT: ["timedOut"],
};

const STATUSES: Readonly<Record<RunState, RunStatus>> = {
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

/** The status of a run. One whose process died again and again, or had too little memory, has crashed. */
export function statusOf({ state, error }: Pick<RunRecord, "state" | "error">): RunStatus {
  if (state === "failed" && (error?.code === "RUN_CRASHED" || error?.name === "OutOfMemoryError"))
    return "CRASHED";
  return STATUSES[state];
}

/**
 * The states of the runs that have one of these statuses; with FAILED alone, some of them have another.
 * @throws {LonghaulError} TASK_BAD_CALL
 */
export function statesOf(call: string, statuses: readonly unknown[]): RunState[] {
  const states = statuses.flatMap((status) => {
    if (typeof status === "string" && Object.hasOwn(STATES, status))
      return STATES[status as RunStatus];
    return badCall(call, `there is no status ${String(status)}`);
  });
  return [...new Set(states)];
}

const FAILURES: readonly RunStatus[] = [
  "FAILED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
];

/** What may be asked of a status. */
export interface StatusFlags {
  /** Not started yet: in the line, or delayed. */
  readonly isQueued: boolean;
  readonly isExecuting: boolean;
  readonly isWaiting: boolean;
  /** Over, whatever came of it. */
  readonly isCompleted: boolean;
  readonly isSuccess: boolean;
  /** Over without an output, other than by a cancellation. */
  readonly isFailed: boolean;
  readonly isCancelled: boolean;
}

export function flagsOf(status: RunStatus): StatusFlags {
  const isSuccess = status === "COMPLETED";
  const isFailed = FAILURES.includes(status);
  const isCancelled = status === "CANCELED";
  return {
    isQueued: status === "QUEUED" || status === "DELAYED" || status === "PENDING_VERSION",
    isExecuting: status === "EXECUTING" || status === "DEQUEUED",
    isWaiting: status === "WAITING",
    isCompleted: isSuccess || isFailed || isCancelled,
    isSuccess,
    isFailed,
    isCancelled,
  };
}
