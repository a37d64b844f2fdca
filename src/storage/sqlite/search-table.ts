import { type Found, SEARCH_TIME_BOX_MS, type SearchPage } from "../../core/search/found.ts";
import type { SqlValue } from "./connection.ts";
import { scanKeys } from "./scan.ts";

/** Statements that give the keys of matching rows between two keys, highest first and lowest first. */
export interface KeyMatch {
  readonly down: string;
  readonly up: string;
  /** Whether an index gives them. */
  readonly isIndexed: boolean;
  /** Values of the question marks before the two keys. */
  readonly before: readonly (string | number | null)[];
  /** Values of the question marks between the two keys and the limit. */
  readonly after: readonly (string | number | null)[];
}

/** A table that is searched by its key, which grows with time. */
export interface SearchedTable<Row> {
  readonly match: KeyMatch;
  /** Its lowest and highest key. */
  readonly bounds: string;
  /** When the first row from a key on was made. */
  readonly time: string;
  /** The rows of some keys, in this order. */
  load(keys: readonly number[]): Promise<readonly Row[]>;
}

/** Reads committed data in a worker thread: `SqliteStore.query`. */
interface Reader {
  query(sql: string, params?: SqlValue[]): Promise<SqlValue[][]>;
}

/** A page of a search: a scan in pieces, because an index for any text would slow every write. */
export async function searchTable<Row>(
  reader: Reader,
  { match, bounds, time, load }: SearchedTable<Row>,
  { limit, from, order = "newest", timeBoxMs = SEARCH_TIME_BOX_MS }: Omit<SearchPage, "query">,
): Promise<Found<Row>> {
  const [[lowest, highest] = []] = (await reader.query(bounds)) as [number?, number?][];
  if (typeof lowest !== "number" || typeof highest !== "number")
    return { rows: [], next: null, searched: 0, reachedTime: null };
  const isDown = order === "newest";
  const low = isDown ? lowest : Math.max(lowest, from ?? lowest);
  const high = isDown ? Math.min(highest, from ?? highest) : highest;
  const { keys, isComplete, next } = await scanKeys({
    read: (first, last, count) =>
      reader.query(isDown ? match.down : match.up, [
        ...match.before,
        first,
        last,
        ...match.after,
        count,
      ]),
    ...{ isDown, low, high, limit, timeBoxMs, isIndexed: match.isIndexed },
  });
  const rows = await load(keys);
  const [[reached] = []] = isComplete ? [] : ((await reader.query(time, [next])) as [number?][]);
  const end = isDown ? Math.max(next, low - 1) : Math.min(next, high + 1);
  return {
    rows,
    next: isComplete ? null : next,
    searched: Math.max(0, isDown ? high - end : end - low),
    reachedTime: reached ?? null,
  };
}
