import type { RunKey } from "../run-store.ts";
import { Channel, type ChannelCode, Purpose, State } from "./codes.ts";
import { type Answer, answerEntry } from "./journal.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";
import { closeChildren } from "./waits.ts";
import { wake } from "./wake.ts";

const WAIT = `SELECT channel, entry, answered, until FROM run_wait WHERE run = ? AND purpose = ${Purpose.step} AND key = ?`;
const ANSWERED = `UPDATE run_wait SET channel = ${Channel.answered}, answered = ?
  WHERE run = ? AND purpose = ${Purpose.step} AND key = ?`;
const CLOSE = `DELETE FROM run_wait WHERE run = ? AND purpose = ${Purpose.step} AND key = ?`;
const SET_NEWS = "UPDATE run SET news = ? WHERE pk = ?";

/**
 * Answers the wait of a step: the answer is filled in to its pending entry, and its run goes on. A run that is held is
 * told; if its holder has not heard of it when it suspends the run, the run is queued at once.
 * @returns whether the step still waited
 */
export function answerStep(
  tx: RunTransaction,
  run: RunKey,
  key: string,
  answer: Answer,
  now: number,
): boolean {
  const wait = tx.sql(WAIT).get(run, key) as [ChannelCode, number, number, number] | undefined;
  if (wait === undefined || wait[0] === Channel.answered || now >= wait[3]) return false;
  const row = tx.run(run)!;
  const entry = answerEntry(tx, wait[1], answer, now);
  if (row.state === State.running) {
    tx.sql(ANSWERED).run(row.generation, run, key);
    tx.sql(SET_NEWS).run(++row.news, run);
    tx.answered(row, entry);
  } else {
    tx.sql(ANSWERED).run(0, run, key);
    wake(tx, row, now);
  }
  return true;
}

/** The holder wrote the final entry of a step that waits: nothing answers it any more. */
export function closeStepWait(tx: RunTransaction, row: RunRow, key: string): void {
  const run = row.pk;
  const wait = tx.sql(WAIT).get(run, key) as [ChannelCode, number, number] | undefined;
  if (wait === undefined) return;
  tx.sql(CLOSE).run(run, key);
  if (wait[0] === Channel.runs) closeChildren(tx, run, key);
  const isNews = wait[0] === Channel.answered && wait[2] === row.generation;
  if (isNews && row.news > 0) tx.sql(SET_NEWS).run(--row.news, run);
}
