import { LonghaulError } from "../core/errors.ts";

/** A length of time: ms, `"30s"`, `"1h30m"`, `"2.5 days"`, or a Temporal.Duration. */
export type DurationInput = number | string | DurationLike;

/** A Temporal.Duration of the platform or of any polyfill, known by its brand. */
export interface DurationLike {
  readonly [Symbol.toStringTag]: "Temporal.Duration";
}

/** A Temporal.Instant. */
export interface InstantLike {
  readonly [Symbol.toStringTag]: "Temporal.Instant";
}

/** A Temporal.ZonedDateTime. */
export interface ZonedDateTimeLike {
  readonly [Symbol.toStringTag]: "Temporal.ZonedDateTime";
}

/** A point in time: a Date, ISO 8601 text, or Temporal's. */
export type TimeInput = Date | string | InstantLike | ZonedDateTimeLike;

/** How long to wait: a duration from now, or until a point in time. Text is a duration. */
export type TimeLimit = DurationInput | Date | InstantLike | ZonedDateTimeLike;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ms a unit, by all the names it goes by. */
const UNITS: Readonly<Record<string, number>> = {
  ...names(1, "ms", "msec", "msecs", "millisecond", "milliseconds"),
  ...names(SECOND, "s", "sec", "secs", "second", "seconds"),
  ...names(MINUTE, "m", "min", "mins", "minute", "minutes"),
  ...names(HOUR, "h", "hr", "hrs", "hour", "hours"),
  ...names(DAY, "d", "day", "days"),
  ...names(7 * DAY, "w", "week", "weeks"),
  ...names(365.25 * DAY, "y", "yr", "yrs", "year", "years"),
};

/** One year: how long a step waits for an invoked function, or a run for its cancellation, when nobody says. */
export const YEAR_MS = 365 * DAY;

/** JavaScript's dates end here. */
const LAST_TIME = 8.64e15;

/**
 * The length of a duration in ms.
 *
 * @param option What it is for, for the error: `"debounce.period"`.
 * @throws {LonghaulError} INNGEST_BAD_DURATION
 */
export function durationMs(input: unknown, option: string): number {
  const ms = readDuration(input);
  if (ms === undefined) refuse(input, option, "it cannot be read");
  if (!Number.isFinite(ms) || ms < 0) refuse(input, option, "it must not be negative");
  if (ms > LAST_TIME) refuse(input, option, "it is too long");
  return Math.ceil(ms);
}

/** {@link durationMs} under Inngest's name. */
export const durationToMs = (input: unknown, options: { name?: string } = {}): number =>
  durationMs(input, options.name ?? "a duration");

/**
 * A point in time, epoch ms.
 *
 * @throws {LonghaulError} INNGEST_BAD_DURATION
 */
export function timeMs(input: unknown, option: string): number {
  const time = readTime(input);
  if (time === undefined || Number.isNaN(time))
    refuse(input, option, "it is no Date, ISO 8601 text or Temporal time");
  return time;
}

/** How long a limit is, seen from `now`. A point in the past is 0. */
export function limitMs(input: unknown, now: number, option: string): number {
  if (input instanceof Date || isInstant(input)) return Math.max(timeMs(input, option) - now, 0);
  return durationMs(input, option);
}

function readDuration(input: unknown): number | undefined {
  if (typeof input === "number") return input;
  if (typeof input === "string") return readText(input);
  return brandOf(input) === "Temporal.Duration" ? readTemporal(input as object) : undefined;
}

/** `"1h30m"`, `"1h 30m"`, `"2.5 days"`; a bare number is ms. */
function readText(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*([a-z]*)\s*/giy)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim()) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const unitMs = unit === "" && parts.length === 1 ? 1 : UNITS[unit.toLowerCase()];
    if (unitMs === undefined) return undefined;
    total += Number(amount) * unitMs;
  }
  return total;
}

/** Adds up the fields, so that no calendar and no polyfill is needed; years and months have no fixed length. */
function readTemporal(duration: object): number | undefined {
  const fields = duration as Readonly<Record<string, number | undefined>>;
  const field = (name: string): number => fields[name] ?? 0;
  if (field("years") !== 0 || field("months") !== 0) return undefined;
  return (
    field("weeks") * 7 * DAY +
    field("days") * DAY +
    field("hours") * HOUR +
    field("minutes") * MINUTE +
    field("seconds") * SECOND +
    field("milliseconds") +
    field("microseconds") / 1e3 +
    field("nanoseconds") / 1e6
  );
}

function readTime(input: unknown): number | undefined {
  if (input instanceof Date) return input.getTime();
  if (typeof input === "string") return Date.parse(input);
  if (!isInstant(input)) return undefined;
  return (input as { readonly epochMilliseconds?: number }).epochMilliseconds;
}

const isInstant = (input: unknown): input is InstantLike | ZonedDateTimeLike => {
  const brand = brandOf(input);
  return brand === "Temporal.Instant" || brand === "Temporal.ZonedDateTime";
};

const brandOf = (input: unknown): unknown =>
  typeof input === "object" && input !== null && Symbol.toStringTag in input
    ? input[Symbol.toStringTag]
    : undefined;

function names(ms: number, ...units: string[]): Record<string, number> {
  return Object.fromEntries(units.map((unit) => [unit, ms]));
}

function refuse(input: unknown, option: string, reason: string): never {
  // A number stands bare; text in quotes, so that an empty one is seen.
  const value = typeof input === "string" ? JSON.stringify(input) : String(input);
  throw new LonghaulError("INNGEST_BAD_DURATION", { value, option, reason });
}
