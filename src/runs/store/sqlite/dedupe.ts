import type { StartRequest } from "../run-store.ts";
import type { StartStore } from "../start-store.ts";
import type { RunRow } from "./run-row.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const FIND = "SELECT run FROM run_start WHERE function = ? AND key = ? AND until > ?";
const SET = `INSERT INTO run_start (function, key, run, until) VALUES (?, ?, ?, ?)
  ON CONFLICT (function, key) DO UPDATE SET run = excluded.run, until = excluded.until`;

const FORGET = "DELETE FROM run_start WHERE function = ? AND key = ? AND run = ?";
const RESET = "DELETE FROM run_start WHERE function = ? AND key = ? AND until > ?";

/** The id of the run that an equal start has made already. */
export function earlierStart(
  tx: RunTransaction,
  fn: number,
  { idempotency }: StartRequest,
  now: number,
): string | undefined {
  if (idempotency === undefined) return undefined;
  return tx.sql(FIND).get(fn, idempotency.key, now)?.[0] as string | undefined;
}

/** Remembers that a start made a run, or joined it. */
export function rememberStart(
  tx: RunTransaction,
  fn: number,
  { idempotency }: StartRequest,
  runId: string,
): void {
  if (idempotency) tx.sql(SET).run(fn, idempotency.key, runId, storableTime(idempotency.until));
}

/** A run gives its keys back, unless others have taken them since. */
export function forgetStarts(tx: RunTransaction, row: RunRow, keys: readonly string[]): void {
  for (const key of keys) tx.sql(FORGET).run(row.function, key, row.id);
}

/** Gives a key back by hand. @returns whether it was taken */
export function resetIdempotency(
  tx: RunTransaction,
  { now, functionId, key }: Parameters<StartStore["resetIdempotency"]>[0],
): boolean {
  const fn = tx.findFunction(functionId);
  return fn !== undefined && tx.sql(RESET).run(fn, key, now).changes > 0;
}
