import { LonghaulError } from "../core/errors.ts";
import type { SerializedError } from "./types.ts";

/**
 * Errors and results as the journal keeps them.
 *
 * Anything can be thrown: a string, undefined, an error that is its own cause, an object whose getters throw. All of it
 * is recorded, within bounds, and none of it makes recording fail.
 */

/** Causes below this depth are cut off. */
const MAX_DEPTH = 8;
const MAX_MESSAGE = 64 * 1024;
const MAX_STACK = 32 * 1024;
/** Bytes of a step's result, and of a run's output. */
export const MAX_RESULT_BYTES = 4 * 1024 * 1024;

/** What was thrown, as data. */
export const serializeError = (thrown: unknown): SerializedError => serialize(thrown, new Set());

/** An error again: of the built-in class of that name where there is one, with the stack it had. */
export function deserializeError(serialized: SerializedError): Error {
  const { name, message, stack, code, cause } = serialized;
  const error = new (builtIns.get(name) ?? Error)(message);
  if (error.name !== name) define(error, "name", name);
  define(error, "stack", stack ?? `${name}: ${message}`);
  if (code !== undefined) Object.assign(error, { code });
  if (cause !== undefined)
    define(error, "cause", isSerialized(cause) ? deserializeError(cause) : cause);
  return error;
}

/**
 * A result as JSON text. `undefined` becomes null, a Date its ISO text.
 *
 * @param what For the error: `the result of step "charge"`.
 * @throws {LonghaulError} RUNS_NOT_JSON (BigInt, cycles, a toJSON that throws), RUNS_TOO_LARGE
 */
export function toJsonText(value: unknown, what: string, maxBytes = MAX_RESULT_BYTES): string {
  const text = stringify(value, what);
  // A code unit takes at most three bytes.
  if (text.length * 3 <= maxBytes) return text;
  const size = Buffer.byteLength(text);
  if (size > maxBytes) throw new LonghaulError("RUNS_TOO_LARGE", { what, size, limit: maxBytes });
  return text;
}

function stringify(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    const reason = firstLine(read(error, "message") ?? String(error));
    throw new LonghaulError("RUNS_NOT_JSON", { what, reason }, { cause: error });
  }
}

/** V8 draws the circle over several lines. */
const firstLine = (text: string): string => /^.*/.exec(text)![0];

function serialize(thrown: unknown, above: Set<unknown>): SerializedError {
  if (!isErrorLike(thrown)) return { name: "Error", message: describe(thrown) };
  above.add(thrown);
  const stack = read(thrown, "stack");
  const code = codeOf(thrown);
  const cause = causeOf(thrown, above);
  return {
    name: read(thrown, "name") || "Error",
    message: clip(read(thrown, "message") ?? "", MAX_MESSAGE),
    ...(stack !== undefined && { stack: clip(stack, MAX_STACK) }),
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause }),
  };
}

/** Errors of other realms and libraries are no instances of ours. */
function isErrorLike(value: unknown): value is object {
  return value instanceof Error || (isObject(value) && read(value, "message") !== undefined);
}

/** A cause that is no error is kept as it is if it is JSON; the rest as text. */
function causeOf(thrown: object, above: Set<unknown>): unknown {
  const cause = attempt(() => (thrown as { cause?: unknown }).cause);
  if (cause === undefined || above.has(cause) || above.size >= MAX_DEPTH) return undefined;
  if (isErrorLike(cause)) return serialize(cause, above);
  const json = attempt(() => JSON.stringify(cause));
  if (json === undefined || json.length > MAX_MESSAGE) return describe(cause);
  return JSON.parse(json) as unknown;
}

function codeOf(thrown: object): string | undefined {
  const code = attempt(() => (thrown as { code?: unknown }).code);
  return typeof code === "string" || typeof code === "number" ? String(code) : undefined;
}

/** What was thrown and is no error: text as it is, the rest as JSON if possible. */
function describe(value: unknown): string {
  if (typeof value === "string") return clip(value, MAX_MESSAGE);
  const json = isObject(value) ? attempt(() => JSON.stringify(value)) : undefined;
  return clip(json ?? attempt(() => String(value)) ?? typeof value, MAX_MESSAGE);
}

function read(value: unknown, property: "name" | "message" | "stack"): string | undefined {
  const text = attempt(() => (value as Record<string, unknown>)[property]);
  return typeof text === "string" ? text : undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max)}…`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function isSerialized(value: unknown): value is SerializedError {
  return (
    isObject(value) && read(value, "name") !== undefined && read(value, "message") !== undefined
  );
}

/** Not enumerable, like the real ones. */
function define(error: Error, property: "name" | "stack" | "cause", value: unknown): void {
  Object.defineProperty(error, property, { value, configurable: true, writable: true });
}

const builtIns: ReadonlyMap<string, new (message: string) => Error> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [
    type.name,
    type,
  ]),
);
