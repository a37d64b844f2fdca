import { liesAhead } from "./clock-set-back.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueReader } from "../reader.ts";
import type { QueueRef, QueueTransaction } from "../transaction.ts";

/*
 * A queue's limiter is a count of claims and the end of the window they are counted in. It holds back nobody until a
 * maximum is set, by a worker or in the queue's metadata.
 */

/** At most so many claims in that time. */
export interface Limit {
  readonly max: number;
  readonly durationMs: number;
}

/** What BullMQ says of a limiter without a running window, like Redis of a key that does not exist. */
const NO_WINDOW = -2;

/** A count from here on is no count: claims are held back by hand, for as long as it is above this. */
const BY_HAND = 2 ** 52;

type Window = Pick<QueueState, "limiterCount" | "limiterUntil">;

/** Holds all claims back for that long, whatever the maximum. */
export function setRateLimit(
  tx: QueueTransaction,
  queue: QueueState,
  { durationMs }: { readonly durationMs: number },
): void {
  const lengthMs = Math.ceil(durationMs);
  queue.limiterCount = BY_HAND + lengthMs;
  queue.limiterUntil = tx.now + lengthMs;
}

/** How long the limiter holds claims back, in ms; 0 if it does not. */
export function limiterWait(queue: Window, { max, durationMs }: Limit, now: number): number {
  if (queue.limiterCount < max || isOver(queue, durationMs, now)) return 0;
  return queue.limiterUntil - now;
}

/** Counts a claim. */
export function consume(queue: Window, { durationMs }: Limit, now: number): void {
  if (isOver(queue, durationMs, now)) {
    queue.limiterCount = 0;
    queue.limiterUntil = now + durationMs;
  }
  queue.limiterCount++;
}

function isOver({ limiterCount, limiterUntil }: Window, durationMs: number, now: number): boolean {
  const lengthMs = limiterCount >= BY_HAND ? limiterCount - BY_HAND : durationMs;
  return limiterUntil <= now || liesAhead(limiterUntil, now, lengthMs);
}

/** Ends the window. @returns 1 if one was running, else 0 */
export function removeRateLimit(tx: QueueTransaction, queue: QueueState): 0 | 1 {
  const wasRunning = limiterTtl(queue, tx.now) > 0;
  queue.limiterCount = 0;
  queue.limiterUntil = 0;
  return wasRunning ? 1 : 0;
}

/** What is left of the limiter's window in ms, whether or not its maximum is reached; 0 if none is running. */
export const limiterTtl = ({ limiterUntil }: Window, now: number): number =>
  Math.max(0, limiterUntil - now);

const SELECT = "SELECT meta, active, limiter_count, limiter_until FROM queue WHERE id = ?";

interface LimiterRow {
  readonly meta: Readonly<Record<string, string>>;
  readonly active: number;
  readonly window: Window;
}

function readRow(reader: QueueReader, ref: QueueRef): LimiterRow | undefined {
  const id = reader.queueId(ref);
  const row = id === undefined ? undefined : reader.sql(SELECT).get(id);
  if (!row) return undefined;
  const [meta, active, limiterCount, limiterUntil] = row as [string, number, number, number];
  return {
    meta: JSON.parse(meta) as Record<string, string>,
    active,
    window: { limiterCount, limiterUntil },
  };
}

/**
 * For how long claims are held back by the limiter, in ms: with a maximum, given or the queue's, 0 unless it is
 * reached; without one, what is left of the window, or -2 if none is running.
 */
export function getRateLimitTtl(
  reader: QueueReader,
  ref: QueueRef,
  { max }: { readonly max?: number | undefined },
): number {
  const row = readRow(reader, ref);
  const now = reader.now();
  const maximum = max || row?.meta["max"];
  const left = row ? limiterTtl(row.window, now) : 0;
  if (!maximum) return left || NO_WINDOW;
  return row && row.window.limiterCount >= Number(maximum) ? left : 0;
}

/** Whether as many jobs are active as the queue's global concurrency allows. */
export function isMaxed(reader: QueueReader, ref: QueueRef): boolean {
  const row = readRow(reader, ref);
  const limit = row?.meta["concurrency"];
  return row !== undefined && limit !== undefined && row.active >= Number(limit);
}
