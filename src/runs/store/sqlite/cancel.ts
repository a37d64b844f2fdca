import type { RunKey, RunStore } from "../run-store.ts";
import { Channel, isFinal } from "./codes.ts";
import { answerStep } from "./answer.ts";
import { cancelWithChildren } from "./cancel-children.ts";
import type { RunTransaction } from "./transaction.ts";

const BY_ID = "SELECT pk FROM run WHERE id = ?";
const WAITS = `SELECT run_wait.run, run_wait.key, run.id FROM run_wait JOIN run ON run.pk = run_wait.run
  WHERE channel = ${Channel.signal} AND name = ? AND path = '' AND value = ''`;

/** Cancels a run by hand. @returns whether it had not ended yet */
export function cancelRun(
  tx: RunTransaction,
  { now, runId, reason }: Parameters<RunStore["cancel"]>[0],
): boolean {
  const pk = tx.sql(BY_ID).get(runId)?.[0] as RunKey | undefined;
  const row = pk === undefined ? undefined : tx.run(pk);
  if (row === undefined || isFinal(row.state)) return false;
  cancelWithChildren(tx, row, reason, now);
  return true;
}

/** Answers the step that waits for a signal. @returns the id of its run */
export function sendSignal(
  tx: RunTransaction,
  { now, signal, data }: Parameters<RunStore["signal"]>[0],
): string | undefined {
  // Those that are past their time limit may still be there.
  for (const [run, key, id] of tx.sql(WAITS).all(signal) as [RunKey, string, string][])
    if (answerStep(tx, run, key, { data }, now)) return id;
  return undefined;
}
