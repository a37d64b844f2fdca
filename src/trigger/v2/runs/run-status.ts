import type { RunRecord } from "../../../runs/store/run-store.ts";
import type { RunState } from "../../../runs/types.ts";

/** Where a run is, in Trigger.dev's words. */
export type JobRunStatus =
  | "PENDING"
  | "QUEUED"
  | "EXECUTING"
  | "WAITING_TO_CONTINUE"
  | "SUCCESS"
  | "FAILURE"
  | "TIMED_OUT"
  | "ABORTED"
  | "CANCELED"
  | "INVALID_PAYLOAD";

const STATUSES: Readonly<Record<RunState, JobRunStatus>> = {
  delayed: "PENDING",
  queued: "QUEUED",
  running: "EXECUTING",
  waiting: "WAITING_TO_CONTINUE",
  completed: "SUCCESS",
  failed: "FAILURE",
  canceled: "CANCELED",
  expired: "TIMED_OUT",
  timedOut: "TIMED_OUT",
  skipped: "ABORTED",
};

/** The status of a run. */
export function statusOf({ state, error }: Pick<RunRecord, "state" | "error">): JobRunStatus {
  const isInvalid = state === "failed" && error?.code === "TRIGGER_V2_INVALID_PAYLOAD";
  return isInvalid ? "INVALID_PAYLOAD" : STATUSES[state];
}
