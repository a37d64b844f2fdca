import type { JobJson, JobState } from "bullmq";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { State } from "../states.ts";
import type { QueueRef } from "../transaction.ts";
import { nameOf } from "./getters.ts";
import { decodeJobId, encodeJobId } from "./job-id.ts";
import { Extra, JOB_COLUMNS, jobJsonAnywhere } from "./job-json.ts";

/** Jobs as those see them who follow them. Reads in the reader's thread. */

/** A job, and where it is. */
export interface FollowedJob {
  readonly json: JobJson;
  readonly state: JobState;
  readonly hasLogs: boolean;
}

/** A line of a job's log. */
export interface JobLogLine {
  readonly jobId: string;
  /** From 1 on. */
  readonly line: number;
  readonly text: string;
}

/** Columns before those of where it stands. */
const JOB_PART = 30;
/** One statement, so that jobs and how far the queue's events are is of one moment. */
const JOBS = `SELECT ${JOB_COLUMNS}, active.processed_on, active.processed_by,
  finished.state, finished.finished_on, finished.processed_on, finished.processed_by, finished.result,
  job.state, job.major, active.job, queue.last_event
  FROM queue CROSS JOIN json_each(?) AS wanted
  LEFT JOIN job ON job.queue = queue.id AND job.id = wanted.value
  LEFT JOIN active ON active.queue = job.queue AND active.job = job.pk
  LEFT JOIN finished ON finished.job = job.pk
  WHERE queue.prefix = ? AND queue.name = ?`;
const META_FIELDS = `SELECT field.key FROM queue, json_each(queue.meta) AS field
  WHERE queue.prefix = ? AND queue.name = ? AND field.key IN (SELECT value FROM json_each(?))`;
const MOST_LINES = 1_000;
const LINES_AFTER = `SELECT job.id, job_log.line, job_log.text FROM queue
  CROSS JOIN json_each(?) AS wanted
  CROSS JOIN job ON job.queue = queue.id AND job.id = json_extract(wanted.value, '$[0]')
  CROSS JOIN job_log ON job_log.job = job.pk AND job_log.line > json_extract(wanted.value, '$[1]')
  WHERE queue.prefix = ? AND queue.name = ? ORDER BY job_log.job, job_log.line LIMIT ${MOST_LINES}`;
const LAST_LINES = `SELECT job_log.line, job_log.text FROM queue
  CROSS JOIN job ON job.queue = queue.id AND job.id = ? CROSS JOIN job_log ON job_log.job = job.pk
  WHERE queue.prefix = ? AND queue.name = ? ORDER BY job_log.line DESC LIMIT ?`;

type Reader = Pick<SqliteStore, "query">;

/** Those of some jobs that are there, by id, and the sequence of the queue's newest events at that moment. */
export async function readFollowedJobs(
  reader: Reader,
  { prefix, name }: QueueRef,
  jobIds: readonly string[],
): Promise<{
  readonly jobs: ReadonlyMap<string, FollowedJob>;
  readonly lastSequence: number;
}> {
  const wanted = JSON.stringify(jobIds.map(encodeJobId));
  const rows = await reader.query(JOBS, [wanted, prefix, name]);
  const jobs = new Map<string, FollowedJob>();
  for (const row of rows)
    if (row[0] !== null)
      jobs.set(decodeJobId(row[1]), {
        json: jobJsonAnywhere(row),
        state: stateOf(row),
        hasLogs: ((row[20] as number) & Extra.logs) !== 0,
      });
  return { jobs, lastSequence: (rows[0]?.at(-1) as number | undefined) ?? 0 };
}

function stateOf(row: readonly SqlValue[]): JobState {
  const [state, major, active] = row.slice(JOB_PART) as [State, number, number | null];
  const finished = row[25] as State | null;
  return nameOf([finished ?? (active === null ? state : State.active), major]);
}

/** Which of some fields the metadata of a queue has. */
export async function readMetaFields(
  reader: Reader,
  { prefix, name }: QueueRef,
  fields: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await reader.query(META_FIELDS, [prefix, name, JSON.stringify(fields)]);
  return new Set(rows.map(([field]) => field as string));
}

/** Lines that jobs logged after given ones, in the order of each job; at most 1,000. */
export async function readLogLinesAfter(
  reader: Reader,
  { prefix, name }: QueueRef,
  after: readonly (readonly [jobId: string, line: number])[],
): Promise<{ readonly lines: JobLogLine[]; readonly isFull: boolean }> {
  const wanted = JSON.stringify(after.map(([id, line]) => [encodeJobId(id), line]));
  const rows = await reader.query(LINES_AFTER, [wanted, prefix, name]);
  const lines = rows.map(([id, line, text]) => ({
    jobId: decodeJobId(id),
    line: line as number,
    text: text as string,
  }));
  return { lines, isFull: lines.length === MOST_LINES };
}

/** The last lines of a job's log, oldest first. */
export async function readLastLogLines(
  reader: Reader,
  { prefix, name }: QueueRef,
  jobId: string,
  count: number,
): Promise<JobLogLine[]> {
  const rows = await reader.query(LAST_LINES, [encodeJobId(jobId), prefix, name, count]);
  return rows
    .map(([line, text]) => ({ jobId, line: line as number, text: text as string }))
    .reverse();
}
