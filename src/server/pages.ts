import { z } from "zod";
import { LonghaulError } from "../core/errors.ts";

/** Most rows of a page. */
const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

/** How every list is asked for: `z.strictObject({ ...pageQuery, … })`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().optional(),
} as const;

/** How every list answers. `next` is the cursor of the page that follows; null on the last one. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    data: z.array(row),
    page: z.object({ next: z.string().nullable() }),
    /** How many there are on all pages, where that is known without counting. */
    approxTotal: z.int().optional(),
  });

/** What a cursor holds: where the last row of a page stands in the order of the list. */
export type CursorKey = readonly (string | number | null)[];

/** A cursor, which callers hand back as it is. */
export const encodeCursor = (key: CursorKey): string =>
  Buffer.from(JSON.stringify(key)).toString("base64url");

/**
 * The key in a cursor; undefined for none.
 *
 * @param kinds the type of each part, as `typeof` says it; "any" for strings, numbers and null
 * @throws {LonghaulError} SERVER_BAD_CURSOR
 */
export function decodeCursor(
  cursor: string | undefined,
  kinds: readonly ("string" | "number" | "any")[],
): CursorKey | undefined {
  if (cursor === undefined) return undefined;
  const key = parse(cursor);
  if (!Array.isArray(key) || key.length !== kinds.length)
    throw new LonghaulError("SERVER_BAD_CURSOR");
  const isRight = (part: unknown, index: number) =>
    kinds[index] === "any"
      ? part === null || typeof part === "string" || Number.isSafeInteger(part)
      : typeof part === kinds[index] && (typeof part === "string" || Number.isSafeInteger(part));
  if (!key.every(isRight)) throw new LonghaulError("SERVER_BAD_CURSOR");
  return key as CursorKey;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

/**
 * A page of rows that were read with a limit of one more than asked for.
 *
 * @param keyOf where a row stands in the order of the list
 */
export function toPage<Row, Shown>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => CursorKey,
  show: (row: Row) => Shown,
): { data: Shown[]; page: { next: string | null } } {
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? encodeCursor(keyOf(shown.at(-1)!)) : null;
  return { data: shown.map(show), page: { next } };
}
