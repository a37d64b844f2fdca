import type { RunKey } from "../run-store.ts";
import type { StartDetails } from "../start-details.ts";
import { Extra } from "./codes.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";

/** What a run's start said itself: one row in `run_detail`, its tags and its metadata in theirs. */

const SET = `INSERT INTO run_detail (run, parent, root, schedule, queue, is_test, tags, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET parent = excluded.parent, root = excluded.root,
  schedule = excluded.schedule, queue = excluded.queue, is_test = excluded.is_test, tags = excluded.tags,
  data = excluded.data`;
export const DETAIL_COLUMNS = "run_detail.data, run_detail.tags, run_metadata.data";
const LOAD = `SELECT ${DETAIL_COLUMNS} FROM run
  LEFT JOIN run_detail ON run_detail.run = run.pk LEFT JOIN run_metadata ON run_metadata.run = run.pk WHERE run.pk = ?`;
const ROOT =
  "SELECT root FROM run_detail WHERE run = (SELECT pk FROM run WHERE id = ?) AND root IS NOT NULL";
const TAGS = "SELECT tags FROM run_detail WHERE run = ?";
const SET_TAGS = `INSERT INTO run_detail (run, tags) VALUES (?, ?)
  ON CONFLICT (run) DO UPDATE SET tags = excluded.tags`;
const ADD_TAG = "INSERT INTO run_tag (tag, run) VALUES (?, ?) ON CONFLICT DO NOTHING";
const DELETE_TAG = "DELETE FROM run_tag WHERE tag = ? AND run = ?";
const SET_METADATA = `INSERT INTO run_metadata (run, data) VALUES (?, ?)
  ON CONFLICT (run) DO UPDATE SET data = excluded.data`;
const DELETE_METADATA = "DELETE FROM run_metadata WHERE run = ?";
const DELETE = "DELETE FROM run_detail WHERE run = ?";
const SET_EXTRAS = "UPDATE run SET extras = ? WHERE pk = ?";

/** Stores the details of a start, in place of earlier ones. The caller sets {@link Extra.belongings}. */
export function writeDetails(tx: RunTransaction, run: RunKey, details: StartDetails): void {
  const { tags, metadata, ...rest } = details;
  const { parentRunId, scheduleId, queue, isTest } = rest;
  const rootRunId = rest.rootRunId ?? rootOf(tx, parentRunId);
  tx.sql(SET).run(
    run,
    parentRunId ?? null,
    rootRunId ?? null,
    scheduleId ?? null,
    queue ?? null,
    isTest ? 1 : null,
    null,
    JSON.stringify({ ...rest, rootRunId }),
  );
  if (tags !== undefined && tags.length > 0) setTags(tx, run, [...new Set(tags)]);
  if (metadata !== undefined) setMetadata(tx, run, metadata);
}

/** Puts the details of a later start in the place of those that a debounce takes from it. */
export function mergeDetails(tx: RunTransaction, run: RunKey, later: StartDetails): void {
  const known = loadDetails(tx, run);
  const { tags, metadata, maxAttempts, maxDurationMs } = later;
  clearDetails(tx, run);
  writeDetails(tx, run, { ...known, tags, metadata, maxAttempts, maxDurationMs });
}

/** Whether there is anything to store. */
export const saysAnything = (details: StartDetails | undefined): boolean =>
  details !== undefined && Object.values(details).some((value) => value !== undefined);

/** What is known of a run's start; undefined if nothing is. */
export function loadDetails(
  tx: Pick<RunTransaction, "sql">,
  run: RunKey,
): StartDetails | undefined {
  return toDetails(tx.sql(LOAD).get(run)!);
}

/** Details from {@link DETAIL_COLUMNS}, which begin at `offset`. */
export function toDetails(row: readonly unknown[], offset = 0): StartDetails | undefined {
  const data = row[offset] as string | null;
  const tags = row[offset + 1] as string | null;
  const metadata = row[offset + 2] as string | null;
  if (data === null && tags === null && metadata === null) return undefined;
  return {
    ...(data === null ? undefined : (JSON.parse(data) as StartDetails)),
    ...(tags === null ? undefined : { tags: JSON.parse(tags) as string[] }),
    ...(metadata === null ? undefined : { metadata }),
  };
}

export function tagsOf(tx: RunTransaction, run: RunKey): readonly string[] {
  const tags = tx.sql(TAGS).get(run)?.[0] as string | null | undefined;
  return JSON.parse(tags ?? "[]") as string[];
}

/** Stores all tags of a run. None of those it had may be missing. */
export function setTags(tx: RunTransaction, run: RunKey, tags: readonly string[]): void {
  for (const tag of tags) tx.sql(ADD_TAG).run(tag, run);
  tx.sql(SET_TAGS).run(run, JSON.stringify(tags));
}

export function setMetadata(tx: RunTransaction, run: RunKey, metadata: string): void {
  tx.sql(SET_METADATA).run(run, metadata);
}

/** Removes what a start said. */
export function clearDetails(tx: RunTransaction, run: RunKey): void {
  for (const tag of tagsOf(tx, run)) tx.sql(DELETE_TAG).run(tag, run);
  tx.sql(DELETE_METADATA).run(run);
  tx.sql(DELETE).run(run);
}

/** Notes that a run has something in the tables of tasks, for whoever removes the run. */
export function noteBelongings(tx: RunTransaction, row: RunRow): void {
  if (row.has(Extra.belongings)) return;
  row.extras |= Extra.belongings;
  tx.sql(SET_EXTRAS).run(row.extras, row.pk);
}

/** The root of a run that has a parent. */
function rootOf(tx: RunTransaction, parent: string | undefined): string | undefined {
  if (parent === undefined) return undefined;
  return (tx.sql(ROOT).get(parent)?.[0] as string | undefined) ?? parent;
}
