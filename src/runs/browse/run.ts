import { listByFilter } from "../store/sqlite/run-list.ts";
import { RECORDS, toRecords } from "../store/sqlite/queries.ts";
import type { RunRecord } from "../store/run-store.ts";
import type { Reader } from "./reader.ts";

const BY_ID = `${RECORDS} WHERE run.id = ?`;
const ACCESS = `SELECT run_function.id, run_detail.tags, json_extract(run_detail.data, '$.batchId') FROM run
  JOIN run_function ON run_function.pk = run.function LEFT JOIN run_detail ON run_detail.run = run.pk
  WHERE run.id = ?`;

/** A run without its journal, which may be long. */
export type BrowsedRun = Omit<RunRecord, "journal">;

/** A run, in little time however many steps it has. */
export async function readRun(reader: Reader, id: string): Promise<BrowsedRun | undefined> {
  const [found] = await toRecords(reader, await reader.query(BY_ID, [id]), false);
  return found;
}

/** What decides about who may see a run. */
export interface RunAccess {
  readonly functionId: string;
  readonly tags: readonly string[];
  readonly batchId?: string | undefined;
}

/** What a run belongs to; `undefined` if it is not there. */
export async function readAccess(reader: Reader, id: string): Promise<RunAccess | undefined> {
  const [row] = await reader.query(ACCESS, [id]);
  if (row === undefined) return undefined;
  const [functionId, tags, batchId] = row as [string, string | null, string | null];
  return {
    functionId,
    tags: tags === null ? [] : (JSON.parse(tags) as string[]),
    ...(batchId !== null && { batchId }),
  };
}

/** The runs that a run has started, the newest first. */
export const readChildren = (reader: Reader, id: string, limit: number): Promise<BrowsedRun[]> =>
  listByFilter(reader, { parentRunId: id, limit });
