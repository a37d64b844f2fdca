import { randomBytes } from "node:crypto";

/**
 * Ids of runs and events: a prefix and a ULID (48 bits of time, 80 random bits, in Crockford's base 32), so that they
 * sort by time as text. Those made by one process in one ms count upwards, so they sort in the order they were made.
 */

/** What an id is for. */
export type IdPrefix = "run" | "evt";

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;
const MAX_TIME = 2 ** 48 - 1;

let lastTime = -1;
let lastText = "";
/** The random part, a digit (0 to 31) a place. */
const random = new Uint8Array(RANDOM_DIGITS);

/** An id for a run that is made at `now`. */
export const createRunId = (now: number): string => createId("run", now);

/** An id for an event that is received at `now`. */
export const createEventId = (now: number): string => createId("evt", now);

/**
 * A new id. Sorts after every id that this process has made before, also when the clock was set back meanwhile.
 *
 * @param now Epoch ms.
 */
export function createId(prefix: IdPrefix, now: number): string {
  const time = Math.min(Math.max(Math.floor(now), 0), MAX_TIME);
  if (time > lastTime) startMs(time);
  else countUp();
  let text = `${prefix}_${lastText}`;
  for (const digit of random) text += DIGITS[digit];
  return text;
}

/** When an id was made, epoch ms; `undefined` if it is none of ours. */
export function timeOfId(id: string): number | undefined {
  const match = /^(?:run|evt)_([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/.exec(id);
  if (match?.[1] === undefined) return undefined;
  let time = 0;
  for (const digit of match[1]) time = time * 32 + DIGITS.indexOf(digit);
  return time;
}

function startMs(time: number): void {
  lastTime = time;
  lastText = timeText(time);
  const bytes = randomBytes(RANDOM_DIGITS);
  for (let i = 0; i < RANDOM_DIGITS; i++) random[i] = bytes[i]! & 31;
  // Half of the space, 2^79, is left for counting up.
  random[0] = bytes[0]! & 15;
}

/** Adds one to the random part. */
function countUp(): void {
  let i = RANDOM_DIGITS - 1;
  while (random[i] === 31) random[i--] = 0;
  random[i]!++;
}

function timeText(time: number): string {
  let text = "";
  let rest = time;
  for (let i = 0; i < TIME_DIGITS; i++) {
    text = `${DIGITS[rest % 32]!}${text}`;
    rest = Math.floor(rest / 32);
  }
  return text;
}
