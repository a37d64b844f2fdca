import type { RunKey } from "../run-store.ts";
import { Channel, TimerKind } from "./codes.ts";
import { clearDetails } from "./details.ts";
import { removeTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const DELETE_LOGS = `DELETE FROM run_log WHERE pk IN
  (SELECT pk FROM run_log INDEXED BY run_log_seq WHERE run = ? LIMIT ?)`;
const STREAMS = "SELECT pk FROM run_stream WHERE run = ?";
const DELETE_CHUNKS = `DELETE FROM run_chunk WHERE pk IN
  (SELECT pk FROM run_chunk INDEXED BY run_chunk_position WHERE stream = ? LIMIT ?)`;
const DELETE_STREAM = "DELETE FROM run_stream WHERE pk = ?";
const BATCHES = "SELECT batch FROM run_member WHERE run = ?";
const LEAVE_BATCHES = "DELETE FROM run_member WHERE run = ?";
const ANY_MEMBER = "SELECT 1 FROM run_member WHERE batch = ? LIMIT 1";
const DELETE_BATCH = "DELETE FROM run_batch WHERE pk = ?";
const TOKENS = "SELECT pk, id, timeout_at FROM run_token WHERE run = ?";
const DISOWN = "UPDATE run_token SET run = NULL WHERE pk = ?";
const DELETE_TOKEN = "DELETE FROM run_token WHERE pk = ?";
const ANY_WAIT = `SELECT 1 FROM run_wait
  WHERE channel = ${Channel.token} AND name = ? AND path = '' AND value = '' LIMIT 1`;

/** How many rows a sweep may still delete. */
export interface Budget {
  rows: number;
}

/**
 * Removes what the tables of tasks have of a run that is about to be removed.
 * @returns whether all of it is gone; if not, the rest is for the next sweep
 */
export function removeBelongings(tx: RunTransaction, run: RunKey, budget: Budget): boolean {
  if (!deleteSome(tx, DELETE_LOGS, run, budget)) return false;
  for (const [stream] of tx.sql(STREAMS).all(run) as [number][]) {
    if (!deleteSome(tx, DELETE_CHUNKS, stream, budget)) return false;
    tx.sql(DELETE_STREAM).run(stream);
  }
  leaveBatches(tx, run);
  for (const [pk, id, timeoutAt] of tx.sql(TOKENS).all(run) as [number, string, number | null][])
    if (isAwaited(tx, id)) tx.sql(DISOWN).run(pk);
    else removeToken(tx, pk, timeoutAt);
  clearDetails(tx, run);
  return true;
}

/** Whether a run waits for a token. */
export const isAwaited = (tx: RunTransaction, tokenId: string): boolean =>
  tx.sql(ANY_WAIT).get(tokenId) !== undefined;

export function removeToken(tx: RunTransaction, pk: number, timeoutAt: number | null): void {
  if (timeoutAt !== null) removeTimer(tx, timeoutAt, TimerKind.token, pk);
  tx.sql(DELETE_TOKEN).run(pk);
}

/** Removes a batch without runs. @returns whether it was one */
export function removeEmptyBatch(tx: RunTransaction, batch: number): boolean {
  if (tx.sql(ANY_MEMBER).get(batch) !== undefined) return false;
  tx.sql(DELETE_BATCH).run(batch);
  return true;
}

function leaveBatches(tx: RunTransaction, run: RunKey): void {
  const batches = tx.sql(BATCHES).all(run) as [number][];
  if (batches.length === 0) return;
  tx.sql(LEAVE_BATCHES).run(run);
  for (const [batch] of batches) removeEmptyBatch(tx, batch);
}

function deleteSome(tx: RunTransaction, text: string, owner: number, budget: Budget): boolean {
  const { changes } = tx.sql(text).run(owner, budget.rows);
  const isDone = changes < budget.rows;
  budget.rows -= changes;
  return isDone;
}
