import type { QueueReader } from "../reader.ts";
import { State } from "../states.ts";
import type { QueueRef } from "../transaction.ts";

/** BullMQ's names of what can be counted. The columns of table `queue` are kept in step with every move. */
const COLUMNS: Readonly<Record<string, string>> = {
  waiting: "waiting",
  wait: "waiting",
  prioritized: "prioritized",
  delayed: "delayed",
  "waiting-children": "waiting_children",
  active: "active",
  completed: "completed",
  failed: "failed",
  repeat: "(SELECT count(*) FROM scheduler WHERE scheduler.queue = queue.id)",
};

const NAMES = Object.keys(COLUMNS);
const COUNTERS = `SELECT ${Object.values(COLUMNS).join(", ")} FROM queue WHERE id = ?`;
const DUE_BEFORE = `SELECT count(*) FROM pending WHERE queue = ? AND state = ${State.delayed} AND major < ?`;

/** How many jobs are in a state; 0 for names that mean nothing here, such as "paused". */
export function countOf(reader: QueueReader, queue: number, type: string): number {
  const index = NAMES.indexOf(type);
  return index < 0 ? 0 : ((reader.sql(COUNTERS).get(queue)?.[index] ?? 0) as number);
}

/**
 * How many jobs are in each of the states, in the order asked for.
 * @param params.delayedBefore counts only those delayed jobs that are due before this time
 */
export async function getCounts(
  reader: QueueReader,
  ref: QueueRef,
  {
    types,
    delayedBefore,
  }: { readonly types: readonly string[]; readonly delayedBefore?: number | undefined },
): Promise<number[]> {
  const queue = reader.queueId(ref);
  const counters = queue === undefined ? undefined : reader.sql(COUNTERS).get(queue);
  if (queue === undefined || !counters) return types.map(() => 0);
  const counts = types.map((type) => (counters[NAMES.indexOf(type)] ?? 0) as number);
  if (delayedBefore !== undefined && types.includes("delayed")) {
    const [[due = 0] = []] = await reader.list(DUE_BEFORE, [queue, delayedBefore]);
    return counts.map((count, index) => (types[index] === "delayed" ? (due as number) : count));
  }
  return counts;
}

const OF_PRIORITY = `SELECT count(*) FROM pending WHERE queue = ? AND state = ${State.waiting} AND major = ?`;

/** How many waiting jobs have each of the priorities; 0 is no priority. */
export async function getCountsPerPriority(
  reader: QueueReader,
  ref: QueueRef,
  { priorities }: { readonly priorities: readonly number[] },
): Promise<number[]> {
  const queue = reader.queueId(ref);
  if (queue === undefined) return priorities.map(() => 0);
  return Promise.all(
    priorities.map(async (priority) => {
      if (priority === 0) return countOf(reader, queue, "waiting");
      const [[count = 0] = []] = await reader.list(OF_PRIORITY, [queue, priority]);
      return count as number;
    }),
  );
}
