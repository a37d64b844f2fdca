import type { Found, SearchPage } from "../../core/search/found.ts";
import { searchTable } from "../../storage/sqlite/search-table.ts";
import type { BrowsedRun } from "../browse/run.ts";
import type { Reader } from "../browse/reader.ts";
import { RECORDS, toRecords } from "../store/sqlite/queries.ts";
import { matchRuns } from "./run-match.ts";

/** What {@link searchTable} asks of table `run`. */
export const RUN_BOUNDS = "SELECT (SELECT min(pk) FROM run), (SELECT max(pk) FROM run)";
export const RUN_TIME =
  "SELECT coalesce(created_at, queued_at) FROM run WHERE pk >= ? ORDER BY pk LIMIT 1";
const OF_KEYS = `${RECORDS.replace("FROM run ", "FROM json_each(?) AS wanted CROSS JOIN run ON run.pk = wanted.value ")}
  ORDER BY wanted.key`;

/**
 * Searches runs, the newest first.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export async function searchRuns(
  reader: Reader,
  { query, ...page }: SearchPage,
): Promise<Found<BrowsedRun>> {
  const load = (keys: readonly number[]) => loadRuns(reader, keys);
  return searchTable(
    reader,
    { match: matchRuns(query), bounds: RUN_BOUNDS, time: RUN_TIME, load },
    page,
  );
}

/** Runs by their keys, in this order; those that are gone are left out. */
export async function loadRuns(reader: Reader, keys: readonly number[]): Promise<BrowsedRun[]> {
  return toRecords(reader, await reader.query(OF_KEYS, [JSON.stringify(keys)]), false);
}
