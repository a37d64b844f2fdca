import { monotonicNow, realSetImmediate, realSetTimeout } from "../../core/real-timers.ts";
import type { SqlValue } from "./connection.ts";
import { ScanBudget } from "./scan-budget.ts";

/** Reads the keys of what matches between two keys, both included, in the direction of the scan; `limit` at most. */
export type ReadKeys = (low: number, high: number, limit: number) => Promise<SqlValue[][]>;

/** How to go through a table. */
export interface ScanOptions {
  readonly read: ReadKeys;
  /** From the highest key down, or from the lowest up. */
  readonly isDown: boolean;
  /** The lowest and the highest key to look at. */
  readonly low: number;
  readonly high: number;
  /** How many matches are wanted. */
  readonly limit: number;
  /** After so long it ends with what it has. At least one piece is looked at. */
  readonly timeBoxMs: number;
  /** @default the machine's monotonic clock, ms */
  readonly elapsed?: (() => number) | undefined;
  /** Whether an index gives the keys, so that all can be asked for at once. @default false */
  readonly isIndexed?: boolean | undefined;
  /** @default that of this process */
  readonly budget?: ScanBudget | undefined;
}

/** What a scan has found. */
export interface Scanned {
  /** The keys that match, in the direction of the scan. */
  readonly keys: readonly number[];
  /** Whether all was looked at, so that there is no more. */
  readonly isComplete: boolean;
  /** Where to go on: the first key that was not looked at. */
  readonly next: number;
}

/** A piece should take about so long: a query of somebody else waits for no more. */
const PIECE_MS = 8;
/** Pauses between pieces that take long. */
const REST_MS = 1;
const FIRST_WIDTH = 2_048;
const LEAST_WIDTH = 256;

/**
 * Goes through a table by its keys, in pieces, until enough matches are found or time is up. Between two pieces other
 * queries of the reader thread get their turn, and no snapshot is held that a checkpoint would have to wait for.
 */
export async function scanKeys(options: ScanOptions): Promise<Scanned> {
  const { read, isDown, limit, timeBoxMs, elapsed = monotonicNow } = options;
  const { budget = ofProcess } = options;
  let { low, high } = options;
  const keys: number[] = [];
  const began = elapsed();
  let width = options.isIndexed ? Number.MAX_SAFE_INTEGER : FIRST_WIDTH;
  while (low <= high) {
    const begun = elapsed();
    const [from, to] = isDown
      ? [Math.max(low, high - width + 1), high]
      : [low, Math.min(high, low + width - 1)];
    const rows = await read(from, to, limit + 1 - keys.length);
    const now = elapsed();
    const pieceMs = now - begun;
    const restMs = budget.spend(pieceMs, now);
    for (const [key] of rows) keys.push(key as number);
    if (keys.length > limit) {
      const next = keys[limit]!;
      return { keys: keys.slice(0, limit), isComplete: false, next };
    }
    if (isDown) high = from - 1;
    else low = to + 1;
    const leftMs = timeBoxMs - (now - began);
    if (leftMs <= 0 || low > high) break;
    width = nextWidth(to - from + 1, pieceMs, Math.min(leftMs, PIECE_MS));
    await rest(Math.min(leftMs, restMs), pieceMs);
    if (leftMs <= restMs) break;
  }
  return { keys, isComplete: low > high, next: isDown ? high : low };
}

/** How much to look at next, so that it takes about `wantedMs`; at most twice as much as before. */
function nextWidth(width: number, tookMs: number, wantedMs: number): number {
  const fitting = tookMs > 0 ? Math.floor((width * wantedMs) / tookMs) : Number.MAX_SAFE_INTEGER;
  return Math.max(LEAST_WIDTH, Math.min(fitting, width * 2));
}

/**
 * Lets others have their turn: whoever else asks the reader thread, those who work beside it on the same cores, and
 * with a store in memory everybody.
 */
const rest = (restMs: number, pieceMs: number): Promise<void> =>
  new Promise((resolve) => {
    if (restMs < REST_MS && pieceMs < PIECE_MS / 2) realSetImmediate(resolve);
    else realSetTimeout(resolve, Math.max(REST_MS, restMs));
  });

/** Of this process: its stores share the cores. */
const ofProcess = new ScanBudget();
