/**
 * `batchEvents`: events of one key are gathered until there are `maxSize` of them, until `timeoutMs` after the first, or
 * until they take 10 MiB; then one run gets them all.
 */

/** A batch that is open. */
export interface OpenBatch {
  readonly count: number;
  readonly bytes: number;
  /** When it runs at the latest, epoch ms. */
  readonly dueAt: number;
}

/** What an event does to its batch. */
export interface BatchStep extends OpenBatch {
  /** Whether the batch runs now, with this event in it. */
  readonly full: boolean;
}

/** More bytes than this are not gathered. */
export const MAX_BATCH_BYTES = 10 * 1024 * 1024;

/**
 * Adds an event to its batch.
 *
 * @param open The open batch of the key; `undefined` opens one.
 * @param bytes Size of the event as JSON.
 */
export function joinBatch(
  options: { readonly maxSize: number; readonly timeoutMs: number },
  open: OpenBatch | undefined,
  bytes: number,
  now: number,
): BatchStep {
  const count = (open?.count ?? 0) + 1;
  const total = (open?.bytes ?? 0) + bytes;
  return {
    count,
    bytes: total,
    dueAt: open?.dueAt ?? now + options.timeoutMs,
    full: count >= options.maxSize || total >= MAX_BATCH_BYTES,
  };
}
