import type { QueueState } from "./queue-state.ts";
import type { QueueReader } from "./reader.ts";
import type { QueueRef, QueueTransaction } from "./transaction.ts";

/** Sets fields of the queue's metadata. @returns how many are new */
export function setQueueMeta(
  _tx: QueueTransaction,
  queue: QueueState,
  values: Readonly<Record<string, string | number>>,
): number {
  const meta = { ...queue.meta };
  let added = 0;
  let isChanged = false;
  for (const [field, value] of Object.entries(values)) {
    const text = String(value);
    if (meta[field] === undefined) added++;
    if (meta[field] === text) continue;
    meta[field] = text;
    isChanged = true;
  }
  if (isChanged) queue.meta = meta;
  return added;
}

/** Removes fields of the queue's metadata. @returns how many there were */
export function removeQueueMetaFields(
  _tx: QueueTransaction,
  queue: QueueState,
  fields: readonly string[],
): number {
  const unwanted = new Set(fields);
  const before = Object.entries(queue.meta);
  const after = before.filter(([field]) => !unwanted.has(field));
  if (after.length < before.length) queue.meta = Object.fromEntries(after);
  return before.length - after.length;
}

const SELECT = "SELECT meta FROM queue WHERE id = ?";

/** The queue's metadata; empty for a queue that nothing was ever stored in. */
export function getQueueMeta(reader: QueueReader, ref: QueueRef): Record<string, string> {
  const id = reader.queueId(ref);
  const row = id === undefined ? undefined : reader.sql(SELECT).get(id);
  return row ? (JSON.parse(row[0] as string) as Record<string, string>) : {};
}
