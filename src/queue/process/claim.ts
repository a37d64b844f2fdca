import type { JobJson } from "bullmq";
import { decodeJobId } from "../jobs/job-id.ts";
import { JOB_COLUMNS, jobJson, PLAIN_JOB_COLUMNS, plainJobJson } from "../jobs/job-json.ts";
import { promoteDue } from "./due.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

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

const FIRST = `SELECT ${PLAIN_JOB_COLUMNS}, pending.major, pending.minor
  FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ${State.waiting} ORDER BY pending.major, pending.minor LIMIT 1`;
const WHOLE = `SELECT ${JOB_COLUMNS} FROM job WHERE pk = ?`;
const TAKE = `DELETE FROM pending WHERE queue = ? AND state = ${State.waiting} AND major = ? AND minor = ?`;
const LOCK = `INSERT INTO active (queue, job, token, locked_until, owner, processed_on, processed_by, rank)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

/** Makes due jobs wait, then gives the first waiting one to the worker. Follows BullMQ's order of checks. */
export function claimNext(
  tx: QueueTransaction,
  queue: QueueState,
  options: ClaimOptions,
): ClaimResult {
  if (queue.delayed > 0 && nextDue(tx, queue) <= tx.now) promoteDue(tx, queue);
  const limit = limiterOf(queue, options);
  if (limit) {
    const wait = limiterWait(queue, limit.max, tx.now);
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
  const row = tx.sql(FIRST).get(queue.id)!;
  const pk = row[0] as number;
  const isPlain = row[11] === 1;
  const major = row[12] as number;
  tx.sql(TAKE).run(queue.id, major, row[13]!);
  if (major === 0) queue.waiting--;
  else queue.prioritized--;

  const id = decodeJobId(row[1]);
  const { now, owner } = tx;
  const processedBy = workerName ?? null;
  const lock = token === NO_LOCK ? null : token;
  tx.sql(LOCK).run(
    queue.id,
    pk,
    lock,
    now + lockDurationMs,
    owner,
    now,
    processedBy,
    queue.nextRank(),
  );
  queue.active++;
  queue.emit("x", id);

  const json = isPlain ? plainJobJson(row) : jobJson(tx.sql(WHOLE).get(pk)!);
  if (limit && json.deferredFailure === undefined) consume(queue, limit, now);
  if (isPlain)
    queue.claims.set(id, {
      pk,
      token,
      processedOn: now,
      processedBy,
      attemptsMade: json.attemptsMade,
    });
  json.attemptsStarted++;
  json.processedOn = now;
  if (workerName) json.processedBy = workerName;
  return [json, id, 0, 0];
}

interface Limit {
  readonly max: number;
  readonly durationMs: number;
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

/** How long the limiter holds claims back, in ms; 0 if it does not. */
export function limiterWait(queue: QueueState, max: number, now: number): number {
  if (queue.limiterUntil <= now || queue.limiterCount < max) return 0;
  return queue.limiterUntil - now;
}

function consume(queue: QueueState, { durationMs }: Limit, now: number): void {
  if (queue.limiterUntil <= now) {
    queue.limiterCount = 0;
    queue.limiterUntil = now + durationMs;
  }
  queue.limiterCount++;
}

const NEXT_DUE = `SELECT major FROM pending WHERE queue = ? AND state = ${State.delayed} ORDER BY major, minor LIMIT 1`;

/** When the first delayed job is due; `Infinity` without any. */
export function nextDue(tx: Pick<QueueTransaction, "sql">, queue: QueueState): number {
  if (queue.delayed === 0) return Infinity;
  queue.nextDue ??= (tx.sql(NEXT_DUE).get(queue.id)?.[0] as number | undefined) ?? Infinity;
  return queue.nextDue;
}
