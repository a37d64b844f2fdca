import type { SearchQuery } from "./search-query.ts";

/** A page of a search. */
export interface SearchPage {
  readonly query: SearchQuery;
  readonly limit: number;
  /** @default "newest" */
  readonly order?: "newest" | "oldest" | undefined;
  /** Where to go on: {@link Found.next} of the page before. */
  readonly from?: number | undefined;
  /** After so long the page ends with what was found. @default 150 */
  readonly timeBoxMs?: number | undefined;
}

/** What a search has found. */
export interface Found<Row> {
  readonly rows: readonly Row[];
  /** Where to go on; null when all was looked at. */
  readonly next: number | null;
  /** How many were looked at, at most: as many as were made in this stretch, the removed ones included. */
  readonly searched: number;
  /** When the next one to look at was made, epoch ms; null when all was looked at. */
  readonly reachedTime: number | null;
}

/** An answer should be there after 300 ms, whatever else the reader thread does between its pieces. */
export const SEARCH_TIME_BOX_MS = 150;
