import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import type { QueueRef } from "../transaction.ts";
import { decodeEvent, jobOfEvent, splitEvents } from "./codec.ts";

/** Following the events of a queue from a place on, for those who must not miss one. Reads in the reader's thread. */

/**
 * A place in a queue's events: `sequence × 2^20 + index`. The last index of a sequence stands for all of it, so places
 * grow with the events and one more is always the next.
 */
export type EventPlace = number;

const INDEXES = 2 ** 20;

/** The place of one event. */
export const eventPlace = (sequence: number, index: number): EventPlace =>
  sequence * INDEXES + Math.min(index, INDEXES - 2);

/** The place after all events of a commit. */
export const wholeCommit = (sequence: number): EventPlace => sequence * INDEXES + INDEXES - 1;

/** The commit that the event after a place belongs to, at the earliest. */
const nextSequence = (place: EventPlace): number => Math.floor((place + 1) / INDEXES);

/** The events of one commit. */
export interface EventCommit {
  readonly sequence: number;
  readonly body: string;
}

/** How many jobs of a queue are where. */
export interface QueueCounts {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly waitingChildren: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly isPaused: boolean;
}

/** What came after a place. */
export interface EventPage {
  readonly commits: readonly EventCommit[];
  /** Whether nothing between the place that was asked for and these is missing. */
  readonly isComplete: boolean;
  /** The place before the first of them. */
  readonly firstPlace: EventPlace;
  /** The place after the last of them. */
  readonly lastPlace: EventPlace;
  /** Whether there may be more. */
  readonly isFull: boolean;
  readonly counts: QueueCounts;
}

const COUNTERS = `queue.last_event, queue.waiting, queue.prioritized, queue.delayed, queue.waiting_children, queue.active,
  queue.completed, queue.failed, json_extract(queue.meta, '$.paused') IS NOT NULL`;
const COMMITS = 256;
const AFTER = `SELECT ${COUNTERS}, event.sequence, event.body FROM queue
  LEFT JOIN event ON event.queue = queue.id AND event.sequence >= ?
  WHERE queue.prefix = ? AND queue.name = ? ORDER BY event.sequence LIMIT ${COMMITS}`;
const COUNTS = `SELECT ${COUNTERS} FROM queue WHERE prefix = ? AND name = ?`;
const ALL_COUNTERS = `SELECT queue.prefix, queue.name, ${COUNTERS} FROM queue ORDER BY queue.id LIMIT ?`;

type Reader = Pick<SqliteStore, "query">;

/** Events after a place, oldest first, with the counters as they are after the last event there is. */
export async function readEventsAfter(
  reader: Reader,
  { prefix, name }: QueueRef,
  after: EventPlace,
): Promise<EventPage> {
  const wanted = nextSequence(after);
  const rows = await reader.query(AFTER, [wanted, prefix, name]);
  const lastSequence = (rows[0]?.[0] as number | undefined) ?? 0;
  const commits = rows
    .filter((row) => row[9] !== null)
    .map((row) => ({ sequence: row[9] as number, body: row[10] as string }));
  const first = commits[0]?.sequence ?? lastSequence + 1;
  return {
    commits,
    // A place beyond the end is of a queue that was deleted, and made again.
    isComplete: first <= wanted && wanted <= lastSequence + 1,
    firstPlace: wholeCommit(first - 1),
    lastPlace: wholeCommit(commits.at(-1)?.sequence ?? lastSequence),
    isFull: commits.length === COMMITS,
    counts: toCounts(rows[0] ?? [], 1),
  };
}

/** The counters, and the newest commit that they show. */
export async function readCounts(
  reader: Reader,
  { prefix, name }: QueueRef,
): Promise<{ readonly counts: QueueCounts; readonly lastSequence: number }> {
  const [row = []] = await reader.query(COUNTS, [prefix, name]);
  return { counts: toCounts(row, 1), lastSequence: (row[0] as number | undefined) ?? 0 };
}

/** Counters of all queues, by `prefix:name`. */
export async function readAllCounts(
  reader: Reader,
  limit: number,
): Promise<{ readonly prefix: string; readonly name: string; readonly counts: QueueCounts }[]> {
  const rows = await reader.query(ALL_COUNTERS, [limit]);
  return rows.map((row) => ({
    prefix: row[0] as string,
    name: row[1] as string,
    counts: toCounts(row, 3),
  }));
}

function toCounts(row: readonly SqlValue[], offset: number): QueueCounts {
  const at = (index: number): number => (row[offset + index] as number | undefined) ?? 0;
  return {
    waiting: at(0),
    prioritized: at(1),
    delayed: at(2),
    waitingChildren: at(3),
    active: at(4),
    completed: at(5),
    failed: at(6),
    isPaused: at(7) === 1,
  };
}

/** An event with its place, as the flat `[field, value, …]` list of BullMQ's event stream. */
export interface PlacedEvent {
  readonly place: EventPlace;
  readonly jobId: string | undefined;
  readonly fields: readonly string[];
}

/** The events of a commit; with `jobs`, only those of these. */
export function eventsOf(
  { sequence, body }: EventCommit,
  jobs?: { has(id: string): boolean },
): PlacedEvent[] {
  const found: PlacedEvent[] = [];
  splitEvents(body).forEach((text, index) => {
    const jobId = jobOfEvent(text);
    if (jobs !== undefined && (jobId === undefined || !jobs.has(jobId))) return;
    found.push({
      place: eventPlace(sequence, index),
      jobId,
      fields: decodeEvent(text),
    });
  });
  return found;
}
