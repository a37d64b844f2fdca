import type { JobJson } from "bullmq";
import { decodeJobId } from "../jobs/job-id.ts";
import { JOB_COLUMNS, jobJson, plainJobJson } from "../jobs/job-json.ts";
import { promoteDue } from "./due.ts";
import { consume, limiterWait, type Limit } from "./limiter.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";
import { IS_PLAIN, MAJOR } from "./waiting-line.ts";

/** The token that takes no lock: for callers that work by hand. */
export const NO_LOCK = "0";

/** What a worker asks with. */
export interface ClaimOptions {
  readonly token: string;
  /** Name of the worker, recorded as `processedBy`. */
  readonly workerName?: string | undefined;
  readonly lockDurationMs: number;
  /** The worker's own limiter; metadata of the queue overrides `max`. */
  readonly limiter?: { readonly max: number; readonly duration: number } | undefined;
}

/** A job with its id, or why there is none: `[null, "", rateLimitMs, 0]` or `[null, "", 0, nextDue]`. */
export type ClaimResult = [
  job: JobJson | null,
  id: string,
  rateLimitDelayMs: number,
  delayUntil: number,
];

const WHOLE = `SELECT ${JOB_COLUMNS} FROM job WHERE pk = ?`;

/** Makes due jobs wait, then gives the first waiting one to the worker. Follows BullMQ's order of checks. */
export function claimNext(
  tx: QueueTransaction,
  queue: QueueState,
  options: ClaimOptions,
): ClaimResult {
  if (queue.delayed > 0 && nextDue(tx, queue) <= tx.now) promoteDue(tx, queue);
  const limit = limiterOf(queue, options);
  if (limit) {
    const wait = limiterWait(queue, limit, tx.now);
    if (wait > 0) return [null, "", wait, 0];
  }
  if (queue.isPaused || queue.isMaxed) return [null, "", 0, 0];
  if (queue.waiting + queue.prioritized === 0) {
    return [null, "", 0, queue.delayed > 0 ? nextDue(tx, queue) : 0];
  }
  return take(tx, queue, options, limit);
}

function take(
  tx: QueueTransaction,
  queue: QueueState,
  { token, workerName, lockDurationMs }: ClaimOptions,
  limit: Limit | undefined,
): ClaimResult {
  const row = queue.line.take();
  const pk = row[0] as number;
  const isPlain = row[IS_PLAIN] === 1;
  if (row[MAJOR] === 0) queue.waiting--;
  else queue.prioritized--;

  const id = decodeJobId(row[1]);
  const { now, owner } = tx;
  const processedBy = workerName ?? null;
  const lock = token === NO_LOCK ? null : token;
  tx.rows.lock(queue.id, pk, lock, now + lockDurationMs, owner, now, processedBy, queue.nextRank());
  queue.active++;
  queue.emit("x", id);

  const json = isPlain ? plainJobJson(row) : jobJson(tx.sql(WHOLE).get(pk)!);
  if (limit && json.deferredFailure === undefined) consume(queue, limit, now);
  if (isPlain) queue.claims.set(id, { pk, token, processedOn: now, processedBy, extras: 0 });
  json.attemptsStarted++;
  json.processedOn = now;
  if (workerName) json.processedBy = workerName;
  return [json, id, 0, 0];
}

/** The limit in force: the queue's metadata sets the maximum first, the worker the duration. */
function limiterOf(queue: QueueState, { limiter }: ClaimOptions): Limit | undefined {
  const max = queue.meta["max"] ?? limiter?.max;
  if (max === undefined) return undefined;
  return {
    max: Number(max),
    durationMs: Math.floor(Math.abs(Number(limiter?.duration ?? queue.meta["duration"] ?? 0))),
  };
}

const NEXT_DUE = `SELECT major FROM pending WHERE queue = ? AND state = ${State.delayed} ORDER BY major, minor LIMIT 1`;

/** When the first delayed job is due; `Infinity` without any. */
export function nextDue(tx: Pick<QueueTransaction, "sql">, queue: QueueState): number {
  if (queue.delayed === 0) return Infinity;
  queue.nextDue ??= (tx.sql(NEXT_DUE).get(queue.id)?.[0] as number | undefined) ?? Infinity;
  return queue.nextDue;
}
