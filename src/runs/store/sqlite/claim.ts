import type { ClaimedRun, RunKey, RunStore } from "../run-store.ts";
import { Extra, State, TimerKind } from "./codes.ts";
import { loadEvent } from "./events.ts";
import { loadJournal } from "./journal.ts";
import { firstReady, removeReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, removeTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const LEASE = `UPDATE run SET state = ${State.running}, generation = ?, extras = ?, started_at = ?, owner = ?,
  lease_until = ?, news = 0 WHERE pk = ?`;

/** Leases ready runs, by priority and age. */
export function claimRuns(
  tx: RunTransaction,
  { now, functionIds, limit, leaseMs }: Parameters<RunStore["claim"]>[0],
): ClaimedRun[] {
  const functions: number[] = [];
  for (const id of functionIds) {
    const fn = tx.findFunction(id);
    if (fn !== undefined) functions.push(fn);
  }
  const claimed: ClaimedRun[] = [];
  while (claimed.length < limit) {
    const pk = firstReady(tx, functions);
    if (pk === undefined) break;
    claimed.push(lease(tx, pk, now, leaseMs));
  }
  return claimed;
}

function lease(tx: RunTransaction, pk: RunKey, now: number, leaseMs: number): ClaimedRun {
  const row = tx.run(pk)!;
  removeReady(tx, row);
  if (row.startedAt === null) start(tx, row, now);
  row.state = State.running;
  row.generation++;
  row.owner = tx.owner;
  row.news = 0;
  tx.sql(LEASE).run(row.generation, row.extras, row.startedAt, tx.owner, now + leaseMs, pk);
  tx.moved(row, State.queued, State.running);
  tx.claimed(row);
  return {
    key: pk,
    id: row.id,
    functionId: tx.functionId(row.function),
    generation: row.generation,
    attempt: row.attempt,
    losses: row.losses,
    events: row.eventKeys.map((event) => loadEvent(tx, event)),
    journal: row.generation === 1 ? [] : loadJournal(tx, pk),
    queuedAt: row.queuedAt,
    startedAt: row.startedAt!,
  };
}

/** The first claim: one timeout ends, another begins. */
function start(tx: RunTransaction, row: RunRow, now: number): void {
  row.startedAt = now;
  if (row.optionsJson === null) return;
  const { startTimeoutMs, finishTimeoutMs } = row.options;
  if (row.has(Extra.startTimeout)) {
    row.extras &= ~Extra.startTimeout;
    removeTimer(tx, row.queuedAt + startTimeoutMs!, TimerKind.startTimeout, row.pk);
  }
  if (finishTimeoutMs !== undefined) {
    row.extras |= Extra.finishTimeout;
    addTimer(tx, now + finishTimeoutMs, TimerKind.finishTimeout, row.pk);
  }
}
