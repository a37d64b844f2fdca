import { EVERYTHING } from "../../core/search/search-query.ts";
import type { SearchPage, Found } from "../../core/search/found.ts";
import { searchTable } from "../../storage/sqlite/search-table.ts";
import type { Reader } from "../browse/reader.ts";
import { matchRuns } from "./run-match.ts";
import { RUN_BOUNDS, RUN_TIME } from "./search-runs.ts";

/** A run that has failed. */
export interface FailedRun {
  readonly id: string;
  readonly functionId: string;
  /** epoch ms */
  readonly at: number;
  readonly message: string;
  readonly stack: string | null;
}

const LOAD = `SELECT run.id, run_function.id, coalesce(run.finished_at, run.queued_at),
    substr(run.error ->> '$.message', 1, 500), substr(run.error ->> '$.stack', 1, 2000)
  FROM json_each(?) AS wanted CROSS JOIN run ON run.pk = wanted.value
  JOIN run_function ON run_function.pk = run.function ORDER BY wanted.key`;

/** The runs that failed and are kept, those that were made last first. */
export function recentlyFailedRuns(
  reader: Reader,
  page: Omit<SearchPage, "query">,
): Promise<Found<FailedRun>> {
  const load = async (keys: readonly number[]): Promise<FailedRun[]> => {
    const rows = await reader.query(LOAD, [JSON.stringify(keys)]);
    return (rows as [string, string, number, string | null, string | null][]).map(
      ([id, functionId, at, message, stack]) => ({
        id,
        functionId,
        at,
        stack,
        message: message ?? "",
      }),
    );
  };
  const match = matchRuns({ ...EVERYTHING, states: ["failed"] });
  return searchTable(reader, { match, bounds: RUN_BOUNDS, time: RUN_TIME, load }, page);
}
