/** What is wrong with an option. Whoever reads the options says whose they are. */
export class OptionProblem extends Error {}

/** Refuses keys that nothing would come of: most are typing errors. */
export function refuseUnknown(value: object, known: readonly string[], what: string): void {
  const unknown = Object.entries(value).find(
    ([key, part]) => part !== undefined && !known.includes(key),
  );
  if (unknown !== undefined)
    throw new OptionProblem(`${what} has no ${unknown[0]}, only ${known.join(", ")}`);
}

/** @throws {OptionProblem} unless it is an object that is no list. */
export function requireObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new OptionProblem(`${what} is an object, not ${describe(value)}`);
  return value as Record<string, unknown>;
}

/** @throws {OptionProblem} unless it is text with something in it, or missing. */
export function optionalText(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.trim() === "")
    throw new OptionProblem(`${what} is a string, not ${describe(value)}`);
  return value;
}

/** @throws {OptionProblem} unless it is a whole number within bounds. */
export function wholeNumber(value: unknown, what: string, least: number, most = Infinity): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    const bounds = most === Infinity ? `at least ${least}` : `between ${least} and ${most}`;
    throw new OptionProblem(`${what} is a whole number ${bounds}, not ${describe(value)}`);
  }
  return value;
}

/** A value in a few words. */
export function describe(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return "a list";
  return value === undefined ? "nothing" : `a ${typeof value}`;
}
