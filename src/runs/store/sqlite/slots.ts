import type { SlotClaim } from "../run-store.ts";
import { queueOfSlot } from "../queue-store.ts";
import type { RunTransaction } from "./transaction.ts";

const SLOT = "SELECT held, max FROM run_slot WHERE key = ?";
const TAKE = `INSERT INTO run_slot (key, held, max) VALUES (?, 1, ?)
  ON CONFLICT (key) DO UPDATE SET held = held + 1`;
const SET_MAX = "UPDATE run_slot SET max = ? WHERE key = ?";
const FREE = "UPDATE run_slot SET held = held - 1 WHERE key = ?";
const DELETE = "DELETE FROM run_slot WHERE key = ? AND held <= 0";

/** Whether one more run may hold the key. A key nobody holds has no row; then the limit is what the run says. */
export function hasFreeSlot(tx: RunTransaction, key: string, limit = 1): boolean {
  const [held, max] = (tx.sql(SLOT).get(key) as [number, number] | undefined) ?? [0, limit];
  const queue = queueOfSlot(key);
  return held < (queue === undefined ? max : (tx.queues.limitOf(tx, queue) ?? max));
}

/** How many runs hold the key. */
export const heldSlots = (tx: RunTransaction, key: string): number =>
  (tx.sql(SLOT).get(key)?.[0] as number | undefined) ?? 0;

/** Takes all slots, or none. @returns the first key that is full, or null */
export function takeSlots(tx: RunTransaction, slots: readonly SlotClaim[]): string | null {
  for (const { key, limit } of slots) if (!hasFreeSlot(tx, key, limit)) return key;
  for (const { key, limit } of slots) tx.sql(TAKE).run(key, limit);
  return null;
}

/**
 * The last start's limit counts, for runs that are on their way too: a deploy may change it.
 * @returns keys whose limit rose
 */
export function setLimits(tx: RunTransaction, slots: readonly SlotClaim[]): string[] {
  const raised: string[] = [];
  for (const { key, limit } of slots) {
    const max = tx.sql(SLOT).get(key)?.[1] as number | undefined;
    if (max === undefined || max === limit) continue;
    tx.sql(SET_MAX).run(limit, key);
    if (limit > max) raised.push(key);
  }
  return raised;
}

/** Gives slots back. Then whoever waits for them has to be let in (gates.ts). */
export function freeSlots(tx: RunTransaction, slots: readonly SlotClaim[]): void {
  for (const { key } of slots) tx.sql(FREE).run(key);
}

/** Forgets a key nobody holds. */
export function dropFreeSlot(tx: RunTransaction, key: string): void {
  tx.sql(DELETE).run(key);
}
