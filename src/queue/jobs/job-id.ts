/** Longest decimal that is certainly a safe integer. */
const MAX_DIGITS = 15;
const ZERO = 48;
const NINE = 57;

/**
 * How a job id is stored. BullMQ's ids are strings, most of them counted: those that are canonical decimals become
 * integers, which are half the size in the index and grow at its end.
 */
export function encodeJobId(id: string): number | string {
  const length = id.length;
  if (length === 0 || length > MAX_DIGITS) return id;
  const first = id.charCodeAt(0);
  if (first === ZERO) return length === 1 ? 0 : id;
  for (let i = 0; i < length; i++) {
    const digit = id.charCodeAt(i);
    if (digit < ZERO || digit > NINE) return id;
  }
  return Number(id);
}

/** The id as BullMQ knows it. */
export const decodeJobId = (stored: unknown): string =>
  typeof stored === "string" ? stored : String(stored);
