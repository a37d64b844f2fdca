import { decodeJobId } from "../jobs/job-id.ts";
import { jobByPk } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { sweep, SWEPT_COLUMNS, type SweptRow } from "./removal.ts";
import { isSchedulersNextJob } from "../schedulers/scheduler.ts";
import { State, type FinishedState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Which jobs to clean. */
export interface CleanOptions {
  /** `wait`, `prioritized`, `delayed`, `active`, `completed` or `failed`; there is nothing to clean in others. */
  readonly state: string;
  /** Only jobs that finished, or were last worked on, or were added (the first that applies) by this time. */
  readonly timestamp: number;
  /** 0 for all. */
  readonly limit: number;
}

type Line = readonly [
  state: typeof State.waiting | typeof State.delayed,
  first: number,
  last: number,
];

/** Lines by name, with the range of `pending.major` that belongs to them. */
const LINES: ReadonlyMap<string, Line> = new Map<string, Line>([
  ["wait", [State.waiting, 0, 0]],
  ["prioritized", [State.waiting, 1, Number.MAX_SAFE_INTEGER]],
  ["delayed", [State.delayed, 0, Number.MAX_SAFE_INTEGER]],
]);
const FINISHED: ReadonlyMap<string, FinishedState> = new Map<string, FinishedState>([
  ["completed", State.completed],
  ["failed", State.failed],
]);

const IN_LINE = `SELECT ${SWEPT_COLUMNS}, pending.major, pending.minor, job.repeat_job_key IS NOT NULL
  FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ? AND pending.major BETWEEN ? AND ?
    AND coalesce(job.processed_on, job.timestamp) <= ?
  ORDER BY pending.major, pending.minor LIMIT ?`;
const UNLOCKED = `SELECT ${SWEPT_COLUMNS}, 0, 0, job.repeat_job_key IS NOT NULL
  FROM active CROSS JOIN job ON job.pk = active.job
  WHERE active.queue = ? AND (active.token IS NULL OR active.locked_until <= ?) AND active.processed_on <= ? LIMIT ?`;
const DONE = `SELECT ${SWEPT_COLUMNS} FROM finished CROSS JOIN job ON job.pk = finished.job
  WHERE finished.queue = ? AND finished.state = ? AND finished.finished_on <= ?
  ORDER BY finished.finished_on, finished.job LIMIT ?`;
const SCHEDULERS = "SELECT count(*) FROM scheduler WHERE queue = ?";

/**
 * Removes old jobs that are in a state, the oldest first. Jobs that a worker has locked stay, as does the next job of
 * a scheduler; parents in the same queue that waited for nothing but removed jobs go with them.
 * @returns the ids of the jobs removed
 */
export function cleanJobs(
  tx: QueueTransaction,
  queue: QueueState,
  options: CleanOptions,
): string[] {
  const rows = select(tx, queue, options);
  queue.emit("l", String(rows.length));
  return rows.map(([, id]) => decodeJobId(id));
}

function select(
  tx: QueueTransaction,
  queue: QueueState,
  { state, timestamp, limit }: CleanOptions,
): SweptRow[] {
  const most = limit > 0 ? limit : Infinity;
  const finished = FINISHED.get(state);
  const line = LINES.get(state);
  let rows: SweptRow[] = [];
  if (finished) {
    rows = tx
      .sql(DONE)
      .all(queue.id, finished, timestamp, most === Infinity ? -1 : most) as SweptRow[];
    sweep(tx, queue, finished, rows);
  } else if (line) {
    const bound = boundWithSchedulers(tx, queue, most);
    rows = removable(tx, queue, tx.sql(IN_LINE).all(queue.id, ...line, timestamp, bound), most);
    sweep(tx, queue, line[0], rows);
  } else if (state === "active") {
    const bound = boundWithSchedulers(tx, queue, most);
    rows = removable(tx, queue, tx.sql(UNLOCKED).all(queue.id, tx.now, timestamp, bound), most);
    sweep(tx, queue, State.active, rows);
  }
  return rows;
}

/** How many rows to read so that `most` are left when each scheduler keeps one back; -1 for all. */
function boundWithSchedulers(tx: QueueTransaction, queue: QueueState, most: number): number {
  return most === Infinity ? -1 : most + (tx.sql(SCHEDULERS).get(queue.id)![0] as number);
}

function removable(
  tx: QueueTransaction,
  queue: QueueState,
  rows: readonly unknown[][],
  most: number,
): SweptRow[] {
  const isFree = (row: readonly unknown[]) =>
    row[6] === 0 || !isSchedulersNextJob(tx, queue, jobByPk(tx, row[0] as number)!);
  return rows.filter(isFree).slice(0, most) as unknown[] as SweptRow[];
}
