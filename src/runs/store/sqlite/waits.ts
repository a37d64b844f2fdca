import type { RunKey, WaitSpec } from "../run-store.ts";
import { Channel, type ChannelCode, Extra, Purpose } from "./codes.ts";
import type { RunRow } from "./run-row.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const INSERT = `INSERT INTO run_wait (run, purpose, key, channel, name, path, value, until, entry, rest, expression)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const INSERT_FOR_RUNS = `INSERT INTO run_wait (run, purpose, key, channel, name, path, value, until, entry, rest, missing)
  VALUES (?, ${Purpose.step}, ?, ${Channel.runs}, '', '', '', ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const CANCELS = `SELECT 1 FROM run_wait WHERE run = ? AND purpose = ${Purpose.cancel}`;
const DELETE_OF_RUN = "DELETE FROM run_wait WHERE run = ?";
const DELETE_CANCELS = `DELETE FROM run_wait WHERE run = ? AND purpose = ${Purpose.cancel}`;
const DELETE_CHILDREN = "DELETE FROM run_child WHERE parent = ? AND key = ?";
const DELETE_ALL_CHILDREN = "DELETE FROM run_child WHERE parent = ?";
const EXTRAS = "UPDATE run SET extras = ? WHERE pk = ?";

/** A step's wait, and how it is found. */
export interface StepWaitRow {
  readonly key: string;
  /** Its pending entry. */
  readonly entry: number;
  readonly channel: ChannelCode;
  readonly wait: WaitSpec;
}

/** Stores the wait of a step. It has no timer: its run is woken by `dueAt`, and then closes it. */
export function addStepWait(tx: RunTransaction, row: RunRow, step: StepWaitRow): void {
  insertWait(tx, row.pk, Purpose.step, step);
  noteWaits(tx, row);
}

/** The wait of a step for other runs. */
export interface RunsWaitRow {
  readonly key: string;
  readonly entry: number;
  readonly until: number;
  /** All of them. */
  readonly order: readonly RunKey[];
  /** How many have not ended. */
  readonly missing: number;
}

/** Stores the wait of a step for other runs. */
export function addRunsWait(tx: RunTransaction, row: RunRow, wait: RunsWaitRow): void {
  const { key, entry, until, order, missing } = wait;
  tx.sql(INSERT_FOR_RUNS).run(
    row.pk,
    key,
    storableTime(until),
    entry,
    JSON.stringify(order),
    missing,
  );
  noteWaits(tx, row);
}

function noteWaits(tx: RunTransaction, row: RunRow): void {
  if (row.has(Extra.waits)) return;
  row.extras |= Extra.waits;
  tx.sql(EXTRAS).run(row.extras, row.pk);
}

/** Stores what cancels a run. The caller sets {@link Extra.waits}. */
export function addCancelWaits(tx: RunTransaction, run: RunKey, waits: readonly WaitSpec[]): void {
  for (const [index, wait] of waits.entries())
    insertWait(tx, run, Purpose.cancel, { key: String(index), channel: Channel.event, wait });
}

/** Puts others in the place of what cancels a run. */
export function replaceCancelWaits(
  tx: RunTransaction,
  run: RunKey,
  waits: readonly WaitSpec[],
): void {
  if (tx.sql(CANCELS).get(run) !== undefined) tx.sql(DELETE_CANCELS).run(run);
  addCancelWaits(tx, run, waits);
}

/** Removes all waits of a run. */
export function closeWaits(tx: RunTransaction, run: RunKey): void {
  tx.sql(DELETE_OF_RUN).run(run);
}

/** Forgets the runs that a step waits for. */
export function closeChildren(tx: RunTransaction, parent: RunKey, key: string): void {
  tx.sql(DELETE_CHILDREN).run(parent, key);
}

/** Forgets the runs that any step of a run waits for. */
export function closeAllChildren(tx: RunTransaction, parent: RunKey): void {
  tx.sql(DELETE_ALL_CHILDREN).run(parent);
}

function insertWait(
  tx: RunTransaction,
  run: RunKey,
  purpose: number,
  { key, entry, channel, wait }: Omit<StepWaitRow, "entry"> & { readonly entry?: number },
): void {
  const [first, ...rest] = wait.equals;
  tx.sql(INSERT).run(
    run,
    purpose,
    key,
    channel,
    wait.event,
    first?.path ?? "",
    first?.value ?? "",
    storableTime(wait.until),
    entry ?? null,
    rest.length === 0 ? null : JSON.stringify(rest),
    wait.expression ?? null,
  );
}
