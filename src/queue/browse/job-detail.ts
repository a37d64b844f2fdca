import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { ChildState } from "../flow/children.ts";
import { encodeJobId } from "../jobs/job-id.ts";
import type { QueueRef } from "../transaction.ts";
import { readConnections, workersByQueue } from "./connections.ts";
import {
  type JobSummary,
  type Reader,
  SUMMARY_COLUMNS,
  SUMMARY_JOINS,
  SUMMARY_WIDTH,
  summaryOf,
} from "./job-summary.ts";
import { type QueueRow, readQueueRow } from "./queue-summary.ts";
import { type Why, whyOf } from "./why.ts";

/** All of a job. Times are epoch ms. */
export interface JobDetail extends JobSummary {
  readonly data: unknown;
  readonly opts: unknown;
  /** What it came to; null while it is not completed. */
  readonly returnvalue: unknown;
  /** Of each failed attempt that is kept, the oldest first. */
  readonly stacktrace: readonly string[];
  readonly stalledCount: number;
  readonly deduplicationId: string | null;
  readonly children: {
    readonly total: number;
    /** Those that it still waits for. */
    readonly pending: number;
    readonly processed: number;
    readonly ignored: number;
    readonly failed: number;
  };
  /** How many lines its log has. */
  readonly logLines: number;
  readonly why: Why;
}

const DETAIL = `SELECT ${SUMMARY_COLUMNS}, job.pk, job.major, job.minor, job.data, job.opts, finished.result,
    job.stacktrace, job.stalled_count, job.deduplication_id, active.locked_until, job.failed_reason
  FROM job ${SUMMARY_JOINS} WHERE job.queue = ? AND job.id = ?`;
const CHILDREN = "SELECT state, count(*) FROM child WHERE parent = ? GROUP BY state";
const LOG_LINES = "SELECT count(*) FROM job_log WHERE job = ?";
/** A job with all that is known of it; undefined if there is none of that id in the queue. */
export async function readJob(
  reader: Reader,
  ref: QueueRef,
  jobId: string,
  now: number,
): Promise<
  { readonly queue: QueueRow; readonly key: number; readonly job: JobDetail } | undefined
> {
  const queue = await readQueueRow(reader, ref, now);
  if (!queue) return undefined;
  const [row] = await reader.query(DETAIL, [queue.key, encodeJobId(jobId)]);
  if (!row) return undefined;
  const [key, major, minor, data, opts, result, stacktrace, ...rest] = row.slice(SUMMARY_WIDTH);
  const [stalledCount, deduplicationId, lockedUntil, failedReason] = rest;
  const [children, [[logLines] = [0]], clients] = await Promise.all([
    countChildren(reader, key as number),
    reader.query(LOG_LINES, [key!]),
    readConnections(reader),
  ]);
  const summary: JobSummary = { ...summaryOf(row), failedReason: failedReason as string | null };
  const workers = workersByQueue(clients).get(queue.name) ?? 0;
  const standing = { major, minor, lockedUntil, children } as Parameters<typeof whyOf>[2];
  const job: JobDetail = {
    ...summary,
    data: parsed(data),
    opts: parsed(opts),
    returnvalue: parsed(result),
    stacktrace: (parsed(stacktrace) as string[] | null) ?? [],
    stalledCount: stalledCount as number,
    deduplicationId: deduplicationId as string | null,
    children,
    logLines: logLines as number,
    why: await whyOf(reader, summary, standing, queue, { workers, now }),
  };
  return { queue, key: key as number, job };
}

async function countChildren(reader: Reader, key: number): Promise<JobDetail["children"]> {
  const counts = new Map((await reader.query(CHILDREN, [key])) as [ChildState, number][]);
  const of = (state: ChildState) => counts.get(state) ?? 0;
  return {
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    pending: of(ChildState.pending),
    processed: of(ChildState.processed),
    ignored: of(ChildState.ignored),
    failed: of(ChildState.failed),
  };
}

const parsed = (json: SqlValue | undefined): unknown =>
  typeof json === "string" ? (JSON.parse(json) as unknown) : null;
