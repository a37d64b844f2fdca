import type { Appended, RunKey, RunStore } from "../run-store.ts";
import { State, TimerKind } from "./codes.ts";
import { endRun } from "./end.ts";
import { leaveSlots } from "./gates.ts";
import { ingestEvents } from "./ingest.ts";
import { addReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";
import { wake } from "./wake.ts";
import { writeSteps } from "./write-steps.ts";

/** What the holder of a run may do. Everything is refused to a holder of an older generation. */

const RESET = "UPDATE run SET attempt = ?, losses = 0 WHERE pk = ?";
const SUSPEND = `UPDATE run SET state = ${State.waiting}, attempt = ?, due_at = ?, owner = NULL, lease_until = NULL
  WHERE pk = ?`;
const BACK = `UPDATE run SET state = ${State.queued}, losses = ?, owner = NULL, lease_until = NULL WHERE pk = ?`;
const IS_WAITING = `SELECT 1 FROM run WHERE pk = ? AND generation = ? AND state = ${State.waiting}`;
const EXTEND = "UPDATE run SET lease_until = ? WHERE pk = ?";

type Params<M extends Exclude<keyof RunStore, "stores">> = Parameters<RunStore[M]>[0] & object;

export function append(
  tx: RunTransaction,
  { now, run, generation, writes, resetAttempt, keepsAttempt, batch }: Params<"append">,
): Appended {
  const row = tx.held(run, generation);
  if (row === undefined) return false;
  const attempt = keepsAttempt ? row.attempt : 0;
  if (resetAttempt && (row.attempt > attempt || row.losses > 0)) {
    row.attempt = attempt;
    row.losses = 0;
    tx.sql(RESET).run(attempt, run);
  }
  const filled = writeSteps(tx, row, writes, now);
  if (filled && row.state !== State.running) return false;
  if (batch) ingestEvents(tx, { now, ...batch });
  return filled ?? true;
}

export function suspend(
  tx: RunTransaction,
  { now, run, generation, writes, dueAt, attempt }: Params<"suspend">,
): boolean {
  const row = tx.held(run, generation);
  if (row === undefined) return false;
  writeSteps(tx, row, writes, now);
  if (tx.held(run, generation) === undefined) return false;
  tx.released(row);
  row.state = State.waiting;
  row.attempt = attempt;
  row.dueAt = dueAt === undefined || dueAt === Infinity ? null : storableTime(dueAt);
  row.owner = null;
  tx.sql(SUSPEND).run(attempt, row.dueAt, run);
  tx.moved(row, State.running, State.waiting);
  if (row.dueAt !== null) addTimer(tx, row.dueAt, TimerKind.run, run);
  leaveSlots(tx, row, now);
  // Answers that the holder did not know of, and what is due, must not be slept through.
  if (row.news > 0 || (row.dueAt !== null && row.dueAt <= now)) wake(tx, row, now);
  return true;
}

export function finish(
  tx: RunTransaction,
  { now, run, generation, state, output, error, ...batch }: Params<"finish">,
): boolean {
  const row = tx.held(run, generation);
  if (row === undefined) return false;
  endRun(tx, row, { state: State[state], output, error, byHolder: true }, now);
  ingestEvents(tx, { now, ...batch });
  return true;
}

export function release(tx: RunTransaction, { run, generation }: Params<"release">): boolean {
  const row = tx.held(run, generation);
  if (row === undefined) return false;
  tx.released(row);
  backToLine(tx, row);
  return true;
}

/** A lease has run out, or its process is dead. */
export function loseLease(tx: RunTransaction, row: RunRow): void {
  tx.lost(row);
  row.losses++;
  backToLine(tx, row);
}

/** A run that was held goes back to its place in line and keeps its slots. */
function backToLine(tx: RunTransaction, row: RunRow): void {
  row.state = State.queued;
  row.owner = null;
  tx.sql(BACK).run(row.losses, row.pk);
  tx.moved(row, State.running, State.queued);
  addReady(tx, row);
}

export function extendLeases(
  tx: RunTransaction,
  { now, leaseMs, runs }: Params<"extendLeases">,
): RunKey[] {
  const held: RunKey[] = [];
  for (const { run, generation } of runs) {
    if (tx.held(run, generation) === undefined) continue;
    tx.sql(EXTEND).run(now + leaseMs, run);
    held.push(run);
  }
  return held;
}

/** Which runs wait as they were suspended. Outside of transactions too. */
export function stillWaiting(
  tx: Pick<RunTransaction, "sql">,
  runs: readonly { readonly run: RunKey; readonly generation: number }[],
): RunKey[] {
  const found: RunKey[] = [];
  for (const { run, generation } of runs)
    if (tx.sql(IS_WAITING).get(run, generation) !== undefined) found.push(run);
  return found;
}

/** Queues a run that waits, if it was suspended at this generation. */
export function wakeRun(tx: RunTransaction, { now, run, generation }: Params<"wake">): boolean {
  const row = tx.run(run);
  if (row?.state !== State.waiting || row.generation !== generation) return false;
  wake(tx, row, now);
  return true;
}
