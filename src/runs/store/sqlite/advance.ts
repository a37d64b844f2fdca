import { begin } from "./begin.ts";
import { State, TimerKind } from "./codes.ts";
import { endRun } from "./end.ts";
import { failures } from "./failures.ts";
import { letIn, letThrough } from "./gates.ts";
import { loseLease } from "./hold.ts";
import type { RunRow } from "./run-row.ts";
import { releaseQueue } from "./queue-gates.ts";
import { dueTimers, NEXT_TIMER, removeTimer } from "./timers.ts";
import { timeOutToken } from "./tokens.ts";
import type { RunTransaction } from "./transaction.ts";
import { enqueue } from "./wake.ts";

const EXPIRED = `SELECT pk FROM run INDEXED BY run_lease WHERE owner IS NOT NULL AND lease_until <= ?
  ORDER BY lease_until LIMIT 256`;
const NEXT_LEASE = `SELECT lease_until FROM run INDEXED BY run_lease WHERE owner IS NOT NULL
  ORDER BY lease_until LIMIT 1`;
const OWNED = "SELECT pk FROM run INDEXED BY run_lease WHERE owner IS NOT NULL AND owner = ?";

/** Moves on a bite of what is due: timers and lost leases. What is left is due at once. */
export function advanceDue(tx: RunTransaction, now: number): void {
  for (const { due, kind, run, key } of dueTimers(tx, now)) {
    removeTimer(tx, due, kind, run, key);
    if (kind === TimerKind.slot) letIn(tx, key, now);
    else if (kind === TimerKind.throttle) letThrough(tx, key, now);
    else if (kind === TimerKind.queue) releaseQueue(tx, key, now);
    else if (kind === TimerKind.token) timeOutToken(tx, run, now);
    else {
      // A timer of this bite may have ended the run of a later one.
      const row = tx.run(run);
      if (row) moveOn(tx, row, kind, due, now);
    }
  }
  for (const [pk] of tx.sql(EXPIRED).all(now) as [number][]) loseLease(tx, tx.run(pk)!);
}

function moveOn(tx: RunTransaction, row: RunRow, kind: number, due: number, now: number): void {
  const isLive = row.state < State.completed;
  if (kind === TimerKind.run) {
    if (row.dueAt !== due) return;
    if (row.state === State.delayed) begin(tx, row, now);
    else if (row.state === State.waiting) enqueue(tx, row, now);
  } else if (kind === TimerKind.startTimeout) {
    if (row.state !== State.queued || row.startedAt !== null) return;
    const error = failures.startTimeout(row.options.startTimeoutMs!);
    endRun(tx, row, { state: State.expired, error }, now);
  } else if (isLive) {
    const error = failures.finishTimeout(row.options.finishTimeoutMs!);
    endRun(tx, row, { state: State.timedOut, error }, now);
  }
}

/** When the next timer or lease is due; `Infinity` without any. Outside of transactions too. */
export function nextDue(tx: Pick<RunTransaction, "sql">): number {
  const timer = tx.sql(NEXT_TIMER).get()?.[0] as number | undefined;
  const lease = tx.sql(NEXT_LEASE).get()?.[0] as number | undefined;
  return Math.min(timer ?? Infinity, lease ?? Infinity);
}

/** Gives back what a dead process held. */
export function loseLeasesOf(tx: RunTransaction, owner: number): void {
  for (const [pk] of tx.sql(OWNED).all(owner) as [number][]) loseLease(tx, tx.run(pk)!);
}

/** Whether a process holds runs. */
export const holdsLeases = (tx: Pick<RunTransaction, "sql">, owner: number): boolean =>
  tx.sql(OWNED).get(owner) !== undefined;
