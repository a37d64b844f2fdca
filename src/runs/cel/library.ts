import { Environment } from "@marcbachmann/cel-js";
import { parseDurationMs } from "./duration.ts";
import { type EventFilter, eventFilterMatches } from "./event-filter.ts";
import { fromLibrary, isNumber, MISSING } from "./values.ts";

/** A function of the expression language: gets the time of the evaluation, and its arguments. */
export type CelFunction = (now: number, ...args: unknown[]) => unknown;

/** The most arguments a call may have. */
const MAX_ARGUMENTS = 8;

const environment = new Environment({ homogeneousAggregateLiterals: false });
for (let i = 0; i < MAX_ARGUMENTS; i++) environment.registerVariable(`a${i}`, "dyn");

/** Reads an expression. @throws the parser's error, which shows the place */
export const parseCel = (source: string) => environment.parse(source).ast;

/**
 * Inngest's own functions, and one for Trigger.dev's filters. They take what they get: a text function makes "" of what is
 * no text, as Inngest's does.
 * Times come from the evaluation, so that a virtual clock governs them.
 */
const OWN: Readonly<Record<string, readonly [arity: number, call: CelFunction]>> = {
  now: [0, (now) => new Date(now)],
  now_plus: [1, (now, duration) => shift(now, duration, 1)],
  now_minus: [1, (now, duration) => shift(now, duration, -1)],
  date: [1, (_now, value) => parseDate(value)],
  lowercase: [1, (_now, value) => text(value).toLowerCase()],
  uppercase: [1, (_now, value) => text(value).toUpperCase()],
  b64decode: [1, (_now, value) => Buffer.from(text(value), "base64").toString("utf8")],
  json_parse: [1, (_now, value) => parseJson(text(value))],
  matches_filter: [2, (_now, value, filter) => eventFilterMatches(value, readFilter(text(filter)))],
};

/** Functions whose answer changes with the time. */
export const TIME_FUNCTIONS: ReadonlySet<string> = new Set(["now", "now_plus", "now_minus"]);

/** The function of this name and number of arguments; `undefined` if there is none. */
export function findFunction(name: string, arity: number): CelFunction | undefined {
  const own = OWN[name];
  if (own !== undefined) return own[0] === arity ? guard(own[1]) : undefined;
  const call = fromTemplate(`${name}(${names(0, arity)})`, arity);
  if (call === undefined || name !== "size") return call;
  return (now, value) => (value === MISSING || value === null ? 0n : call(now, value));
}

/** The method of this name and number of arguments; the receiver is the function's first argument. */
export function findMethod(name: string, arity: number): CelFunction | undefined {
  const call = fromTemplate(`a0.${name}(${names(1, arity + 1)})`, arity + 1);
  if (call === undefined || name !== "size") return call;
  return (now, receiver) => (receiver === MISSING || receiver === null ? 0n : call(now, receiver));
}

/** An operator on what only CEL knows: times and durations. */
export const findOperator = (operator: string): CelFunction =>
  fromTemplate(`a0 ${operator} a1`, 2)!;

/** CEL's own library is called through small expressions over its arguments, made once each. */
const templates = new Map<string, CelFunction | undefined>();

function fromTemplate(source: string, arity: number): CelFunction | undefined {
  if (!templates.has(source)) templates.set(source, compileTemplate(source, arity));
  return templates.get(source);
}

function compileTemplate(source: string, arity: number): CelFunction | undefined {
  if (arity > MAX_ARGUMENTS) return undefined;
  const template = environment.parse(source);
  if (!template.check().valid) return undefined;
  return guard((_now, ...args) => {
    try {
      return fromLibrary(template(context(args)));
    } catch (error) {
      // An event's numbers are doubles, and CEL's library wants ints in places: "abc".substring(event.data.from)
      if (!args.some(isWholeNumber)) throw error;
      return fromLibrary(
        template(context(args.map((arg) => (isWholeNumber(arg) ? BigInt(arg) : arg)))),
      );
    }
  });
}

/** Whatever fails, and whatever is computed from something missing, is missing. */
function guard(call: CelFunction): CelFunction {
  return (now, ...args) => {
    if (args.includes(MISSING)) return MISSING;
    try {
      return call(now, ...args);
    } catch {
      return MISSING;
    }
  };
}

const names = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `a${from + i}`).join(", ");

const context = (args: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(args.map((arg, i) => [`a${i}`, arg]));

const isWholeNumber = (value: unknown): value is number => Number.isSafeInteger(value);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function shift(now: number, duration: unknown, direction: 1 | -1): unknown {
  const ms = parseDurationMs(text(duration));
  return ms === undefined ? MISSING : new Date(now + direction * ms);
}

function parseJson(json: string): unknown {
  return JSON.parse(json) as unknown;
}

/** Filters are part of the code, so there are few; those of waits may be built from data. */
const MAX_FILTERS = 10_000;
const filters = new Map<string, EventFilter>();

function readFilter(json: string): EventFilter {
  const known = filters.get(json);
  if (known !== undefined) return known;
  if (filters.size >= MAX_FILTERS) filters.clear();
  const filter = JSON.parse(json) as EventFilter;
  filters.set(json, filter);
  return filter;
}

/** Numbers before the year 2000 in seconds are not taken for times, as in Inngest. */
const FIRST_SECONDS = 946_684_800;
const LAST_SECONDS = 9_999_999_999;
const LAST_MS = 9_999_999_999_999;

/** A time of ISO, RFC 1123 and similar text (UTC unless it says otherwise), or of seconds, ms or ns since 1970. */
function parseDate(value: unknown): unknown {
  if (value instanceof Date) return value;
  const ms = isNumber(value) ? epochMs(Number(value)) : Date.parse(inUtc(text(value)));
  return Number.isNaN(ms) ? MISSING : new Date(ms);
}

function epochMs(value: number): number {
  if (value < FIRST_SECONDS) return Number.NaN;
  if (value < LAST_SECONDS) return value * 1000;
  return value < LAST_MS ? value : Math.floor(value / 1e6);
}

/** JavaScript takes a time without a zone for local time, which must not decide what a run does. */
function inUtc(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) || /(?:Z|[A-Z]{3,4}|[+-]\d\d:?\d\d|\))$/i.test(text))
    return text;
  return /^\d{4}-\d\d-\d\dT/.test(text) ? `${text}Z` : `${text} UTC`;
}
