import type { Reader } from "../browse/reader.ts";
import { type StateCode, stateName } from "../store/sqlite/codes.ts";
import type { RunState } from "../types.ts";

const TOTALS = "SELECT state, sum(count) FROM run_count GROUP BY state";

/** How many runs of all functions are in each state; none where a state is missing. A row a function and state is read. */
export async function readRunTotals(reader: Reader): Promise<Partial<Record<RunState, number>>> {
  const rows = (await reader.query(TOTALS)) as [StateCode, number][];
  return Object.fromEntries(rows.map(([state, count]) => [stateName(state), count]));
}
