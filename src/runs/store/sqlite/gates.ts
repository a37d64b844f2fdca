import { takeToken } from "../../flow-control/gcra.ts";
import { queueOfSlot } from "../queue-store.ts";
import { Extra, TimerKind } from "./codes.ts";
import { addReady } from "./ready.ts";
import { readRate, writeRate } from "./rates.ts";
import type { RunRow } from "./run-row.ts";
import { dropFreeSlot, freeSlots, hasFreeSlot, takeSlots } from "./slots.ts";
import { addTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

/**
 * What stands between a queued run and the ready line: its throttle (once), then its slots (each time it wakes).
 *
 *   queued ──► ready          it got all it needs; it holds its slots until it sleeps or ends
 *          └─► parked(key)    key is the throttle, or the first slot that is full
 *   parked ──► ready          let in by who frees the slot, or by the throttle's timer
 *          └─► parked(other)  the key is free, but another one is full
 *
 * Invariant: while runs are parked under a slot, it is full, or a timer is set that goes on letting them in; while runs
 * are parked under a throttle, its timer is set. So nothing ever has to look for runs that might go on.
 */

const PARK = "INSERT INTO run_parked (key, score, run) VALUES (?, ?, ?)";
const UNPARK = "DELETE FROM run_parked WHERE key = ? AND score = ? AND run = ?";
const FIRST_PARKED = "SELECT run FROM run_parked WHERE key = ? ORDER BY score, run LIMIT 1";
const SET_PARKED = "UPDATE run SET parked = ?, extras = ? WHERE pk = ?";

/** How many parked runs one operation lets in under a key before it leaves the rest to the next. */
const BITE = 64;

export const slotGate = (key: string): string => `slot:${key}`;
const throttleGate = (row: RunRow): string =>
  `throttle:${row.function}:${row.options.throttle!.key}`;

/**
 * Takes what a queued run needs to be claimed.
 * @returns the key it has to be parked under, or null if it is ready. To be stored with the row; then {@link place}.
 */
export function admit(tx: RunTransaction, row: RunRow, now: number): string | null {
  if (row.has(Extra.throttled)) {
    const gate = throttleGate(row);
    if (isParkedUnder(tx, gate) || !passThrottle(tx, row, now)) return gate;
  }
  if (row.slotsJson === null) return null;
  const full = takeSlots(tx, row.slots);
  return full === null ? null : slotGate(full);
}

/** Puts an admitted or refused run in the line it belongs to. Its row is stored already. */
export function place(tx: RunTransaction, row: RunRow, now: number): void {
  if (row.parked === null) {
    addReady(tx, row);
    return;
  }
  if (row.has(Extra.throttled) && !isParkedUnder(tx, row.parked)) armThrottle(tx, row, now);
  tx.sql(PARK).run(row.parked, row.score, row.pk);
}

/** Takes a parked run out of its line. */
export function unpark(tx: RunTransaction, row: RunRow): void {
  tx.sql(UNPARK).run(row.parked, row.score, row.pk);
}

/** Gives a run's slots back and lets in who waits for them. The run's own move is stored already. */
export function leaveSlots(tx: RunTransaction, row: RunRow, now: number): void {
  if (row.slotsJson === null) return;
  const { slots } = row;
  freeSlots(tx, slots);
  for (const { key } of slots) letIn(tx, key, now);
}

/** Lets parked runs in for as long as the slot is free. */
export function letIn(tx: RunTransaction, key: string, now: number): void {
  const gate = slotGate(key);
  for (let tries = 0; hasFreeSlot(tx, key); tries++) {
    const pk = firstParked(tx, gate);
    if (pk === undefined) {
      dropFreeSlot(tx, key);
      return;
    }
    if (tries === BITE) {
      addTimer(tx, now, TimerKind.slot, 0, key);
      return;
    }
    retry(tx, tx.run(pk)!, now);
  }
  // A paused queue lets nobody in who would drop it later.
  if (queueOfSlot(key) !== undefined) dropFreeSlot(tx, key);
}

/** The throttle's timer: lets in as many as it allows now, and sets the timer for the next. */
export function letThrough(tx: RunTransaction, gate: string, now: number): void {
  for (let tries = 0; tries < BITE; tries++) {
    const pk = firstParked(tx, gate);
    if (pk === undefined) return;
    const row = tx.run(pk)!;
    if (!passThrottle(tx, row, now)) {
      armThrottle(tx, row, now);
      return;
    }
    retry(tx, row, now);
  }
  addTimer(tx, now, TimerKind.throttle, 0, gate);
}

/** Moves a parked run on: to ready, or under the next key that holds it back. */
function retry(tx: RunTransaction, row: RunRow, now: number): void {
  unpark(tx, row);
  row.parked = admit(tx, row, now);
  tx.sql(SET_PARKED).run(row.parked, row.extras, row.pk);
  place(tx, row, now);
}

function passThrottle(tx: RunTransaction, row: RunRow, now: number): boolean {
  const rate = row.options.throttle!;
  const gate = throttleGate(row);
  const stored = readRate(tx, gate) as number | undefined;
  const { allowed, tat } = takeToken(rate, stored, now);
  // A refusal changes the state if the clock was set back.
  if (allowed || tat !== stored) writeRate(tx, gate, tat, tat);
  if (!allowed) return false;
  row.extras &= ~Extra.throttled;
  return true;
}

/** Sets the throttle's timer, unless others wait for it already. */
function armThrottle(tx: RunTransaction, row: RunRow, now: number): void {
  const gate = throttleGate(row);
  const { nextAt } = takeToken(
    row.options.throttle!,
    readRate(tx, gate) as number | undefined,
    now,
  );
  addTimer(tx, nextAt, TimerKind.throttle, 0, gate);
}

const firstParked = (tx: RunTransaction, gate: string): number | undefined =>
  tx.sql(FIRST_PARKED).get(gate)?.[0] as number | undefined;

const isParkedUnder = (tx: RunTransaction, gate: string): boolean =>
  firstParked(tx, gate) !== undefined;
