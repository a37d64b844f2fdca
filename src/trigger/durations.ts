import { LonghaulError } from "../core/errors.ts";

/** How long `wait.for` waits: exactly one unit. A month has 30 days, a year 365. */
export type WaitDuration =
  | { readonly seconds: number }
  | { readonly minutes: number }
  | { readonly hours: number }
  | { readonly days: number }
  | { readonly weeks: number }
  | { readonly months: number }
  | { readonly years: number };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;

const WAIT_UNITS: Readonly<Record<string, number>> = {
  seconds: SECOND,
  minutes: MINUTE,
  hours: HOUR,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
  months: 30 * DAY_MS,
  years: 365 * DAY_MS,
};

const TEXT_UNITS: Readonly<Record<string, number>> = {
  w: 7 * DAY_MS,
  d: DAY_MS,
  hr: HOUR,
  h: HOUR,
  m: MINUTE,
  s: SECOND,
};

/** JavaScript's dates end here. */
const LAST_TIME = 8.64e15;
const PARTS = /(\d+)(hr|[wdhms])/g;

/**
 * The length of a `wait.for`, ms.
 * @throws {LonghaulError} TASK_BAD_DURATION
 */
export function waitDurationMs(input: object): number {
  const given = Object.entries(input).filter(
    ([unit, amount]) => unit in WAIT_UNITS && amount !== undefined,
  );
  const [unit, amount] = given[0] ?? [];
  if (unit === undefined || given.length > 1)
    refuse(JSON.stringify(input), "wait.for", `give one of ${Object.keys(WAIT_UNITS).join(", ")}`);
  if (typeof amount !== "number" || !Number.isFinite(amount) || amount < 0)
    refuse(String(amount), `wait.for ${unit}`, "it is no number from 0 up");
  return bounded(amount * WAIT_UNITS[unit]!, String(amount), `wait.for ${unit}`);
}

/**
 * The length of a duration as text, ms: `"10m"`, `"1h52m18s"`, `"2d"`. Units: w, d, h or hr, m, s.
 * @param option What it is for, for the error.
 * @throws {LonghaulError} TASK_BAD_DURATION
 */
export function durationMs(text: string, option: string): number {
  if (!/^(?:\d+(?:hr|[wdhms]))+$/.test(text))
    refuse(JSON.stringify(text), option, 'write "30s", "10m", "1h30m", "7d" or "2w"');
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PARTS)) total += Number(amount) * TEXT_UNITS[unit!]!;
  return bounded(total, JSON.stringify(text), option);
}

/**
 * When something is due that was given as a duration or a date, epoch ms.
 * @throws {LonghaulError} TASK_BAD_DURATION
 */
export function dueTime(input: string | Date, now: number, option: string): number {
  if (typeof input === "string") {
    // ISO text is what a Date becomes on its way through JSON.
    const time = /^\d{4}-/.test(input) ? Date.parse(input) : now + durationMs(input, option);
    return Number.isNaN(time) ? refuse(JSON.stringify(input), option, "it is no date") : time;
  }
  const time = input instanceof Date ? input.getTime() : Number.NaN;
  return Number.isNaN(time) ? refuse(String(input), option, "it is no valid Date") : time;
}

/**
 * A time to live, ms: text or a number of seconds.
 * @throws {LonghaulError} TASK_BAD_DURATION
 */
export function secondsOrText(input: string | number, option: string): number {
  if (typeof input === "string") return durationMs(input, option);
  if (!Number.isFinite(input) || input < 0)
    refuse(String(input), option, "it is no number of seconds from 0 up");
  return bounded(input * SECOND, String(input), option);
}

function bounded(ms: number, value: string, option: string): number {
  return ms > LAST_TIME ? refuse(value, option, "it is too long") : Math.ceil(ms);
}

function refuse(value: string, option: string, reason: string): never {
  throw new LonghaulError("TASK_BAD_DURATION", { value, option, reason });
}
