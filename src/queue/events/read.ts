import type { QueueReader } from "../reader.ts";
import type { QueueRef } from "../transaction.ts";
import { decodeEvents } from "./codec.ts";

/** An event with its id, as the flat `[field, value, …]` list that BullMQ's `QueueEvents` takes. */
export type EventEntry = [id: string, fields: string[]];

/** The answer to a read of one stream. */
export type EventStream = [[stream: string, entries: EventEntry[]]];

/** A read stops after the row in which it reaches this many events; the next read goes on from there. */
const ENOUGH_EVENTS = 1000;

const NEWER = `SELECT sequence, count, body FROM event
  WHERE queue = ? AND sequence >= ? AND (sequence > ? OR count > ?) ORDER BY sequence LIMIT 64`;

/**
 * The events after an id; null if there are none. An id is `<sequence>-<index>`: the commit that caused the event,
 * and the event's place in it. As in Redis, an id without an index means index 0.
 */
export function readEvents(
  reader: QueueReader,
  ref: QueueRef,
  { after }: { readonly after: string },
): EventStream | null {
  const [sequence, index] = parseId(after);
  const queue = reader.queueId(ref);
  if (queue === undefined) return null;
  const rows = reader.sql(NEWER).all(queue, sequence, sequence, index + 1) as [
    number,
    number,
    string,
  ][];
  const entries: EventEntry[] = [];
  for (const [row, , body] of rows) {
    const skip = row === sequence ? index + 1 : 0;
    decodeEvents(body).forEach((fields, at) => {
      if (at >= skip) entries.push([`${row}-${at}`, fields]);
    });
    if (entries.length >= ENOUGH_EVENTS) break;
  }
  return entries.length === 0 ? null : [[`${ref.key}:events`, entries]];
}

function parseId(id: string): [sequence: number, index: number] {
  const [sequence, index = 0] = id.split("-").map(Number);
  if (!Number.isSafeInteger(sequence) || !Number.isFinite(index))
    throw new Error(`Invalid event id: ${id}`);
  return [sequence!, index];
}

const LAST = `SELECT queue.last_event, event.count FROM queue
  LEFT JOIN event ON event.queue = queue.id AND event.sequence = queue.last_event WHERE queue.id = ?`;

/** The id of the newest event, after which everything is new: what BullMQ's `$` stands for. */
export function lastEventId(reader: QueueReader, ref: QueueRef): string {
  const queue = reader.queueId(ref);
  const [sequence = 0, count] = (
    queue === undefined ? [] : (reader.sql(LAST).get(queue) ?? [])
  ) as [number?, (number | null)?];
  return `${sequence}-${Math.max(0, (count ?? 1) - 1)}`;
}
