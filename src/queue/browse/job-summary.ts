import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { decodeJobId } from "../jobs/job-id.ts";
import type { State } from "../states.ts";
import { jobStateName, type JobStateName } from "./job-states.ts";
import { shownQueueName } from "./queue-name.ts";

/** Reads committed data in a worker thread: `SqliteStore.query`. */
export interface Reader {
  query(sql: string, params?: SqlValue[]): Promise<SqlValue[][]>;
}

/** A job in a list: without its payload and result. Times are epoch ms. */
export interface JobSummary {
  readonly id: string;
  /** Its queue; with the prefix before it (`prefix:name`) if that is not BullMQ's default. */
  readonly queue: string;
  readonly name: string;
  readonly state: JobStateName;
  /** When it was added. */
  readonly timestamp: number;
  /** ms */
  readonly delay: number;
  /** When a delayed job is due. */
  readonly dueAt: number | null;
  readonly priority: number;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly processedOn: number | null;
  readonly finishedOn: number | null;
  /** Name of the worker that has it, or had it last. */
  readonly processedBy: string | null;
  /** JSON text. */
  readonly progress: string | null;
  /** Its first 500 characters. */
  readonly failedReason: string | null;
  /** Key of its parent, `prefix:queue:id`. */
  readonly parentKey: string | null;
  /** The job scheduler that made it. */
  readonly schedulerId: string | null;
}

const REASON_LENGTH = 500;
/** Columns that {@link summaryOf} reads. */
export const SUMMARY_COLUMNS = `job.id, queue.prefix, queue.name, job.name,
    CASE WHEN finished.job IS NOT NULL THEN finished.state WHEN active.job IS NOT NULL THEN 6 ELSE job.state END,
    job.major, job.timestamp, job.delay, job.priority,
    job.attempts_made + (finished.job IS NOT NULL),
    job.attempts_started + (finished.job IS NOT NULL OR active.job IS NOT NULL),
    coalesce(finished.processed_on, active.processed_on, job.processed_on), finished.finished_on,
    coalesce(finished.processed_by, active.processed_by, job.processed_by), job.progress,
    substr(job.failed_reason, 1, ${REASON_LENGTH}), job.parent_key, job.repeat_job_key`;
/** How many they are. */
export const SUMMARY_WIDTH = 18;
/** Where they come from, for statements that begin with jobs. */
export const SUMMARY_JOINS = `JOIN queue ON queue.id = job.queue
  LEFT JOIN active ON active.queue = job.queue AND active.job = job.pk
  LEFT JOIN finished ON finished.job = job.pk`;

const OF_KEYS = `SELECT ${SUMMARY_COLUMNS}, job.pk
  FROM json_each(?) AS wanted CROSS JOIN job ON job.pk = wanted.value ${SUMMARY_JOINS} ORDER BY wanted.key`;

/** Jobs by their keys, in this order, each with its key; those that are gone are left out. */
export async function summariesOf(
  reader: Reader,
  keys: readonly number[],
): Promise<{ readonly key: number; readonly job: JobSummary }[]> {
  if (keys.length === 0) return [];
  const rows = await reader.query(OF_KEYS, [JSON.stringify(keys)]);
  return rows.map((row) => ({ key: row.at(-1) as number, job: summaryOf(row) }));
}

/** A job from a row that begins with {@link SUMMARY_COLUMNS}. */
export function summaryOf(row: readonly SqlValue[]): JobSummary {
  const [id, prefix, queue, name, state, major, timestamp, delay, priority, ...rest] = row;
  const [made, started, processedOn, finishedOn, processedBy, progress, reason, parent, scheduler] =
    rest as (string | number | null)[];
  const stateName = jobStateName(state as State, major as number);
  return {
    id: decodeJobId(id),
    queue: shownQueueName(prefix as string, queue as string),
    name: name as string,
    state: stateName,
    timestamp: timestamp as number,
    delay: delay as number,
    dueAt: stateName === "delayed" ? (major as number) : null,
    priority: priority as number,
    attemptsMade: made as number,
    attemptsStarted: started as number,
    processedOn: processedOn as number | null,
    finishedOn: finishedOn as number | null,
    processedBy: processedBy as string | null,
    progress: progress as string | null,
    failedReason: reason as string | null,
    parentKey: parent as string | null,
    schedulerId: scheduler as string | null,
  };
}
