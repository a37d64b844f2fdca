/** A part of a list. */
export interface IndexRange {
  readonly offset: number;
  readonly count: number;
}

/**
 * The part of a list that a first and a last index mean in BullMQ: both count, negative ones count from the end, and
 * what lies outside the list is cut off.
 */
export function indexRange(start: number, end: number, length: number): IndexRange {
  const first = Math.max(0, start < 0 ? length + start : start);
  const last = Math.min(length - 1, end < 0 ? length + end : end);
  return { offset: first, count: Math.max(0, last - first + 1) };
}
