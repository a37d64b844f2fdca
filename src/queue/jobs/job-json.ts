import type { JobJson } from "bullmq";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { decodeJobId } from "./job-id.ts";
import { State } from "../states.ts";

/** Columns of table `job`, in the order {@link jobJson} reads them. */
export const JOB_COLUMNS = [
  "pk",
  "id",
  "name",
  "data",
  "opts",
  "timestamp",
  "delay",
  "priority",
  "attempts_made",
  "attempts_started",
  "stalled_count",
  "progress",
  "failed_reason",
  "stacktrace",
  "parent_key",
  "parent",
  "deduplication_id",
  "repeat_job_key",
  "deferred_failure",
  "telemetry",
  "extras",
  "processed_on",
  "processed_by",
]
  .map((column) => `job.${column}`)
  .join(", ");

/** A row of {@link JOB_COLUMNS}. */
export type JobRow = readonly SqlValue[];

/** Bits of `job.extras`: what other tables hold for a job, so that removing most jobs touches none of them. */
export const Extra = { logs: 1, children: 2 } as const;

/**
 * The columns that tell all of a plain job, and whether it is one (index 7): nothing but itself hangs on it, and it was
 * never tried before. Most jobs are, and reading a third of the columns makes claiming them faster by half.
 */
export const PLAIN_JOB_COLUMNS = `job.pk, job.id, job.name, job.data, job.opts, job.timestamp, job.priority,
  job.extras + job.delay + job.attempts_made + job.attempts_started + job.stalled_count = 0
    AND coalesce(job.progress, job.failed_reason, job.stacktrace, job.parent_key, job.parent, job.deduplication_id,
      job.repeat_job_key, job.deferred_failure, job.telemetry, job.processed_on, job.processed_by) IS NULL`;

/** A plain job from a row of {@link PLAIN_JOB_COLUMNS}. */
export function plainJobJson(row: JobRow): JobJson {
  const json: Partial<JobJson> = {
    id: decodeJobId(row[1]),
    name: row[2] as string,
    data: row[3] as string,
    opts: JSON.parse(row[4] as string),
    timestamp: row[5] as number,
    delay: 0,
    priority: row[6] as number,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    progress: 0,
  };
  return json as JobJson;
}

/** A job as BullMQ's classes take it from a backend. `data`, `stacktrace` and `returnvalue` stay JSON text. */
export function jobJson(row: JobRow): JobJson {
  const json: Partial<JobJson> = {
    id: decodeJobId(row[1]),
    name: row[2] as string,
    data: row[3] as string,
    opts: JSON.parse(row[4] as string),
    timestamp: row[5] as number,
    delay: row[6] as number,
    priority: row[7] as number,
    attemptsMade: row[8] as number,
    attemptsStarted: row[9] as number,
    stalledCounter: row[10] as number,
    progress: row[11] === null ? 0 : JSON.parse(row[11] as string),
  };
  if (row[12] !== null) json.failedReason = row[12] as string;
  if (row[13] !== null) json.stacktrace = row[13] as string;
  if (row[14] !== null) json.parentKey = row[14] as string;
  if (row[15] !== null) json.parent = JSON.parse(row[15] as string);
  if (row[16] !== null) json.deduplicationId = row[16] as string;
  if (row[17] !== null) json.repeatJobKey = row[17] as string;
  if (row[18] !== null) json.deferredFailure = row[18] as string;
  if (row[19] !== null) {
    json.opts!.telemetry = { ...json.opts!.telemetry, metadata: row[19] as string };
  }
  if (row[21] !== null) json.processedOn = row[21] as number;
  if (row[22] !== null) json.processedBy = row[22] as string;
  return json as JobJson;
}

/** {@link JOB_COLUMNS} with what `active` and `finished` say, for {@link jobJsonAnywhere}. */
export const JOB_ANYWHERE = `SELECT ${JOB_COLUMNS}, active.processed_on, active.processed_by,
  finished.state, finished.finished_on, finished.processed_on, finished.processed_by, finished.result
  FROM job LEFT JOIN active ON active.queue = job.queue AND active.job = job.pk LEFT JOIN finished ON finished.job = job.pk`;

/** A job wherever it stands, from a row of {@link JOB_ANYWHERE}. */
export function jobJsonAnywhere(row: JobRow): JobJson {
  const json = jobJson(row);
  const [activeOn, activeBy, state, finishedOn, processedOn, processedBy, result] = row.slice(23);
  if (state !== null) {
    json.attemptsStarted++;
    json.attemptsMade++;
    json.finishedOn = finishedOn as number;
    if (processedOn !== null) json.processedOn = processedOn as number;
    if (processedBy !== null) json.processedBy = processedBy as string;
    if (state === State.completed) json.returnvalue = (result as string | null) ?? "null";
  } else if (activeOn !== null) {
    json.attemptsStarted++;
    json.processedOn = activeOn as number;
    if (activeBy !== null) json.processedBy = activeBy as string;
  }
  return json;
}
