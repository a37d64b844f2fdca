import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";

/**
 * The loose semantics that Inngest puts on CEL, as functions on values. Ints are `bigint` (literals of the expression
 * and what CEL's own functions give), doubles and every number of an event are `number`.
 */

/** Stands for what is not there: a field that an event lacks, or the result of an operation that failed. */
export const MISSING = Symbol("missing");

/** An order operator of CEL. */
export type OrderOperator = "<" | "<=" | ">" | ">=";

/** What JavaScript's `if` would say, save that `NaN` counts as true, as in Inngest. Lists and maps are true. */
export function isTruthy(value: unknown): boolean {
  return !(
    value === MISSING ||
    value === null ||
    value === false ||
    value === "" ||
    value === 0 ||
    value === 0n
  );
}

/**
 * `==`. Numbers of any kind compare by value; other types do not equal each other: `5 == "5"` is false. What is missing
 * equals `null`, and nothing else: not even something else that is missing.
 */
export function looselyEqual(left: unknown, right: unknown): boolean {
  if (left === MISSING) return right === null;
  if (right === MISSING) return left === null;
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  if (!isObject(left) || !isObject(right)) return false;
  if (left instanceof Date || right instanceof Date) return sameInstant(left, right);
  if (left instanceof Duration || right instanceof Duration) return sameDuration(left, right);
  if (Array.isArray(left) || Array.isArray(right)) return sameList(left, right);
  return sameMap(left, right);
}

/**
 * `<`, `<=`, `>`, `>=`. What is missing is less than anything; `null` counts as 0 or "" beside a number or a string.
 * Other mixtures cannot be compared, which gives {@link MISSING}.
 */
export function compareLoosely(
  operator: OrderOperator,
  left: unknown,
  right: unknown,
): boolean | typeof MISSING {
  if (left === MISSING) return operator === "<" || operator === "<=";
  if (right === MISSING) return operator === ">" || operator === ">=";
  const a = left === null ? zeroOf(right) : left;
  const b = right === null ? zeroOf(left) : right;
  const order = orderOf(a, b);
  if (order === undefined) return MISSING;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

/**
 * `+`. Numbers add, strings and lists are joined, other mixtures are joined as text (a list or a map as JSON). What is
 * missing or null adds nothing. `undefined` means that CEL itself should try (times and durations).
 */
export function addLoosely(left: unknown, right: unknown): unknown {
  if (isNothing(left)) return isNothing(right) ? MISSING : right;
  if (isNothing(right)) return left;
  if (typeof left === "bigint" && typeof right === "bigint") return left + right;
  if (isNumber(left) && isNumber(right)) return Number(left) + Number(right);
  if (Array.isArray(left) && Array.isArray(right)) return [...(left as unknown[]), ...right];
  if (isTime(left) && isTime(right)) return undefined;
  return textOf(left) + textOf(right);
}

/** `-`, `*`, `/`, `%`: ints stay ints, a mixture of int and double is computed in doubles. */
export function calculate(operator: "-" | "*" | "/" | "%", left: unknown, right: unknown): unknown {
  if (typeof left === "bigint" && typeof right === "bigint")
    return calculateInts(operator, left, right);
  if (!isNumber(left) || !isNumber(right)) return undefined;
  const [a, b] = [Number(left), Number(right)];
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  return operator === "/" ? a / b : a % b;
}

/** `in`: an element of a list, or a key of a map. */
export function isMember(value: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return container.some((item) => looselyEqual(value, item));
  if (!isMap(container)) return false;
  return typeof value === "string" && Object.hasOwn(container, value);
}

/** A field of a map, or an element of a list. */
export function pick(container: unknown, key: unknown): unknown {
  if (Array.isArray(container)) {
    return isNumber(key) ? present((container as unknown[])[Number(key)]) : MISSING;
  }
  if (typeof key !== "string" || !isMap(container) || !Object.hasOwn(container, key)) {
    return MISSING;
  }
  return present(container[key]);
}

/** A value as JSON has it: ints become numbers, times ISO strings, and what is missing becomes `false`. */
export function toJsonValue(value: unknown): unknown {
  if (value === MISSING) return false;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map((item) => toJsonValue(item));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJsonValue(item)]));
}

/** A value that CEL's library gave, as one of ours. */
export function fromLibrary(value: unknown): unknown {
  return value instanceof UnsignedInt ? value.value : present(value);
}

export const isNumber = (value: unknown): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

const present = (value: unknown): unknown => (value === undefined ? MISSING : value);

const isNothing = (value: unknown): boolean => value === MISSING || value === null;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const isTime = (value: unknown): boolean => value instanceof Date || value instanceof Duration;

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    isObject(value) && !Array.isArray(value) && !isTime(value) && !(value instanceof Uint8Array)
  );
}

function sameInstant(left: object, right: object): boolean {
  return left instanceof Date && right instanceof Date && left.getTime() === right.getTime();
}

function sameDuration(left: object, right: object): boolean {
  return (
    left instanceof Duration && right instanceof Duration && left.valueOf() === right.valueOf()
  );
}

function sameList(left: object, right: object): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  return left.length === right.length && left.every((item, i) => looselyEqual(item, right[i]));
}

/** Byte strings compare as maps of their indices, which comes to the same. */
function sameMap(left: object, right: object): boolean {
  const entries = Object.entries(left);
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => {
      return (
        Object.hasOwn(right, key) && looselyEqual(value, (right as Record<string, unknown>)[key])
      );
    })
  );
}

function zeroOf(other: unknown): unknown {
  if (isNumber(other)) return 0;
  return typeof other === "string" ? "" : null;
}

/** Below, at or above 0; `undefined` where there is no order. */
function orderOf(left: unknown, right: unknown): number | undefined {
  if (isNumber(left) && isNumber(right)) return order(left, right);
  if (typeof left === "string" && typeof right === "string") return order(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (left instanceof Duration && right instanceof Duration) {
    return left.valueOf() - right.valueOf();
  }
  return undefined;
}

function order<T extends string | number | bigint>(left: T, right: T): number | undefined {
  if (left < right) return -1;
  if (left > right) return 1;
  return left >= right ? 0 : undefined;
}

function calculateInts(operator: "-" | "*" | "/" | "%", left: bigint, right: bigint): unknown {
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  if (right === 0n) return MISSING;
  return operator === "/" ? left / right : left % right;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const json = toJsonValue(value);
  return typeof json === "string" ? json : JSON.stringify(json);
}
