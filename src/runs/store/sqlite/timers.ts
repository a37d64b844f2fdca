import type { RunKey } from "../run-store.ts";
import type { TimerCode } from "./codes.ts";
import type { RunTransaction } from "./transaction.ts";

const ADD =
  "INSERT INTO run_timer (due, kind, run, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
const REMOVE = "DELETE FROM run_timer WHERE due = ? AND kind = ? AND run = ? AND key = ?";
const DUE =
  "SELECT due, kind, run, key FROM run_timer WHERE due <= ? ORDER BY due, kind, run, key LIMIT 256";
export const NEXT_TIMER = "SELECT due FROM run_timer ORDER BY due LIMIT 1";

/** Times beyond this are "never": SQLite holds them, but no clock reaches them. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** A time as it can be stored. */
export const storableTime = (time: number): number =>
  Math.min(Math.max(Math.ceil(time), -NEVER), NEVER);

/** Sees to it that `advance` looks at something at a time. */
export function addTimer(
  tx: RunTransaction,
  due: number,
  kind: TimerCode,
  run: RunKey,
  key = "",
): void {
  tx.sql(ADD).run(due, kind, run, key);
  tx.dueAdded(due);
}

export function removeTimer(
  tx: RunTransaction,
  due: number,
  kind: TimerCode,
  run: RunKey,
  key = "",
): void {
  tx.sql(REMOVE).run(due, kind, run, key);
}

/** A bite of what is due. */
export function dueTimers(
  tx: RunTransaction,
  now: number,
): readonly { due: number; kind: TimerCode; run: RunKey; key: string }[] {
  return tx
    .sql(DUE)
    .all(now)
    .map((row) => ({
      due: row[0] as number,
      kind: row[1] as TimerCode,
      run: row[2] as number,
      key: row[3] as string,
    }));
}
