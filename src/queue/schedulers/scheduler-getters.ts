import { indexRange } from "../jobs/index-range.ts";
import type { QueueReader } from "../reader.ts";
import { findScheduler, type SchedulerFields } from "./scheduler-record.ts";
import type { QueueRef } from "../transaction.ts";

/** A scheduler as BullMQ reads it: its fields as `[name, value, …]`, and when it is due; nulls if there is none. */
export function getJobScheduler(
  reader: QueueReader,
  ref: QueueRef,
  { id }: { readonly id: string },
): [string[], string] | [null, null] {
  const queue = reader.queueId(ref);
  const scheduler = queue === undefined ? undefined : findScheduler(reader, { id: queue }, id);
  return scheduler
    ? [Object.entries(scheduler.fields).flat(), String(scheduler.nextAt)]
    : [null, null];
}

/** The fields of a scheduler; empty if there is none. */
export function getJobSchedulerData(
  reader: QueueReader,
  ref: QueueRef,
  { id }: { readonly id: string },
): SchedulerFields {
  const queue = reader.queueId(ref);
  return (queue === undefined ? undefined : findScheduler(reader, { id: queue }, id)?.fields) ?? {};
}

const COUNT = "SELECT count(*) FROM scheduler WHERE queue = ?";

/** How many schedulers a queue has. */
export function getJobSchedulersCount(reader: QueueReader, ref: QueueRef): number {
  const queue = reader.queueId(ref);
  return queue === undefined ? 0 : (reader.sql(COUNT).get(queue)![0] as number);
}

const ASCENDING =
  "SELECT id, next_at FROM scheduler WHERE queue = ? ORDER BY next_at, id LIMIT ? OFFSET ?";
const DESCENDING =
  "SELECT id, next_at FROM scheduler WHERE queue = ? ORDER BY next_at DESC, id DESC LIMIT ? OFFSET ?";

/** Schedulers in the order they are due, as `[id, due, id, due, …]`. */
export async function getJobSchedulersRange(
  reader: QueueReader,
  ref: QueueRef,
  { start, end, asc }: { readonly start: number; readonly end: number; readonly asc: boolean },
): Promise<string[]> {
  const queue = reader.queueId(ref);
  if (queue === undefined) return [];
  const { offset, count } = indexRange(start, end, getJobSchedulersCount(reader, ref));
  if (count === 0) return [];
  const rows = await reader.list(asc ? ASCENDING : DESCENDING, [queue, count, offset]);
  return rows.flat().map(String);
}
