import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

/**
 * What BullMQ keeps of a scheduler, all of it as text: `name`, `ic` (iterations so far), `limit`, `startDate`,
 * `endDate`, `tz`, `pattern`, `every`, `offset`, and the template's `data` and `opts` as JSON.
 */
export type SchedulerFields = Readonly<Record<string, string>>;

/** A stored scheduler. */
export interface SchedulerRecord {
  readonly id: string;
  /** When its current iteration is due; that iteration's job id is made of it. */
  readonly nextAt: number;
  readonly fields: SchedulerFields;
}

type Sql = Pick<QueueTransaction, "sql">;
type QueueId = Pick<QueueState, "id">;

const SELECT = "SELECT next_at, fields FROM scheduler WHERE queue = ? AND id = ?";
const STORE = "INSERT OR REPLACE INTO scheduler (queue, id, next_at, fields) VALUES (?, ?, ?, ?)";
const DELETE = "DELETE FROM scheduler WHERE queue = ? AND id = ?";

/** The id of a scheduler's job for a time. */
export const iterationId = (schedulerId: string, at: number): string =>
  `repeat:${schedulerId}:${at}`;

/** The scheduler of that id. */
export function findScheduler(tx: Sql, queue: QueueId, id: string): SchedulerRecord | undefined {
  const row = tx.sql(SELECT).get(queue.id, id) as [number, string] | undefined;
  return row && { id, nextAt: row[0], fields: JSON.parse(row[1]) as SchedulerFields };
}

/** Adds a scheduler, or replaces the one of its id. */
export function storeScheduler(
  tx: Sql,
  queue: QueueId,
  { id, nextAt, fields }: SchedulerRecord,
): void {
  tx.sql(STORE).run(queue.id, id, nextAt, JSON.stringify(fields));
}

/** Deletes a scheduler's row. */
export function eraseScheduler(tx: Sql, queue: QueueId, id: string): void {
  tx.sql(DELETE).run(queue.id, id);
}
