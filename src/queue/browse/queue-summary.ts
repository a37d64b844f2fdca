import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { oldestWaitingSince } from "../observe/queue-readings.ts";
import { limiterWait } from "../process/limiter.ts";
import type { QueueRef } from "../transaction.ts";
import { readConnections, workersByQueue } from "./connections.ts";
import type { Reader } from "./job-summary.ts";
import { shownQueueName } from "./queue-name.ts";
import { readThroughput } from "./throughput.ts";

/** How many jobs of a queue are in each state. */
export interface StateCounts {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly "waiting-children": number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

/** What its row tells of a queue. */
export interface QueueRow {
  readonly key: number;
  readonly prefix: string;
  readonly bareName: string;
  /** With the prefix before it (`prefix:name`) if that is not BullMQ's default. */
  readonly name: string;
  readonly counts: StateCounts;
  readonly isPaused: boolean;
  /** At most so many jobs are active at once, over all workers; null: no limit. */
  readonly concurrency: number | null;
  /** At most so many jobs are begun in that time, as the queue itself says. */
  readonly rateLimit: { readonly max: number; readonly durationMs: number } | null;
  /** Until when the limiter holds jobs back, epoch ms; null if it does not. */
  readonly limitedUntil: number | null;
}

/** A queue in a list. */
export interface QueueSummary extends QueueRow {
  readonly workers: number;
  /** Since when its oldest waiting job could have been worked on, epoch ms. */
  readonly oldestWaitingSince: number | null;
  /** Over the last minutes. */
  readonly completedPerMinute: number;
  readonly failedPerMinute: number;
}

const COLUMNS = `id, prefix, name, waiting, prioritized, delayed, waiting_children, active, completed, failed,
  meta, limiter_count, limiter_until`;
const PAGE = `SELECT ${COLUMNS} FROM queue WHERE (prefix, name) > (?, ?) ORDER BY prefix, name LIMIT ?`;
const ONE = `SELECT ${COLUMNS} FROM queue WHERE prefix = ? AND name = ?`;
/** Rates are over so many minutes. */
const RATE_MINUTES = 5;

/** The rows of queues by name, from the one after a place in that order. */
export async function readQueueRows(
  reader: Reader,
  page: { readonly limit: number; readonly after?: readonly [string, string] | undefined },
  now: number,
): Promise<QueueRow[]> {
  const rows = await reader.query(PAGE, [...(page.after ?? ["", ""]), page.limit]);
  return rows.map((row) => rowOf(row, now));
}

/** The row of a queue; undefined if nothing was ever stored under its name. */
export async function readQueueRow(
  reader: Reader,
  { prefix, name }: QueueRef,
  now: number,
): Promise<QueueRow | undefined> {
  const [row] = await reader.query(ONE, [prefix, name]);
  return row && rowOf(row, now);
}

/** What is not in the rows of queues. */
export async function summarizeQueues(
  reader: Reader,
  rows: readonly QueueRow[],
  now: number,
): Promise<QueueSummary[]> {
  const workers = workersByQueue(await readConnections(reader));
  const query = (sql: string, params?: SqlValue[]) => reader.query(sql, params);
  return Promise.all(
    rows.map(async (row) => {
      const [since, minutes] = await Promise.all([
        row.counts.waiting + row.counts.prioritized > 0 ? oldestWaitingSince(query, row.key) : null,
        readThroughput(reader, row.key, { minutes: RATE_MINUTES, now }),
      ]);
      const rate = (count: number) => Math.round((count / RATE_MINUTES) * 10) / 10;
      return {
        ...row,
        workers: workers.get(row.name) ?? 0,
        oldestWaitingSince: since ?? null,
        completedPerMinute: rate(minutes.reduce((sum, { completed }) => sum + completed, 0)),
        failedPerMinute: rate(minutes.reduce((sum, { failed }) => sum + failed, 0)),
      };
    }),
  );
}

function rowOf(row: readonly SqlValue[], now: number): QueueRow {
  const [key, prefix, bareName, waiting, prioritized, delayed, children, ...rest] = row;
  const [active, completed, failed, meta, limiterCount, limiterUntil] = rest;
  const fields = JSON.parse(meta as string) as Readonly<Record<string, string | undefined>>;
  const { paused, concurrency, max, duration } = fields;
  const rateLimit =
    max === undefined || duration === undefined
      ? null
      : { max: Number(max), durationMs: Number(duration) };
  const window = { limiterCount: limiterCount as number, limiterUntil: limiterUntil as number };
  // Without a limit of its own a queue is held back by hand only, which any maximum tells.
  const limit = rateLimit ?? { max: Number.MAX_SAFE_INTEGER / 2, durationMs: 0 };
  const waitMs = limiterWait(window, limit, now);
  return {
    key: key as number,
    prefix: prefix as string,
    bareName: bareName as string,
    name: shownQueueName(prefix as string, bareName as string),
    counts: {
      waiting: waiting as number,
      prioritized: prioritized as number,
      delayed: delayed as number,
      "waiting-children": children as number,
      active: active as number,
      completed: completed as number,
      failed: failed as number,
    },
    isPaused: paused !== undefined,
    concurrency: concurrency === undefined ? null : Number(concurrency),
    rateLimit,
    limitedUntil: waitMs > 0 ? now + waitMs : null,
  };
}
