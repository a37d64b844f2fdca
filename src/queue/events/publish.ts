import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Trimming waits until this many events are too many, so that it is not done for each. */
const TRIM_SLACK = 100;

/** Adds a custom event, and keeps the stream to about `maxEvents`. @returns the event's id */
export function publishEvent(
  tx: QueueTransaction,
  queue: QueueState,
  {
    fields,
    maxEvents,
  }: { readonly fields: Readonly<Record<string, string | number>>; readonly maxEvents: number },
): string {
  const id = queue.emitCustom(Object.entries(fields).flat().map(String));
  if (queue.eventCount > maxEvents + TRIM_SLACK) queue.trimEvents(tx.connection, maxEvents);
  return id;
}

/** Removes the oldest events until about `maxLength` are left. @returns how many were removed */
export function trimEvents(
  tx: QueueTransaction,
  queue: QueueState,
  { maxLength }: { readonly maxLength: number },
): number {
  return queue.trimEvents(tx.connection, maxLength);
}
