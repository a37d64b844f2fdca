import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { State } from "../states.ts";

/** Reads committed data: `store.query`, which does it in a worker thread. */
export type Query = (sql: string, params?: SqlValue[]) => Promise<SqlValue[][]>;

/** How a queue stands, by its counters. */
export interface QueueReading {
  readonly id: number;
  /** Its name; with the prefix before it (`prefix:name`) if that is not BullMQ's default. */
  readonly name: string;
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly waitingChildren: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  /** The sequence of its newest events. */
  readonly lastEvent: number;
}

const DEFAULT_PREFIX = "bull";
const QUEUES = `SELECT id, prefix, name, waiting, prioritized, delayed, waiting_children, active, completed, failed,
  last_event FROM queue ORDER BY id LIMIT ?`;

/** All queues, oldest first, up to a number. */
export async function readQueues(query: Query, limit: number): Promise<QueueReading[]> {
  const rows = (await query(QUEUES, [limit])) as [number, string, string, ...number[]][];
  return rows.map(([id, prefix, name, ...numbers]) => {
    const [waiting, prioritized, delayed, waitingChildren, active, completed, failed, lastEvent] =
      numbers as [number, number, number, number, number, number, number, number];
    return {
      id,
      name: prefix === DEFAULT_PREFIX ? name : `${prefix}:${name}`,
      waiting,
      prioritized,
      delayed,
      waitingChildren,
      active,
      completed,
      failed,
      lastEvent,
    };
  });
}

/** Priorities of a queue that are looked at; each of them is one seek. */
const MAX_PRIORITIES = 32;
const NEXT_PRIORITY = `SELECT major FROM pending
  WHERE queue = ? AND state = ${State.waiting} AND major > ? ORDER BY major LIMIT 1`;
const endOf = (
  order: "ASC" | "DESC",
): string => `SELECT job.timestamp + job.delay FROM job WHERE pk = (
  SELECT job FROM pending WHERE queue = ? AND state = ${State.waiting} AND major = ? ORDER BY minor ${order} LIMIT 1)`;
const FIRST = endOf("ASC");
const LAST = endOf("DESC");

/**
 * Since when the oldest waiting job of a queue could have been worked on, epoch ms. Looks at both ends of the line of
 * each priority: jobs come in at one of them, so the oldest stands at one, but for those that were put back.
 */
export async function oldestWaitingSince(query: Query, queue: number): Promise<number | undefined> {
  let oldest: number | undefined;
  let priority = -1;
  for (let n = 0; n < MAX_PRIORITIES; n++) {
    const [next] = (await query(NEXT_PRIORITY, [queue, priority])) as [number][];
    if (!next) break;
    [priority] = next;
    const ends = await Promise.all([
      query(FIRST, [queue, priority]),
      query(LAST, [queue, priority]),
    ]);
    for (const [since] of ends.flat() as [number][])
      if (oldest === undefined || since < oldest) oldest = since;
  }
  return oldest;
}

/** Events that were counted, and how far. */
export interface EventCounts {
  /** Up to which sequence. */
  readonly position: number;
  readonly completed: number;
  readonly failed: number;
  readonly stalled: number;
}

/** How often a kind of event (codec.ts) is in a row; what is in payloads is escaped there. */
const countOf = (kind: string): string => {
  const mark = `char(30) || '${kind}' || char(31)`;
  return `coalesce(sum((length(body) - length(replace(body, ${mark}, ''))) / 3), 0)`;
};
const COUNT_EVENTS = `SELECT max(sequence), ${countOf("c")}, ${countOf("f")}, ${countOf("s")}
  FROM event WHERE queue = ? AND sequence > ?`;

/** Counts the events of a queue after a position. Queues keep their newest 10,000 or so: of more, these are a sample. */
export async function countEvents(
  query: Query,
  queue: number,
  after: number,
): Promise<EventCounts> {
  const [[position, completed, failed, stalled] = []] = (await query(COUNT_EVENTS, [
    queue,
    after,
  ])) as [number | null, number, number, number][];
  return {
    position: position ?? after,
    completed: completed ?? 0,
    failed: failed ?? 0,
    stalled: stalled ?? 0,
  };
}

const COUNT_FAILED = `SELECT count(*) FROM (
  SELECT 1 FROM finished WHERE queue = ? AND state = ${State.failed} AND finished_on > ? LIMIT ?)`;

/** How many of the failed jobs that a queue keeps have failed since a time; `limit` at most. */
export async function countFailedSince(
  query: Query,
  queue: number,
  since: number,
  limit: number,
): Promise<number> {
  const [row] = (await query(COUNT_FAILED, [queue, since, limit])) as [number][];
  return row![0];
}

// A scheduler that has reached its limit keeps its last time: only one whose job still stands in line is late.
const LATE = `SELECT scheduler.id, scheduler.next_at FROM scheduler
  JOIN job ON job.queue = scheduler.queue AND job.id = 'repeat:' || scheduler.id || ':' || scheduler.next_at
  WHERE scheduler.queue = ? AND scheduler.next_at < ?
    AND NOT EXISTS (SELECT 1 FROM active WHERE active.queue = job.queue AND active.job = job.pk)
    AND NOT EXISTS (SELECT 1 FROM finished WHERE finished.job = job.pk)
  ORDER BY scheduler.next_at, scheduler.id LIMIT 1`;

/** The job scheduler of a queue whose tick has been due for the longest, among those due before a time. */
export async function latestScheduler(
  query: Query,
  queue: number,
  before: number,
): Promise<{ readonly id: string; readonly dueAt: number } | undefined> {
  const [row] = (await query(LATE, [queue, before])) as [string, number][];
  return row && { id: row[0], dueAt: row[1] };
}
