import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";

const ADD = "INSERT INTO run_ready (function, score, run) VALUES (?, ?, ?)";
const REMOVE = "DELETE FROM run_ready WHERE function = ? AND score = ? AND run = ?";
const FIRST = "SELECT score, run FROM run_ready WHERE function = ? ORDER BY score, run LIMIT 1";

/** Puts a run in the line of its function. */
export function addReady(tx: RunTransaction, row: RunRow): void {
  tx.sql(ADD).run(row.function, row.score, row.pk);
  const head = tx.heads.get(row.function);
  if (head !== undefined && row.score < head) tx.heads.set(row.function, row.score);
  tx.readyAdded();
}

/** Takes a run out of the line. */
export function removeReady(tx: RunTransaction, row: RunRow): void {
  tx.sql(REMOVE).run(row.function, row.score, row.pk);
  tx.heads.delete(row.function);
}

/** The key of the first run in line of the functions, by score; `undefined` if all lines are empty. */
export function firstReady(tx: RunTransaction, functions: readonly number[]): number | undefined {
  for (;;) {
    let best: number | undefined;
    let bestScore = Infinity;
    for (const fn of functions) {
      const score = tx.heads.get(fn) ?? lookUpHead(tx, fn);
      if (score < bestScore) {
        bestScore = score;
        best = fn;
      }
    }
    if (best === undefined) return undefined;
    const first = tx.sql(FIRST).get(best);
    if (first !== undefined) return first[1] as number;
    tx.heads.set(best, Infinity);
  }
}

function lookUpHead(tx: RunTransaction, fn: number): number {
  const score = (tx.sql(FIRST).get(fn)?.[0] as number | undefined) ?? Infinity;
  tx.heads.set(fn, score);
  return score;
}
