import type { RunKey, StartRequest } from "../run-store.ts";
import { answerStep } from "./answer.ts";
import { childEndText, endingOf, endsInOrder, noChildEndText } from "./child-ends.ts";
import { Extra, isFinal, State, type StateCode } from "./codes.ts";
import { failures } from "./failures.ts";
import { addInvoker } from "./insert-run.ts";
import type { RunRow } from "./run-row.ts";
import { startRun } from "./start.ts";
import type { RunTransaction } from "./transaction.ts";
import { addRunsWait } from "./waits.ts";

const BY_ID = "SELECT pk, function, state, output, error FROM run WHERE id = ?";
const ADD = "INSERT INTO run_child (parent, key, run, end) VALUES (?, ?, ?, ?)";
const SET_EXTRAS = "UPDATE run SET extras = ? WHERE pk = ?";

/** A step that waits for runs. */
interface RunsStep {
  readonly key: string;
  /** Its pending entry. */
  readonly entry: number;
  readonly until: number;
  readonly now: number;
}

/** A run that a step asks for: by id, or by what made that there is none. */
type Wanted = { readonly runId: string } | { readonly refused: StartRequest };

/** Starts runs, and waits until all of them have ended. */
export function openChildren(
  tx: RunTransaction,
  row: RunRow,
  step: RunsStep,
  starts: readonly StartRequest[],
): void {
  const wanted = starts.map((start): Wanted => {
    const outcome = startRun(tx, start, step.now);
    return outcome.outcome === "limited" ? { refused: start } : { runId: outcome.runId };
  });
  // What a run starts may cancel it: a singleton that starts itself.
  if (row.state === State.running) open(tx, row, step, wanted);
}

/** Waits until runs that exist have ended. */
export function openRuns(
  tx: RunTransaction,
  row: RunRow,
  step: RunsStep,
  runIds: readonly string[],
): void {
  open(
    tx,
    row,
    step,
    runIds.map((runId) => ({ runId })),
  );
}

/** A run is waited for once, however often it is asked for. What is known already is answered at once. */
function open(
  tx: RunTransaction,
  row: RunRow,
  { key, entry, until, now }: RunsStep,
  wanted: readonly Wanted[],
): void {
  const ends = new Map<RunKey, string>();
  const live = new Set<RunKey>();
  const order = wanted.map((item, index) => {
    const none = -1 - index;
    if ("refused" in item) {
      const { runId, functionId } = item.refused;
      ends.set(none, noChildEndText(runId, functionId, failures.limited(functionId)));
      return none;
    }
    const found = tx.sql(BY_ID).get(item.runId) as FoundRun | undefined;
    if (found === undefined) {
      ends.set(none, noChildEndText(item.runId, "", failures.forgotten(item.runId)));
      return none;
    }
    const [pk, fn, state, output, error] = found;
    if (!isFinal(state)) live.add(pk);
    else if (!ends.has(pk))
      ends.set(
        pk,
        childEndText(tx, { id: item.runId, function: fn }, endingOf({ state, output, error })),
      );
    return pk;
  });
  addRunsWait(tx, row, { key, entry, until, order, missing: live.size });
  if (live.size === 0) {
    answerStep(tx, row.pk, key, { data: endsInOrder(order, ends) }, now);
    return;
  }
  for (const [run, end] of ends) tx.sql(ADD).run(row.pk, key, run, end);
  for (const run of live) {
    tx.sql(ADD).run(row.pk, key, run, null);
    const child = tx.run(run)!;
    addInvoker(tx, child, { run: row.pk, stepKey: key }, true);
    setExtra(tx, child, Extra.invoked);
  }
  setExtra(tx, row, Extra.children);
}

type FoundRun = [
  pk: RunKey,
  fn: number,
  state: StateCode,
  output: string | null,
  error: string | null,
];

function setExtra(tx: RunTransaction, row: RunRow, extra: number): void {
  if (row.has(extra)) return;
  row.extras |= extra;
  tx.sql(SET_EXTRAS).run(row.extras, row.pk);
}
