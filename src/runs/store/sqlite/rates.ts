import { takeToken } from "../../flow-control/gcra.ts";
import { takeFromWindow } from "../../flow-control/window.ts";
import type { RateSpec } from "../run-store.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const READ = "SELECT state FROM run_rate WHERE key = ?";
const WRITE = `INSERT INTO run_rate (key, state, until) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET state = excluded.state, until = excluded.until`;

export function readRate(tx: RunTransaction, key: string): number | string | undefined {
  return tx.sql(READ).get(key)?.[0] as number | string | undefined;
}

/** @param until when the state says no more than a missing one */
export function writeRate(
  tx: RunTransaction,
  key: string,
  state: number | string,
  until: number,
): void {
  tx.sql(WRITE).run(key, state, storableTime(until));
}

/** Counts a start against its rate limit. @returns whether it may go on */
export function isWithinRate(tx: RunTransaction, fn: number, rate: RateSpec, now: number): boolean {
  const key = `limit:${rate.mode}:${fn}:${rate.key}`;
  const stored = readRate(tx, key);
  if (rate.mode === "gcra") {
    const { allowed, tat } = takeToken(rate, stored as number | undefined, now);
    // A refusal changes the state if the clock was set back.
    if (allowed || tat !== stored) writeRate(tx, key, tat, tat);
    return allowed;
  }
  const times = stored === undefined ? [] : (JSON.parse(stored as string) as number[]);
  const answer = takeFromWindow(rate, times, now);
  const wasSetBack = times.length > 0 && times.at(-1)! > now;
  if (answer.allowed || wasSetBack)
    writeRate(tx, key, JSON.stringify(answer.times), now + rate.periodMs);
  return answer.allowed;
}
