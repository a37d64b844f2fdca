import type { RunKey } from "../run-store.ts";
import type { StartStore } from "../start-store.ts";
import { State, TimerKind } from "./codes.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, removeTimer, storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const BY_ID = "SELECT pk FROM run WHERE id = ?";
const MOVE = "UPDATE run SET score = ?, queued_at = ?, due_at = ? WHERE pk = ?";

/** Gives a delayed run another time. */
export function postpone(tx: RunTransaction, row: RunRow, at: number): void {
  if (at === row.dueAt) return;
  removeTimer(tx, row.dueAt!, TimerKind.run, row.pk);
  addTimer(tx, at, TimerKind.run, row.pk);
  row.dueAt = at;
  row.score += at - row.queuedAt;
  row.queuedAt = at;
  tx.sql(MOVE).run(row.score, at, at, row.pk);
  tx.touched(row);
}

/** Gives a delayed run another time, by hand. @returns whether it was still delayed */
export function reschedule(
  tx: RunTransaction,
  { runId, notBefore }: Parameters<StartStore["reschedule"]>[0],
): boolean {
  const pk = tx.sql(BY_ID).get(runId)?.[0] as RunKey | undefined;
  const row = pk === undefined ? undefined : tx.run(pk);
  if (row?.state !== State.delayed) return false;
  postpone(tx, row, storableTime(notBefore));
  return true;
}
