import { removeQueueMetaFields, setQueueMeta } from "./meta.ts";
import type { QueueState } from "./queue-state.ts";
import type { QueueTransaction } from "./transaction.ts";

/** Pauses or resumes a queue: while it is paused nothing is claimed, and jobs wait where they stand. */
export function setPaused(
  tx: QueueTransaction,
  queue: QueueState,
  { paused }: { readonly paused: boolean },
): void {
  if (paused) setQueueMeta(tx, queue, { paused: 1 });
  else removeQueueMetaFields(tx, queue, ["paused"]);
  queue.emit(paused ? "p" : "q");
}
