import type { SerializedError } from "../../types.ts";
import type { RunKey } from "../run-store.ts";
import { answerStep } from "./answer.ts";
import { childEnded, childEndText } from "./child-ends.ts";
import { Extra, State, type StateCode, stateName, TimerKind } from "./codes.ts";
import { forgetStarts } from "./dedupe.ts";
import { failures } from "./failures.ts";
import { leaveSlots, unpark } from "./gates.ts";
import type { Answer } from "./journal.ts";
import { removeReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { removeTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";
import { closeAllChildren, closeWaits } from "./waits.ts";

const END = `UPDATE run SET state = ?, extras = ?, attempt = ?, due_at = NULL, parked = NULL, owner = NULL,
  lease_until = NULL, finished_at = ?, output = ?, error = ? WHERE pk = ?`;
const DELETE_SINGLETON = "DELETE FROM run_singleton WHERE function = ? AND key = ? AND run = ?";
const DELETE_GATHERING = "DELETE FROM run_gathering WHERE function = ? AND key = ? AND run = ?";
const INVOKERS = "SELECT parent, key, is_child FROM run_invoker WHERE run = ?";
const DELETE_INVOKERS = "DELETE FROM run_invoker WHERE run = ?";

/** How a run ends. */
export interface Ending {
  readonly state: StateCode;
  readonly output?: string | undefined;
  readonly error?: SerializedError | undefined;
  /** Whether its holder says so. @default false */
  readonly byHolder?: boolean | undefined;
}

/**
 * Ends a run, wherever it stands: it leaves its line, frees its slots and keys, closes its waits and answers the steps
 * that invoked it.
 */
export function endRun(tx: RunTransaction, row: RunRow, ending: Ending, now: number): void {
  const { state: from, parked } = row;
  if (from === State.waiting || from === State.delayed) {
    if (row.dueAt !== null) removeTimer(tx, row.dueAt, TimerKind.run, row.pk);
  } else if (from === State.queued) {
    if (parked === null) removeReady(tx, row);
    else unpark(tx, row);
  }
  const { extras } = row;
  if (ending.byHolder) tx.released(row);
  else if (from === State.running) tx.lost(row);
  row.state = ending.state;
  row.extras = extras & Extra.belongings;
  row.parked = null;
  row.owner = null;
  const error = ending.error === undefined ? null : JSON.stringify(ending.error);
  tx.sql(END).run(ending.state, row.extras, row.attempt, now, ending.output ?? null, error, row.pk);
  tx.moved(row, from, ending.state);
  if (extras !== 0) clearExtras(tx, row, extras, ending, now);
  const heldSlots = from === State.running || (from === State.queued && parked === null);
  if (heldSlots) leaveSlots(tx, row, now);
  if (!ending.byHolder) tx.endings.push({ row, state: ending.state, error: ending.error, now });
}

function clearExtras(
  tx: RunTransaction,
  row: RunRow,
  extras: number,
  ending: Ending,
  now: number,
): void {
  const { options } = row;
  if (extras & Extra.waits) closeWaits(tx, row.pk);
  if (extras & Extra.children) closeAllChildren(tx, row.pk);
  if (extras & Extra.startKeys && isFailure(ending.state))
    forgetStarts(tx, row, options.startKeys!);
  if (extras & Extra.singleton)
    tx.sql(DELETE_SINGLETON).run(row.function, options.singleton!.key, row.pk);
  if (extras & Extra.gathering)
    tx.sql(DELETE_GATHERING).run(row.function, options.gathering!, row.pk);
  if (extras & Extra.startTimeout)
    removeTimer(tx, row.queuedAt + options.startTimeoutMs!, TimerKind.startTimeout, row.pk);
  if (extras & Extra.finishTimeout)
    removeTimer(tx, row.startedAt! + options.finishTimeoutMs!, TimerKind.finishTimeout, row.pk);
  if (extras & Extra.invoked) answerInvokers(tx, row, ending, now);
}

function answerInvokers(tx: RunTransaction, row: RunRow, ending: Ending, now: number): void {
  const invokers = tx.sql(INVOKERS).all(row.pk) as [RunKey, string, number][];
  tx.sql(DELETE_INVOKERS).run(row.pk);
  for (const [parent, key, isChild] of invokers) {
    if (isChild)
      childEnded(tx, parent, key, { run: row.pk, end: childEndText(tx, row, ending), now });
    else answerStep(tx, parent, key, answerOf(row.id, ending), now);
  }
}

/** Ends after which an equal start is not a repetition. */
const isFailure = (state: StateCode): boolean =>
  state === State.failed || state === State.expired || state === State.timedOut;

/** What a step that invoked a run gets when it ends. */
export function answerOf(runId: string, { state, output, error }: Ending): Answer {
  return state === State.completed
    ? { data: output ?? "null" }
    : { error: error ?? failures.ended(runId, stateName(state)) };
}
