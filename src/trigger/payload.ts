import superjson from "superjson";
import { toJsonText } from "../runs/errors.ts";

/**
 * Payloads, outputs and whatever else of the user's goes through the store.
 *
 * JSON is stored as it is, so that it reads the same in a function of another idiom, or in a query. What JSON cannot say
 * (Date, Map, Set, BigInt, undefined, NaN, …) is stored as superjson has it, in an object with a marker. `undefined`
 * alone becomes null.
 */

/** What superjson's marker is kept under. A value of the user's that has it is stored marked, so that none is mistaken. */
const MARK = "__superjson";
/** Deeper than that, superjson looks for circles. */
const MAX_PLAIN_DEPTH = 64;

interface Marked {
  readonly json: unknown;
  /** The types that JSON has not, by path. */
  readonly [MARK]: unknown;
}

/** A value as JSON can hold it. */
export function pack(value: unknown): unknown {
  if (value === undefined) return null;
  if (isPlain(value, 0)) return value;
  const { json, meta } = superjson.serialize(value);
  return meta === undefined && !isMarked(json) ? json : { json, [MARK]: meta ?? {} };
}

/** The value again. */
export function unpack(packed: unknown): unknown {
  if (!isMarked(packed)) return packed;
  return superjson.deserialize({
    json: packed.json as Parameters<typeof superjson.deserialize>[0]["json"],
    meta: packed[MARK] as NonNullable<Parameters<typeof superjson.deserialize>[0]["meta"]>,
  });
}

/**
 * A value as JSON text.
 * @param what For the error: `The payload of task "mail"`.
 * @throws {LonghaulError} RUNS_TOO_LARGE, RUNS_NOT_JSON
 */
export const packText = (value: unknown, what: string, maxBytes: number): string =>
  toJsonText(pack(value), what, maxBytes);

/** The value of JSON text. */
export const unpackText = (text: string | undefined): unknown =>
  text === undefined ? undefined : unpack(JSON.parse(text));

function isMarked(value: unknown): value is Marked {
  return typeof value === "object" && value !== null && Object.hasOwn(value, MARK);
}

/** Whether JSON gives back just this. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth < MAX_PLAIN_DEPTH && isPlainObject(value, depth + 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    if (key === MARK || key === "toJSON") return false;
    if (!isPlain((value as Record<string, unknown>)[key], depth)) return false;
  }
  return true;
}
