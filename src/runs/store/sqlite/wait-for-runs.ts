import type { RunKey, StartRequest } from "../run-store.ts";
import { answerStep } from "./answer.ts";
import { childEndText, endingOf, endsInOrder, noChildEndText } from "./child-ends.ts";
import { Channel, Extra, isFinal, Purpose, State, type StateCode } from "./codes.ts";
import { failures } from "./failures.ts";
import { addInvoker } from "./insert-run.ts";
import type { RunRow } from "./run-row.ts";
import { startRun } from "./start.ts";
import type { RunTransaction } from "./transaction.ts";
import { addRunsWait } from "./waits.ts";

const BY_ID = "SELECT pk, function, state, output, error FROM run WHERE id = ?";
const WAITING_FOR = `SELECT run_invoker.parent FROM run_invoker
  JOIN run_wait ON run_wait.run = run_invoker.parent AND run_wait.purpose = ${Purpose.step}
    AND run_wait.key = run_invoker.key AND run_wait.channel IN (${Channel.invoke}, ${Channel.runs})
  WHERE run_invoker.run = ?`;
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
type Wanted =
  { readonly runId: string; readonly isNew: boolean } | { readonly refused: StartRequest };

/** Starts runs, and waits until all of them have ended. */
export function openChildren(
  tx: RunTransaction,
  row: RunRow,
  step: RunsStep,
  starts: readonly StartRequest[],
): void {
  const wanted = starts.map((start): Wanted => {
    const outcome = startRun(tx, start, step.now);
    if (outcome.outcome === "limited") return { refused: start };
    return { runId: outcome.runId, isNew: outcome.runId === start.runId };
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
    runIds.map((runId) => ({ runId, isNew: false })),
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
  let waiting: ReadonlySet<RunKey> | undefined;
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
    const child = { id: item.runId, function: fn };
    if (isFinal(state)) {
      if (!ends.has(pk)) ends.set(pk, childEndText(tx, child, endingOf({ state, output, error })));
      return pk;
    }
    if (!item.isNew && (waiting ??= allWaitingFor(tx, row.pk)).has(pk)) {
      const failure = failures.waitCycle(row.id, item.runId);
      ends.set(none, noChildEndText(item.runId, tx.functionId(fn), failure));
      return none;
    }
    live.add(pk);
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

/** A run, all that wait for it, all that wait for those, and so on. */
function allWaitingFor(tx: RunTransaction, run: RunKey): Set<RunKey> {
  const found = new Set([run]);
  for (const member of found)
    for (const [parent] of tx.sql(WAITING_FOR).all(member) as [RunKey][]) found.add(parent);
  return found;
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
