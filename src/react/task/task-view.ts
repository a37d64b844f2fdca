import type { LiveJob, LiveRun } from "../../server/live/messages.ts";
import type { TopicState } from "../../client/live/topic-state.ts";

/**
 * How a task is, whatever it is made of: a job of the queue manager, or a run of a task or function.
 *
 *   idle ──► starting ──► waiting ◄──► active ──► completed | failed | aborted
 *                            ▲           ▲
 *                            └► paused ◄─┘
 */
export type TaskStatus =
  "idle" | "starting" | "waiting" | "active" | "paused" | "completed" | "failed" | "aborted";

/** What is known of a task. */
export interface TaskView {
  readonly status: TaskStatus;
  readonly progress: unknown;
  readonly result: unknown;
  /** Why it failed. */
  readonly reason: string | undefined;
}

const JOB_STATUS: Readonly<Record<LiveJob["state"], TaskStatus>> = {
  waiting: "waiting",
  prioritized: "waiting",
  delayed: "waiting",
  "waiting-children": "waiting",
  active: "active",
  completed: "completed",
  failed: "failed",
  removed: "aborted",
};

const RUN_STATUS: Readonly<Record<LiveRun["state"], TaskStatus>> = {
  delayed: "waiting",
  queued: "waiting",
  running: "active",
  waiting: "active",
  completed: "completed",
  failed: "failed",
  expired: "failed",
  timedOut: "failed",
  canceled: "aborted",
  skipped: "aborted",
};

/** Nothing more comes after these. */
export const isOver = (status: TaskStatus): boolean =>
  status === "completed" || status === "failed" || status === "aborted";

/** A task by what its topic says; `undefined` before the topic has said anything, `null` if there is none. */
export function viewOf({ isKnown, job, run }: TopicState): TaskView | null | undefined {
  if (!isKnown) return undefined;
  if (job) return viewOfJob(job);
  return run ? viewOfRun(run) : null;
}

function viewOfJob({ state, isPaused, progress, returnvalue, failedReason }: LiveJob): TaskView {
  // A job that is held goes through other states unseen.
  const reached = JOB_STATUS[state];
  const status = isPaused === true && !isOver(reached) ? "paused" : reached;
  // BullMQ's progress is 0 until a job has said something.
  const said = progress === 0 ? undefined : progress;
  return { status, progress: said, result: returnvalue, reason: failedReason };
}

/** A run says how far it is in its metadata: `metadata.set("progress", …)`. */
function viewOfRun({ state, metadata, output, error }: LiveRun): TaskView {
  const reason =
    state === "expired" || state === "timedOut" ? `The run has ${state}` : error?.message;
  return { status: RUN_STATUS[state], progress: metadata?.progress, result: output, reason };
}
