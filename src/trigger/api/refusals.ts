import { LonghaulError } from "../../core/errors.ts";

/** @throws {LonghaulError} TASK_NOT_FOUND */
export function notFound(what: string, id: string): never {
  throw new LonghaulError("TASK_NOT_FOUND", { what, id });
}

/**
 * Refuses a call with arguments that cannot be used.
 * @param call `runs.list`
 * @throws {LonghaulError} TASK_BAD_CALL
 */
export function badCall(call: string, reason: string): never {
  throw new LonghaulError("TASK_BAD_CALL", { call, reason });
}

/** @throws {LonghaulError} TASK_UNSUPPORTED */
export function unsupported(feature: string, reason: string): never {
  throw new LonghaulError("TASK_UNSUPPORTED", { feature, reason });
}

/**
 * Refuses properties that nothing is done with.
 * @param lacking Those that Trigger.dev has, and why they are not here.
 * @throws {LonghaulError} TASK_BAD_CALL, TASK_UNSUPPORTED
 */
export function checkProperties(
  call: string,
  given: unknown,
  known: readonly string[],
  lacking: Readonly<Record<string, string>> = {},
): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    badCall(call, `it takes an object, and was given ${describe(given)}`);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    const reason = lacking[name];
    if (reason !== undefined) unsupported(`${name} in ${call}`, reason);
    badCall(call, `there is no option ${name}`);
  }
}

/** @throws {LonghaulError} TASK_BAD_CALL */
export function readText(call: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  return badCall(call, `${name} is ${describe(value)}, and must be text`);
}

/**
 * The id of something that is given by its id, or as an object that has one.
 * @throws {LonghaulError} TASK_BAD_CALL
 */
export function readId(call: string, given: unknown): string {
  const id: unknown =
    typeof given === "object" && given !== null && "id" in given ? given.id : given;
  return readText(call, "the id", id);
}

/** @throws {LonghaulError} TASK_BAD_CALL */
export function readWhole(
  call: string,
  name: string,
  value: unknown,
  { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
    return value as number;
  const range =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `from ${min} to ${max}`;
  return badCall(call, `${name} is ${describe(value)}, and must be ${range}`);
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null
    ? Array.isArray(value)
      ? "a list"
      : "an object"
    : String(value);
}
