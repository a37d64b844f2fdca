import { Extra, State, TimerKind } from "./codes.ts";
import { endRun } from "./end.ts";
import { failures } from "./failures.ts";
import type { RunRow } from "./run-row.ts";
import { clearSingleton, takeSingleton } from "./singleton.ts";
import { addTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";
import { enqueue } from "./wake.ts";

const BEGIN = "UPDATE run SET queued_at = ?, score = ?, extras = ? WHERE pk = ?";
const DELETE_GATHERING = "DELETE FROM run_gathering WHERE function = ? AND key = ?";

/** Queues a delayed run: its time has come, its debounce is over, its batch is complete. Its timer is gone already. */
export function begin(tx: RunTransaction, row: RunRow, now: number): void {
  const { singleton, gathering, startTimeoutMs } = row.options;
  row.dueAt = null;
  if (row.has(Extra.gathering)) {
    row.extras &= ~Extra.gathering;
    tx.sql(DELETE_GATHERING).run(row.function, gathering!);
  }
  if (singleton !== undefined && !row.has(Extra.singleton)) {
    const holder = clearSingleton(tx, row.function, singleton, now);
    if (holder !== undefined) {
      endRun(tx, row, { state: State.skipped, error: failures.skipped(holder.id) }, now);
      return;
    }
    row.extras |= Extra.singleton;
    takeSingleton(tx, row, singleton.key);
  }
  row.score += now - row.queuedAt;
  row.queuedAt = now;
  if (startTimeoutMs !== undefined) {
    row.extras |= Extra.startTimeout;
    addTimer(tx, now + startTimeoutMs, TimerKind.startTimeout, row.pk);
  }
  tx.sql(BEGIN).run(row.queuedAt, row.score, row.extras, row.pk);
  enqueue(tx, row, now);
}
