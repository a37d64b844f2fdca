import type { JobJson, ParentKeyOpts } from "bullmq";
import { addJob } from "../add/add.ts";
import { Refusal } from "../errors.ts";
import { queueRef, type QueueTransaction } from "../transaction.ts";
import { releaseParentIfDone } from "./parents.ts";

/** One job of a flow. Parents come before their children; each names its own queue. */
export interface FlowEntry {
  readonly jobData: JobJson;
  readonly jobId: string;
  readonly parentKeyOpts: Readonly<ParentKeyOpts>;
  readonly prefix: string;
  readonly queueName: string;
}

/**
 * Adds a tree of jobs. An entry that is refused (its parent is missing, or it already has another) leaves the rest be;
 * parents whose children all turn out to be done already run once the whole tree stands.
 * @returns per entry, the id of the job or BullMQ's number for the refusal
 */
export function addFlow(
  tx: QueueTransaction,
  entries: readonly FlowEntry[],
): [null, string | number][] {
  const parents = new Set<string>();
  const incomplete = new Set<string>();
  const results = entries.map((entry): [null, string | number] => {
    const { parentKey } = entry.parentKeyOpts;
    if (parentKey) parents.add(parentKey);
    try {
      return [null, addEntry(tx, entry)];
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== Refusal.missingParent && code !== Refusal.parentNotReplaceable) throw error;
      if (parentKey && code === Refusal.parentNotReplaceable) incomplete.add(parentKey);
      return [null, code];
    }
  });
  for (const parentKey of parents) {
    if (!incomplete.has(parentKey)) releaseParentIfDone(tx, parentKey);
  }
  return results;
}

function addEntry(
  tx: QueueTransaction,
  { jobData, jobId, parentKeyOpts, prefix, queueName }: FlowEntry,
): string {
  const queue = tx.queue(queueRef(prefix, queueName));
  return addJob(tx, queue, jobData, jobId, { ...parentKeyOpts, deferParentRelease: true });
}
