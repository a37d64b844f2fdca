import type { RunStore } from "../run-store.ts";
import { startRun } from "./start.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const ADD = `INSERT INTO run_schedule (function, expression, next_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`;
const OF_FUNCTION = "SELECT expression FROM run_schedule WHERE function = ?";
const DELETE = "DELETE FROM run_schedule WHERE function = ? AND expression = ?";
const NEXT = "SELECT next_at FROM run_schedule WHERE function = ? AND expression = ?";
const TICK = `UPDATE run_schedule SET next_at = ? WHERE function = ? AND expression = ? AND next_at = ?`;

/** A schedule that this process serves. */
export interface OwnSchedule {
  readonly functionId: string;
  readonly expression: string;
}

/**
 * Stores schedules. One that is there keeps its next time, so that a restart neither skips nor repeats a tick; other
 * expressions of the same functions are removed.
 */
export function setSchedules(
  tx: RunTransaction,
  { schedules, functionIds = [] }: Parameters<RunStore["schedule"]>[0],
): void {
  const kept = new Map<number, Set<string>>();
  for (const id of functionIds) kept.set(tx.functionKey(id), new Set());
  for (const { functionId, expression, nextAt } of schedules) {
    const fn = tx.functionKey(functionId);
    if (!kept.has(fn)) kept.set(fn, new Set());
    kept.get(fn)!.add(expression);
    tx.sql(ADD).run(fn, expression, storableTime(nextAt));
    tx.dueAdded(tx.sql(NEXT).get(fn, expression)![0] as number);
  }
  for (const [fn, expressions] of kept)
    for (const [expression] of tx.sql(OF_FUNCTION).all(fn) as [string][])
      if (!expressions.has(expression)) tx.sql(DELETE).run(fn, expression);
}

/** When a schedule ticks next; `Infinity` if another process has removed it. Outside of transactions too. */
export function nextTick(tx: RunTransaction, { functionId, expression }: OwnSchedule): number {
  const fn = tx.findFunction(functionId);
  const next = fn === undefined ? undefined : tx.sql(NEXT).get(fn, expression)?.[0];
  return (next as number | undefined) ?? Infinity;
}

/** Starts a tick, unless another process did. */
export function tick(
  tx: RunTransaction,
  { now, functionId, expression, at, nextAt, start }: Parameters<RunStore["tick"]>[0],
): boolean {
  const fn = tx.functionKey(functionId);
  const next = storableTime(nextAt);
  if (tx.sql(TICK).run(next, fn, expression, at).changes === 0) return false;
  tx.dueAdded(next);
  startRun(tx, start, now);
  return true;
}
