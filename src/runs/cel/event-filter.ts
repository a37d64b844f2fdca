/**
 * Filters by example, as Trigger.dev writes them: an object of the shape of what it looks at, whose leaves are lists.
 *
 *   { status: ["paid", "sent"], total: [{ $gt: 100 }], customer: { country: ["DE"] } }
 *
 * A list of values fits any of them; a list of operators fits if all of them hold. Where the data has a list and the
 * filter an object, one element has to fit. In expressions: `matches_filter(event.data, "…")`, with the filter as JSON.
 */
export interface EventFilter {
  readonly [field: string]: EventFilter | readonly (Scalar | FilterOperators)[];
}

type Scalar = string | number | boolean;

/** What can be said of a value. Several in one object must all hold. */
export interface FilterOperators {
  readonly $startsWith?: string;
  readonly $endsWith?: string;
  /** Equal, but for case. */
  readonly $ignoreCaseEquals?: string;
  /** Whether the field is there; `null` is. */
  readonly $exists?: boolean;
  readonly $isNull?: boolean;
  /** None of these; what is missing is none of them. */
  readonly $anythingBut?: Scalar | readonly Scalar[];
  /** Not this; of a list, that it does not contain this. */
  readonly $not?: Scalar;
  readonly $gt?: number;
  readonly $gte?: number;
  readonly $lt?: number;
  readonly $lte?: number;
  /** Both ends count. */
  readonly $between?: readonly [number, number];
  /** A list contains this. */
  readonly $includes?: Scalar;
}

type Operator = keyof FilterOperators;

interface Rule {
  readonly takes: (operand: unknown) => boolean;
  readonly expects: string;
  readonly holds: (value: unknown, operand: never) => boolean;
}

const TEXT = { takes: (it: unknown) => typeof it === "string", expects: "text" };
const NUMBER = { takes: (it: unknown) => Number.isFinite(it), expects: "a number" };
const FLAG = { takes: (it: unknown) => typeof it === "boolean", expects: "true or false" };
const VALUE = { takes: isScalar, expects: "text, a number, true or false" };

const onText =
  (holds: (value: string, operand: string) => boolean) => (value: unknown, operand: string) =>
    typeof value === "string" && holds(value, operand);
const onNumber =
  (holds: (value: number, operand: number) => boolean) => (value: unknown, operand: number) =>
    typeof value === "number" && holds(value, operand);

const RULES: Readonly<Record<Operator, Rule>> = {
  $startsWith: { ...TEXT, holds: onText((value, start) => value.startsWith(start)) },
  $endsWith: { ...TEXT, holds: onText((value, end) => value.endsWith(end)) },
  $ignoreCaseEquals: {
    ...TEXT,
    holds: onText(
      (value, other) => value.localeCompare(other, undefined, { sensitivity: "accent" }) === 0,
    ),
  },
  $exists: { ...FLAG, holds: (value, wanted: boolean) => (value !== undefined) === wanted },
  $isNull: { ...FLAG, holds: (value, wanted: boolean) => (value === null) === wanted },
  $anythingBut: {
    takes: (it) => isScalar(it) || (Array.isArray(it) && it.every(isScalar)),
    expects: "a value or a list of values",
    holds: (value, refused: Scalar | readonly Scalar[]) =>
      Array.isArray(refused) ? !refused.includes(value) : value !== refused,
  },
  $not: {
    ...VALUE,
    holds: (value, refused: Scalar) =>
      Array.isArray(value) ? !value.includes(refused) : value !== refused,
  },
  $gt: { ...NUMBER, holds: onNumber((value, bound) => value > bound) },
  $gte: { ...NUMBER, holds: onNumber((value, bound) => value >= bound) },
  $lt: { ...NUMBER, holds: onNumber((value, bound) => value < bound) },
  $lte: { ...NUMBER, holds: onNumber((value, bound) => value <= bound) },
  $between: {
    takes: (it) => Array.isArray(it) && it.length === 2 && it.every(Number.isFinite),
    expects: "two numbers",
    holds: (value, [low, high]: readonly [number, number]) =>
      typeof value === "number" && value >= low && value <= high,
  },
  $includes: {
    ...VALUE,
    holds: (value, wanted: Scalar) => Array.isArray(value) && value.includes(wanted),
  },
};

/** Whether data fits a filter. */
export function eventFilterMatches(data: unknown, filter: EventFilter): boolean {
  const fields = Object.entries(filter);
  if (typeof data !== "object" || data === null) return fields.length === 0;
  return fields.every(([name, wanted]) => {
    const value = Object.hasOwn(data, name) ? (data as Record<string, unknown>)[name] : undefined;
    if (isList(wanted)) return fitsList(value, wanted);
    return Array.isArray(value)
      ? value.some((item) => eventFilterMatches(item, wanted))
      : eventFilterMatches(value, wanted);
  });
}

/** What is wrong with something that should be a filter; `undefined` if nothing is. */
export function problemOfFilter(filter: unknown, path = "the filter"): string | undefined {
  if (!isPlain(filter)) return `${path} is no object`;
  for (const [name, wanted] of Object.entries(filter)) {
    const below = `${path}.${name}`;
    if (name.startsWith("$")) return `${below} is an operator outside of a list`;
    const problem = Array.isArray(wanted)
      ? problemOfList(wanted, below)
      : problemOfFilter(wanted, below);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fitsList(value: unknown, wanted: readonly (Scalar | FilterOperators)[]): boolean {
  if (wanted.length === 0) return true;
  if (wanted.every(isScalar)) return (wanted as readonly unknown[]).includes(value);
  return wanted.every((operators) =>
    Object.entries(operators).every(([name, operand]) =>
      RULES[name as Operator].holds(value, operand as never),
    ),
  );
}

function problemOfList(wanted: readonly unknown[], path: string): string | undefined {
  if (wanted.every(isScalar)) return undefined;
  for (const item of wanted) {
    if (!isPlain(item)) return `${path} mixes values and operators, or holds something else`;
    for (const [name, operand] of Object.entries(item)) {
      if (!Object.hasOwn(RULES, name)) return `${path} has no operator ${name}`;
      const { takes, expects } = RULES[name as Operator];
      if (!takes(operand)) return `${path}.${name} needs ${expects}`;
    }
  }
  return undefined;
}

const isList = (wanted: EventFilter[string]): wanted is readonly (Scalar | FilterOperators)[] =>
  Array.isArray(wanted);

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
