import type { JobJson, JobState } from "bullmq";
import { encodeJobId } from "./job-id.ts";
import { JOB_ANYWHERE, jobJsonAnywhere } from "./job-json.ts";
import { jobKey } from "./job-key.ts";
import type { QueueReader } from "../reader.ts";
import { State } from "../states.ts";
import type { QueueRef } from "../transaction.ts";

export { getCounts, getCountsPerPriority } from "./counts.ts";
export { getRanges } from "./ranges.ts";

/** Row of {@link STANDING}: state, priority, result, reason of the failure. */
type Standing = [state: State, major: number, result: string | null, failedReason: string | null];

const STANDING = `SELECT
    CASE WHEN finished.job IS NOT NULL THEN finished.state WHEN active.job IS NOT NULL THEN ${State.active} ELSE job.state END,
    job.major, finished.result, job.failed_reason
  FROM job LEFT JOIN active ON active.queue = job.queue AND active.job = job.pk LEFT JOIN finished ON finished.job = job.pk
  WHERE job.queue = ? AND job.id = ?`;

function standingOf(reader: QueueReader, ref: QueueRef, jobId: string): Standing | undefined {
  const queue = reader.queueId(ref);
  return queue === undefined
    ? undefined
    : (reader.sql(STANDING).get(queue, encodeJobId(jobId)) as Standing | undefined);
}

const NAMES: Readonly<Record<State, JobState>> = {
  [State.waiting]: "waiting",
  [State.delayed]: "delayed",
  [State.waitingChildren]: "waiting-children",
  [State.completed]: "completed",
  [State.failed]: "failed",
  [State.active]: "active",
};

/** What BullMQ calls a state; `major` is the priority of a waiting job. */
export const nameOf = ([state, major]: readonly [
  state: State,
  major: number,
  ...unknown[],
]): JobState => (state === State.waiting && major > 0 ? "prioritized" : NAMES[state]);

/** A job's state as BullMQ names it; "unknown" if there is no such job. */
export function getState(
  reader: QueueReader,
  ref: QueueRef,
  { jobId }: { readonly jobId: string },
): JobState | "unknown" {
  const standing = standingOf(reader, ref, jobId);
  return standing ? nameOf(standing) : "unknown";
}

/** Names a state may be asked by; "wait" is an alias, and no job is ever "paused": queues are. */
const ASKABLE = new Set([...Object.values(NAMES), "prioritized", "wait", "paused"]);

/** Whether a job is in a state. */
export function isJobInState(
  reader: QueueReader,
  ref: QueueRef,
  { state, jobId }: { readonly state: string; readonly jobId: string },
): boolean {
  if (!ASKABLE.has(state)) throw new Error(`Unknown job state: ${state}`);
  return getState(reader, ref, { jobId }) === (state === "wait" ? "waiting" : state);
}

/** BullMQ's numbers for how a job ended: not yet, completed, failed, and no such job. */
const Outcome = { none: 0, completed: 1, failed: 2, missing: -1 } as const;

/** Whether and how a job finished: a number, or with `returnValue` that number and what the job left. */
export function isFinished(
  reader: QueueReader,
  ref: QueueRef,
  { jobId, returnValue }: { readonly jobId: string; readonly returnValue: boolean },
): number | [number, string] {
  const [outcome, value] = outcomeOf(standingOf(reader, ref, jobId), jobKey(ref.key, jobId));
  if (!returnValue) return outcome;
  return (value === undefined ? [outcome] : [outcome, value]) as [number, string];
}

function outcomeOf(standing: Standing | undefined, key: string): [number, string?] {
  if (!standing) return [Outcome.missing, `Missing key for job ${key}. isFinished`];
  const [state, , result, failedReason] = standing;
  if (state === State.completed) return [Outcome.completed, result ?? "null"];
  if (state === State.failed) return [Outcome.failed, failedReason ?? ""];
  return [Outcome.none];
}

const JOB = `${JOB_ANYWHERE} WHERE job.queue = ? AND job.id = ?`;

/** A job, wherever it stands. */
export function getJobData(
  reader: QueueReader,
  ref: QueueRef,
  { jobId }: { readonly jobId: string },
): JobJson | undefined {
  const queue = reader.queueId(ref);
  const row = queue === undefined ? undefined : reader.sql(JOB).get(queue, encodeJobId(jobId));
  return row && jobJsonAnywhere(row);
}
