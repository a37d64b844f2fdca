import type { SerializedError } from "../../types.ts";
import type { RunKey, StartOutcome, StartRequest } from "../run-store.ts";
import { answerStep } from "./answer.ts";
import { joinBatch } from "./batches.ts";
import { Extra, isFinal, State, type StateCode, TimerKind } from "./codes.ts";
import { earlierStart, rememberStart } from "./dedupe.ts";
import { answerOf } from "./end.ts";
import { failures } from "./failures.ts";
import { admit, letIn, place } from "./gates.ts";
import { gather } from "./gather.ts";
import { addInvoker, insertRun, newRow } from "./insert-run.ts";
import type { Answer } from "./journal.ts";
import { isWithinRate } from "./rates.ts";
import type { RunRow } from "./run-row.ts";
import { clearSingleton, takeSingleton } from "./singleton.ts";
import { setLimits } from "./slots.ts";
import { addTimer, storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const BY_ID = "SELECT pk, state, output, error FROM run WHERE id = ?";
const SET_EXTRAS = "UPDATE run SET extras = ? WHERE pk = ?";

/**
 * Starts a run, or says why not. The order is Inngest's: repeated starts, rate limit, debounce and batch, singleton;
 * then throttle and slots, which hold a run back but do not refuse it. A step that invoked a run which is not started is
 * answered at once.
 */
export function startRun(tx: RunTransaction, request: StartRequest, now: number): StartOutcome {
  const outcome = decide(tx, request, now);
  const batchId = request.details?.batchId;
  if (batchId !== undefined && "runId" in outcome) joinBatch(tx, batchId, outcome.runId, now);
  return outcome;
}

function decide(tx: RunTransaction, request: StartRequest, now: number): StartOutcome {
  const fn = tx.functionKey(request.functionId);
  const earlier = earlierStart(tx, fn, request, now);
  if (earlier !== undefined) {
    joinRun(tx, request, earlier, now);
    return { outcome: "duplicate", runId: earlier };
  }
  if (request.rateLimit && !isWithinRate(tx, fn, request.rateLimit, now)) {
    answer(tx, request, { error: failures.limited(request.functionId) }, now);
    return { outcome: "limited" };
  }
  for (const key of setLimits(tx, request.slots)) letIn(tx, key, now);
  if (request.debounce || request.batch) return gather(tx, fn, request, now);
  rememberStart(tx, fn, request, request.runId);
  const { singleton } = request;
  if (singleton) {
    const holder = clearSingleton(tx, fn, singleton, now);
    if (holder) return skip(tx, fn, request, holder, now);
  }
  const row = insertStarted(tx, fn, request, now);
  if (singleton) takeSingleton(tx, row, singleton.key);
  return { outcome: "started", runId: request.runId };
}

function insertStarted(tx: RunTransaction, fn: number, request: StartRequest, now: number): RunRow {
  const { notBefore, startTimeoutMs, singleton } = request;
  const isDelayed = notBefore !== undefined && notBefore > now;
  const at = isDelayed ? storableTime(notBefore) : now;
  const row = newRow(tx, fn, request, { now, at });
  if (singleton) row.extras |= Extra.singleton;
  if (isDelayed) {
    row.dueAt = at;
    insertRun(tx, row, request);
    addTimer(tx, at, TimerKind.run, row.pk);
    return row;
  }
  if (startTimeoutMs !== undefined) row.extras |= Extra.startTimeout;
  row.parked = admit(tx, row, now);
  row.state = State.queued;
  insertRun(tx, row, request);
  if (startTimeoutMs !== undefined)
    addTimer(tx, now + row.options.startTimeoutMs!, TimerKind.startTimeout, row.pk);
  place(tx, row, now);
  return row;
}

/** Records a run that a singleton refused. */
function skip(
  tx: RunTransaction,
  fn: number,
  request: StartRequest,
  holder: RunRow,
  now: number,
): StartOutcome {
  const error = failures.skipped(holder.id);
  const row = newRow(tx, fn, request, { now, at: now });
  row.extras &= Extra.belongings;
  row.state = State.skipped;
  insertRun(tx, row, request, { at: now, error });
  tx.endings.push({ row, state: State.skipped, error, now });
  answer(tx, request, { error }, now);
  return { outcome: "skipped", runId: row.id };
}

function answer(
  tx: RunTransaction,
  { invokedBy }: StartRequest,
  result: Answer,
  now: number,
): void {
  if (invokedBy) answerStep(tx, invokedBy.run, invokedBy.stepKey, result, now);
}

/** An equal start was made before: whoever invoked this one gets the other's result. */
function joinRun(tx: RunTransaction, request: StartRequest, runId: string, now: number): void {
  if (!request.invokedBy) return;
  const found = tx.sql(BY_ID).get(runId) as
    [RunKey, StateCode, string | null, string | null] | undefined;
  if (found === undefined) {
    answer(tx, request, { error: failures.forgotten(runId) }, now);
    return;
  }
  const [pk, state, output, error] = found;
  if (isFinal(state)) {
    const ending = {
      state,
      output: output ?? undefined,
      error: error === null ? undefined : (JSON.parse(error) as SerializedError),
    };
    answer(tx, request, answerOf(runId, ending), now);
    return;
  }
  const row = tx.run(pk)!;
  addInvoker(tx, row, request.invokedBy);
  row.extras |= Extra.invoked;
  tx.sql(SET_EXTRAS).run(row.extras, pk);
}
