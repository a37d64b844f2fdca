import { queueOfSlot, queuePrefix, queueSlot, taskQueueName } from "../queue-store.ts";
import type { SlotClaim } from "../run-store.ts";
import { TimerKind } from "./codes.ts";
import { admit, letIn, place, slotGate } from "./gates.ts";
import { removeReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { freeSlots, heldSlots } from "./slots.ts";
import { addTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

/**
 * What queues do to runs that are ready, or parked under one of their slots. A queue that is paused, or whose limit has
 * changed, moves no run by itself: a ready run of it is parked when its turn to be claimed comes, and parked ones are let
 * in when there is room again.
 */

const PARK_AGAIN = "UPDATE run SET slots = ?, parked = ?, extras = ? WHERE pk = ?";
/** All that run, but only after a limit has become lower. */
const RUNNING_SLOTS =
  "SELECT slots FROM run INDEXED BY run_lease WHERE owner IS NOT NULL AND slots IS NOT NULL";
const NEXT_KEY = "SELECT key FROM run_parked WHERE key > ? AND key < ? ORDER BY key LIMIT 1";

/** How many concurrency keys of a queue one operation lets runs in for before it leaves the rest to the next. */
const BITE = 64;

/** What queues have to say in one claim. */
export class QueueGates {
  readonly #tx: RunTransaction;
  readonly #now: number;
  /** How many runs that hold a slot run, where that had to be known. */
  readonly #running = new Map<string, number>();

  constructor(tx: RunTransaction, now: number) {
    this.#tx = tx;
    this.#now = now;
  }

  /**
   * Parks a run that is about to be claimed, if its queue is paused, or is full by a limit that it knew nothing of.
   * @returns whether it did; if not, the run is claimed
   */
  holdBack(row: RunRow): boolean {
    const tx = this.#tx;
    const known = row.slots;
    const slots = withTaskQueue(tx, row, known);
    if (slots !== known || slots.some((slot) => this.#isClosed(slot))) {
      freeSlots(tx, known);
      row.slotsJson = JSON.stringify(slots);
      row.parked = admit(tx, row, this.#now);
      tx.sql(PARK_AGAIN).run(row.slotsJson, row.parked, row.extras, row.pk);
      if (row.parked !== null) {
        removeReady(tx, row);
        place(tx, row, this.#now);
        for (const { key } of known) letIn(tx, key, this.#now);
        return true;
      }
    }
    for (const { key } of slots) {
      const running = this.#running.get(key);
      if (running !== undefined) this.#running.set(key, running + 1);
    }
    return false;
  }

  /**
   * Whether a slot that a ready run holds is worth nothing any more: its queue is paused, or has got a lower limit, and
   * as many run. Those at the head of the line go first: they are not parked while there is room.
   */
  #isClosed({ key }: SlotClaim): boolean {
    const queue = queueOfSlot(key);
    const limit = queue === undefined ? undefined : this.#tx.queues.limitOf(this.#tx, queue);
    if (limit === undefined || heldSlots(this.#tx, key) <= limit) return limit === 0;
    return this.#countRunning(key) >= limit;
  }

  #countRunning(key: string): number {
    let running = this.#running.get(key);
    if (running === undefined) {
      const text = JSON.stringify(key);
      const rows = this.#tx.sql(RUNNING_SLOTS).all() as [string][];
      running = rows.filter(([slots]) => slots.includes(text)).length;
      this.#running.set(key, running);
    }
    return running;
  }
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
