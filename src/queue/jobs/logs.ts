import { refusal, Refusal } from "../errors.ts";
import { encodeJobId } from "./job-id.ts";
import { Extra } from "./job-json.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueReader } from "../reader.ts";
import type { QueueRef, QueueTransaction } from "../transaction.ts";

/*
 * The log lines of a job, numbered from 1 on. Lines are only ever dropped at the front, so the numbers of the first
 * and the last tell how many there are.
 */

const JOB = "SELECT pk, extras FROM job WHERE queue = ? AND id = ?";
const FIRST = "SELECT line FROM job_log WHERE job = ? ORDER BY line LIMIT 1";
const LAST = "SELECT line FROM job_log WHERE job = ? ORDER BY line DESC LIMIT 1";

/** The lines a job has: from `first` to `last`, none if `last` is less. */
interface Lines {
  readonly first: number;
  readonly last: number;
}

function linesOf(tx: Pick<QueueTransaction, "sql">, pk: number): Lines {
  const first = tx.sql(FIRST).get(pk)?.[0] as number | undefined;
  return first === undefined
    ? { first: 1, last: 0 }
    : { first, last: tx.sql(LAST).get(pk)![0] as number };
}

const INSERT = "INSERT INTO job_log (job, line, text) VALUES (?, ?, ?)";
const SET_EXTRAS = "UPDATE job SET extras = ? WHERE pk = ?";
const DROP_UNTIL = "DELETE FROM job_log WHERE job = ? AND line <= ?";
const DROP_ALL = "DELETE FROM job_log WHERE job = ?";

/**
 * Adds a line to a job's log; with `keep`, only so many of the last lines stay.
 * @returns how many lines there are now
 * @throws missing job (-1)
 */
export function addLog(
  tx: QueueTransaction,
  queue: QueueState,
  {
    jobId,
    text,
    keep,
  }: { readonly jobId: string; readonly text: string; readonly keep?: number | undefined },
): number {
  const row = tx.sql(JOB).get(queue.id, encodeJobId(jobId));
  if (!row) throw refusal(Refusal.missingJob, { command: "addLog", jobId });
  const [pk, extras] = row as [number, number];
  if (!(extras & Extra.logs)) {
    tx.sql(SET_EXTRAS).run(extras | Extra.logs, pk);
    queue.jobChanged(jobId);
  }
  const { first, last } = linesOf(tx, pk);
  const count = last - first + 2;
  tx.sql(INSERT).run(pk, last + 1, text);
  if (!keep || count <= keep) return count;
  tx.sql(DROP_UNTIL).run(pk, last + 1 - keep);
  return keep;
}

/** Drops a job's log, but for the last `keep` lines. */
export function clearLogs(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, keep }: { readonly jobId: string; readonly keep?: number | undefined },
): void {
  const pk = tx.sql(JOB).get(queue.id, encodeJobId(jobId))?.[0] as number | undefined;
  if (pk === undefined) return;
  if (keep) tx.sql(DROP_UNTIL).run(pk, linesOf(tx, pk).last - keep);
  else tx.sql(DROP_ALL).run(pk);
}

const RANGE = "SELECT text FROM job_log WHERE job = ? AND line BETWEEN ? AND ? ORDER BY line";

/**
 * Lines `start` to `end` of a job's log, counted from 0 and from the newest if not `asc`; negative numbers count from
 * the other end. `count` is the number of all lines.
 */
export async function getJobLogs(
  reader: QueueReader,
  ref: QueueRef,
  page: {
    readonly jobId: string;
    readonly start: number;
    readonly end: number;
    readonly asc: boolean;
  },
): Promise<{ logs: string[]; count: number }> {
  const queue = reader.queueId(ref);
  const pk =
    queue === undefined ? undefined : reader.sql(JOB).get(queue, encodeJobId(page.jobId))?.[0];
  if (pk === undefined) return { logs: [], count: 0 };
  const { first, last } = linesOf(reader, pk as number);
  const count = last - first + 1;
  const at = (index: number) => (index < 0 ? Math.max(0, count + index) : index);
  const [from, to] = page.asc
    ? [at(page.start), page.end < 0 ? count + page.end : page.end]
    : [count - 1 - (page.end < 0 ? count + page.end : page.end), count - 1 - at(page.start)];
  const rows = await reader.list(RANGE, [pk, first + Math.max(0, from), first + to]);
  const logs = rows.map(([text]) => text as string);
  return { logs: page.asc ? logs : logs.reverse(), count };
}
