import { State, TimerKind } from "./codes.ts";
import { admit, place } from "./gates.ts";
import type { RunRow } from "./run-row.ts";
import { removeTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const QUEUE = `UPDATE run SET state = ${State.queued}, extras = ?, attempt = ?, due_at = NULL, parked = ?, owner = NULL,
  lease_until = NULL WHERE pk = ?`;

/** Queues a run that waits. */
export function wake(tx: RunTransaction, row: RunRow, now: number): void {
  if (row.state !== State.waiting) return;
  if (row.dueAt !== null) removeTimer(tx, row.dueAt, TimerKind.run, row.pk);
  enqueue(tx, row, now);
}

/** Moves a run that holds no slots to the line, or parks it. Its timer is gone already. */
export function enqueue(tx: RunTransaction, row: RunRow, now: number): void {
  const from = row.state;
  row.parked = admit(tx, row, now);
  row.state = State.queued;
  row.dueAt = null;
  row.owner = null;
  tx.sql(QUEUE).run(row.extras, row.attempt, row.parked, row.pk);
  tx.moved(row, from, State.queued);
  place(tx, row, now);
}
