import { queueOfSlot, queuePrefix, queueSlot, taskQueueName } from "../queue-store.ts";
import type { SlotClaim } from "../run-store.ts";
import { TimerKind } from "./codes.ts";
import { admit, letIn, place, slotGate } from "./gates.ts";
import { removeReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { freeSlots } from "./slots.ts";
import { addTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

/**
 * What queues do to runs that are ready, or parked under one of their slots. A queue that is paused, or whose limit has
 * changed, moves no run by itself: a ready run of it is parked when its turn to be claimed comes, and parked ones are let
 * in when there is room again.
 */

const PARK_AGAIN = "UPDATE run SET slots = ?, parked = ?, extras = ? WHERE pk = ?";
const NEXT_KEY = "SELECT key FROM run_parked WHERE key > ? AND key < ? ORDER BY key LIMIT 1";

/** How many concurrency keys of a queue one operation lets runs in for before it leaves the rest to the next. */
const BITE = 64;

/**
 * Parks a run that is about to be claimed, if its queue is paused, or is full since a limit was set that it knew nothing
 * of. @returns whether it did
 */
export function holdBack(tx: RunTransaction, row: RunRow, now: number): boolean {
  const known = row.slots;
  const slots = withTaskQueue(tx, row, known);
  if (slots === known && !slots.some((slot) => isPaused(tx, slot))) return false;
  freeSlots(tx, known);
  row.slotsJson = JSON.stringify(slots);
  row.parked = admit(tx, row, now);
  tx.sql(PARK_AGAIN).run(row.slotsJson, row.parked, row.extras, row.pk);
  if (row.parked === null) return false;
  removeReady(tx, row);
  place(tx, row, now);
  for (const { key } of known) letIn(tx, key, now);
  return true;
}

/** The slots of a run, with one in the queue of its function if that has got a limit, or is paused, and it has none. */
function withTaskQueue(
  tx: RunTransaction,
  row: RunRow,
  slots: readonly SlotClaim[],
): readonly SlotClaim[] {
  if (slots.some(({ key }) => queueOfSlot(key) !== undefined)) return slots;
  const name = taskQueueName(tx.functionId(row.function));
  const setting = tx.queues.get(tx, name);
  if (setting === undefined || tx.queues.limitOf(tx, name) === undefined) return slots;
  return [...slots, queueSlot(name, setting.base)];
}

function isPaused(tx: RunTransaction, { key }: SlotClaim): boolean {
  const queue = queueOfSlot(key);
  return queue !== undefined && tx.queues.get(tx, queue)?.isPaused === true;
}

/**
 * Lets parked runs of a queue in, as far as there is room.
 *
 * @param from the gate to begin with: {@link firstGate}, or where an earlier bite ended
 */
export function releaseQueue(tx: RunTransaction, from: string, now: number): void {
  const end = `${from.slice(0, from.indexOf("\n"))}\v`;
  let gate: string | undefined = from;
  for (let keys = 0; keys < BITE; keys++) {
    letIn(tx, gate.slice(slotGate("").length), now);
    gate = tx.sql(NEXT_KEY).get(gate, end)?.[0] as string | undefined;
    if (gate === undefined) return;
  }
  addTimer(tx, now, TimerKind.queue, 0, gate);
}

/** The gate of a queue for runs without concurrency key; it is the first of all. */
export const firstGate = (name: string): string => slotGate(queuePrefix(name));
