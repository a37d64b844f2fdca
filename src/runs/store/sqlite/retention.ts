import type { RunKey, RunStore } from "../run-store.ts";
import { Extra, State } from "./codes.ts";
import { isAwaited, removeBelongings, removeEmptyBatch, removeToken } from "./remove-belongings.ts";
import { RUN_COLUMNS, RunRow } from "./run-row.ts";
import { TokenState } from "./tokens.ts";
import type { RunTransaction } from "./transaction.ts";

/** How many rows of a kind one sweep looks at, so that it holds nobody up. */
const BITE = 200;

const FINISHED = `SELECT ${RUN_COLUMNS}, run.finished_at FROM run INDEXED BY run_finished
  WHERE finished_at IS NOT NULL ORDER BY finished_at LIMIT ${BITE}`;
const FINISHED_COUNT = `SELECT coalesce(sum(count), 0) FROM run_count WHERE state >= ${State.completed}`;
const DELETE_RUN = "DELETE FROM run WHERE pk = ?";
const DELETE_JOURNAL = "DELETE FROM run_journal WHERE run = ?";
const EVENTS = `SELECT pk FROM run_event WHERE pk > ? AND received_at <= ? ORDER BY pk LIMIT ${BITE}`;
const OLDEST_AFTER = "SELECT received_at FROM run_event WHERE pk > ? ORDER BY pk LIMIT 1";
const CAUSES = "SELECT run FROM run_cause WHERE event = ?";
const RUN_EXISTS = "SELECT 1 FROM run WHERE pk = ?";
const DELETE_CAUSES = "DELETE FROM run_cause WHERE event = ?";
const DELETE_EVENT = "DELETE FROM run_event WHERE pk = ?";
const OLD_STARTS = `SELECT function, key FROM run_start WHERE until <= ? LIMIT ${BITE}`;
const DELETE_START = "DELETE FROM run_start WHERE function = ? AND key = ?";
const RATES = `SELECT key, until FROM run_rate WHERE key > ? ORDER BY key LIMIT ${BITE}`;
const DELETE_RATE = "DELETE FROM run_rate WHERE key = ?";

/** How many rows that belong to runs one sweep deletes. */
const BELONGINGS = 5_000;
const OLD_TOKENS = `SELECT pk, id, created_at, state, ended_at, timeout_at, run FROM run_token WHERE pk > ?
  ORDER BY pk LIMIT ${BITE}`;
const OLD_BATCHES = `SELECT pk, created_at FROM run_batch WHERE pk > ? ORDER BY pk LIMIT ${BITE}`;

/**
 * Removes what is no longer kept: ended runs by age and number with their journals and all that belongs to them; events,
 * tokens and batches that are old and belong to no run; starts and rates that no longer matter. It goes round: what has
 * to stay, because a run needs it, is passed by and looked at again in the next round.
 */
export class Retention {
  #eventCursor = 0;
  #rateCursor = "";
  #tokenCursor = 0;
  #batchCursor = 0;

  /** Takes a bite. @returns whether more may be left */
  sweep(
    tx: RunTransaction,
    { now, keepRunsMs, keepRuns, keepEventsMs }: Parameters<RunStore["sweep"]>[0],
  ): boolean {
    const moreRuns = sweepRuns(tx, now - keepRunsMs, keepRuns);
    const moreEvents = this.#sweepEvents(tx, now - keepEventsMs);
    const moreStarts = sweepStarts(tx, now);
    const moreRates = this.#sweepRates(tx, now);
    const moreTokens = this.#sweepTokens(tx, now - keepRunsMs);
    const moreBatches = this.#sweepBatches(tx, now - keepRunsMs);
    return moreRuns || moreEvents || moreStarts || moreRates || moreTokens || moreBatches;
  }

  /** Those that have ended, and whose run is gone or never was. */
  #sweepTokens(tx: RunTransaction, before: number): boolean {
    const tokens = (tx.sql(OLD_TOKENS).all(this.#tokenCursor) as TokenRow[]).filter(
      ([, , createdAt]) => createdAt <= before,
    );
    for (const [pk, id, , state, endedAt, timeoutAt, run] of tokens) {
      const isOver = state !== TokenState.waiting && endedAt! <= before;
      if (isOver && run === null && !isAwaited(tx, id)) removeToken(tx, pk, timeoutAt);
    }
    const isRoundOver = tokens.length < BITE;
    this.#tokenCursor = isRoundOver ? 0 : tokens.at(-1)![0];
    return !isRoundOver;
  }

  /** Those whose runs are gone, or were never started. */
  #sweepBatches(tx: RunTransaction, before: number): boolean {
    const batches = (tx.sql(OLD_BATCHES).all(this.#batchCursor) as [number, number][]).filter(
      ([, createdAt]) => createdAt <= before,
    );
    for (const [pk] of batches) removeEmptyBatch(tx, pk);
    const isRoundOver = batches.length < BITE;
    this.#batchCursor = isRoundOver ? 0 : batches.at(-1)![0];
    return !isRoundOver;
  }

  #sweepEvents(tx: RunTransaction, before: number): boolean {
    const oldest = tx.sql(OLDEST_AFTER).get(this.#eventCursor)?.[0] as number | undefined;
    if (oldest === undefined || oldest > before) {
      this.#eventCursor = 0;
      return false;
    }
    const events = tx.sql(EVENTS).all(this.#eventCursor, before) as [number][];
    for (const [pk] of events) {
      const runs = tx.sql(CAUSES).all(pk) as [RunKey][];
      if (runs.some(([run]) => tx.sql(RUN_EXISTS).get(run) !== undefined)) continue;
      if (runs.length > 0) tx.sql(DELETE_CAUSES).run(pk);
      tx.sql(DELETE_EVENT).run(pk);
    }
    const isRoundOver = events.length < BITE;
    this.#eventCursor = isRoundOver ? 0 : events.at(-1)![0];
    return !isRoundOver;
  }

  #sweepRates(tx: RunTransaction, now: number): boolean {
    const rates = tx.sql(RATES).all(this.#rateCursor) as [string, number][];
    for (const [key, until] of rates) if (until <= now) tx.sql(DELETE_RATE).run(key);
    const isRoundOver = rates.length < BITE;
    this.#rateCursor = isRoundOver ? "" : rates.at(-1)![0];
    return !isRoundOver;
  }
}

type TokenRow = [
  pk: number,
  id: string,
  createdAt: number,
  state: number,
  endedAt: number | null,
  timeoutAt: number | null,
  run: RunKey | null,
];

function sweepRuns(tx: RunTransaction, before: number, keep: number): boolean {
  const excess = (tx.sql(FINISHED_COUNT).get()![0] as number) - keep;
  const oldest = tx.sql(FINISHED).all();
  const budget = { rows: BELONGINGS };
  let removed = 0;
  for (const values of oldest) {
    if (removed >= excess && (values.at(-1) as number) > before) break;
    const row = new RunRow(values);
    if (row.has(Extra.belongings) && !removeBelongings(tx, row.pk, budget)) return true;
    tx.sql(DELETE_JOURNAL).run(row.pk);
    tx.sql(DELETE_RUN).run(row.pk);
    tx.moved(row, row.state, 0);
    removed++;
  }
  return removed === BITE;
}

function sweepStarts(tx: RunTransaction, now: number): boolean {
  const old = tx.sql(OLD_STARTS).all(now) as [number, string][];
  for (const [fn, key] of old) tx.sql(DELETE_START).run(fn, key);
  return old.length === BITE;
}
