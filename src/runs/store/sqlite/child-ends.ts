import type { FinalRunState, SerializedError } from "../../types.ts";
import type { RunKey } from "../run-store.ts";
import type { ChildEnd } from "../start-details.ts";
import { answerStep } from "./answer.ts";
import { Channel, Purpose, type StateCode, stateName } from "./codes.ts";
import type { Ending } from "./end.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";
import { closeChildren } from "./waits.ts";

/** What a step that waits for runs is answered with: a JSON array of {@link ChildEnd}. */

const SET_END = "UPDATE run_child SET end = ? WHERE parent = ? AND key = ? AND run = ?";
const COUNT_DOWN = `UPDATE run_wait SET missing = missing - 1
  WHERE run = ? AND purpose = ${Purpose.step} AND key = ? AND channel = ${Channel.runs}`;
const WAIT = `SELECT missing, rest FROM run_wait WHERE run = ? AND purpose = ${Purpose.step} AND key = ?`;
const ENDS = "SELECT run, end FROM run_child WHERE parent = ? AND key = ?";

/** Takes note of the end of a run that a step waits for, and answers the step if it was the last. */
export function childEnded(
  tx: RunTransaction,
  parent: RunKey,
  key: string,
  { run, end, now }: { readonly run: RunKey; readonly end: string; readonly now: number },
): void {
  if (tx.sql(COUNT_DOWN).run(parent, key).changes === 0) return;
  tx.sql(SET_END).run(end, parent, key, run);
  const [missing, order] = tx.sql(WAIT).get(parent, key) as [number, string];
  if (missing > 0) return;
  const ends = new Map(tx.sql(ENDS).all(parent, key) as [RunKey, string][]);
  const data = endsInOrder(JSON.parse(order) as RunKey[], ends);
  closeChildren(tx, parent, key);
  answerStep(tx, parent, key, { data }, now);
}

/** JSON of the ends of runs, in the order asked for. */
export const endsInOrder = (order: readonly RunKey[], ends: ReadonlyMap<RunKey, string>): string =>
  `[${order.map((run) => ends.get(run)).join(",")}]`;

/** JSON of the end of a run. */
export function childEndText(
  tx: RunTransaction,
  { id, function: fn }: Pick<RunRow, "id" | "function">,
  { state, output, error }: Pick<Ending, "state" | "output" | "error">,
): string {
  const functionId = tx.functionId(fn);
  const end: ChildEnd = { runId: id, functionId, state: finalName(state), output, error };
  return JSON.stringify(end);
}

/** JSON of the end of a run that never was, or is no longer kept. */
export function noChildEndText(runId: string, functionId: string, error: SerializedError): string {
  const state = error.code === "RUNS_RATE_LIMITED" ? "skipped" : "failed";
  const end: ChildEnd = { runId, functionId, state, error };
  return JSON.stringify(end);
}

const finalName = (state: StateCode): FinalRunState => stateName(state) as FinalRunState;

/** The end of a run from its row. */
export const endingOf = (row: {
  readonly state: StateCode;
  readonly output: string | null;
  readonly error: string | null;
}): Ending => ({
  state: row.state,
  output: row.output ?? undefined,
  error: row.error === null ? undefined : (JSON.parse(row.error) as SerializedError),
});
