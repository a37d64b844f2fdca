import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { RunFilter } from "../run-list.ts";

/** Keys of runs that an index knows to fit some part of a filter. */

/** Statements that read keys on from a key: newest first, and oldest first. */
interface Keys {
  readonly down: string;
  readonly up: string;
}

const keysOf = (table: string, column: string, condition: string): Keys => ({
  down: `SELECT ${column} FROM ${table} WHERE ${condition} ${column} < ? ORDER BY ${column} DESC LIMIT ?`,
  up: `SELECT ${column} FROM ${table} WHERE ${condition} ${column} > ? ORDER BY ${column} LIMIT ?`,
});

const ALL = keysOf("run", "pk", "");
const OF_FUNCTION = keysOf("run INDEXED BY run_function_runs", "pk", "function = ? AND");
const OF_TAG = keysOf("run_tag", "run", "tag = ? AND");
const OF_PARENT = keysOf("run_detail INDEXED BY run_detail_parent", "run", "parent = ? AND");
const OF_ROOT = keysOf("run_detail INDEXED BY run_detail_root", "run", "root = ? AND");
const OF_SCHEDULE = keysOf("run_detail INDEXED BY run_detail_schedule", "run", "schedule = ? AND");
const FUNCTION = "SELECT pk FROM run_function WHERE id = ?";
const MEMBERS = `SELECT run_member.run FROM run_batch JOIN run_member ON run_member.batch = run_batch.pk
  WHERE run_batch.id = ?`;

type Reader = Pick<SqliteStore, "query">;

/** Some keys, in order. */
interface Page {
  readonly keys: readonly number[];
  readonly isLast: boolean;
}

/** Reads the keys that follow a key, about `size` of them. */
export type RunSource = (from: number, size: number) => Promise<Page>;

/** The source that leaves least to be asked. @param isUp oldest first */
export async function sourceOf(
  reader: Reader,
  filter: RunFilter,
  isUp: boolean,
): Promise<RunSource> {
  const { parentRunId, batchId, scheduleId, rootRunId, tags, functionIds } = filter;
  const one = (keys: Keys, value?: string | number): RunSource => read(reader, keys, isUp, value);
  if (parentRunId !== undefined) return one(OF_PARENT, parentRunId);
  if (batchId !== undefined) return listed(await membersOf(reader, batchId), isUp);
  if (scheduleId !== undefined) return one(OF_SCHEDULE, scheduleId);
  if (rootRunId !== undefined) return one(OF_ROOT, rootRunId);
  if (tags !== undefined)
    return merged(
      tags.map((tag) => one(OF_TAG, tag)),
      isUp,
    );
  if (functionIds === undefined) return one(ALL);
  const functions = await Promise.all(functionIds.map((id) => reader.query(FUNCTION, [id])));
  const keys = functions.flatMap((rows) => rows.map(([pk]) => pk as number));
  return merged(
    keys.map((fn) => one(OF_FUNCTION, fn)),
    isUp,
  );
}

function read(reader: Reader, keys: Keys, isUp: boolean, value?: string | number): RunSource {
  return async (from, size) => {
    const params = value === undefined ? [from, size] : [value, from, size];
    const rows = await reader.query(isUp ? keys.up : keys.down, params);
    return { keys: rows.map(([pk]) => pk as number), isLast: rows.length < size };
  };
}

async function membersOf(reader: Reader, batchId: string): Promise<number[]> {
  return (await reader.query(MEMBERS, [batchId])).map(([pk]) => pk as number);
}

/** Keys that are all there. */
function listed(keys: readonly number[], isUp: boolean): RunSource {
  const sorted = sortKeys(keys, isUp);
  return async (from, size) => {
    const rest = sorted.filter((key) => (isUp ? key > from : key < from));
    return { keys: rest.slice(0, size), isLast: rest.length <= size };
  };
}

/** Several sources as one. Only as far as all of them have been read is nothing missing. */
function merged(sources: readonly RunSource[], isUp: boolean): RunSource {
  return async (from, size) => {
    const pages = await Promise.all(sources.map((source) => source(from, size)));
    const open = pages.filter(({ isLast }) => !isLast).map(({ keys }) => keys.at(-1)!);
    const bound = isUp ? Math.min(...open) : Math.max(...open);
    const keys = sortKeys(
      pages.flatMap((page) => page.keys),
      isUp,
    );
    const isKnown = (key: number) => open.length === 0 || (isUp ? key <= bound : key >= bound);
    return { keys: keys.filter(isKnown), isLast: open.length === 0 };
  };
}

const sortKeys = (keys: readonly number[], isUp: boolean): number[] =>
  [...new Set(keys)].sort((a, b) => (isUp ? a - b : b - a));
