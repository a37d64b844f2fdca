import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import type { StepOptions as EngineOptions } from "../../runs/definition.ts";
import { readBackoff } from "../options/backoff.ts";
import { OptionProblem, wholeNumber } from "../options/problem.ts";
import { MAX_RETRIES } from "../options/read-function.ts";
import type { StepOptions } from "../types/steps.ts";

const NO_SETTINGS: EngineOptions = {};
const NAMES: readonly string[] = ["id", "name", "parallelMode"];
const BODY_NAMES: readonly string[] = [...NAMES, "retries", "backoff"];

/**
 * @param hasBody Whether the step may say how it is tried again.
 * @throws {LonghaulError} INNGEST_BAD_STEP
 */
export function readStepOptions(idOrOptions: unknown, hasBody = false): StepOptions {
  if (typeof idOrOptions === "string" && idOrOptions !== "") return { id: idOrOptions };
  const { id, name } = (idOrOptions ?? {}) as Partial<StepOptions>;
  if (typeof id !== "string" || id === "")
    throw badStep({ id: "without an id" }, "its first argument is an id, or options with an id");
  const known = hasBody ? BODY_NAMES : NAMES;
  // Marks that Inngest's own libraries leave for its dashboard begin with ~.
  const unknown = Object.keys(idOrOptions as object).find(
    (key) => !known.includes(key) && !key.startsWith("~"),
  );
  if (unknown !== undefined) throw badStep({ id }, `it has no option ${unknown}`);
  return { id, ...(name !== undefined && { name }) };
}

/**
 * What a step with a body may say for itself.
 *
 * @throws {LonghaulError} INNGEST_BAD_STEP
 */
export function readRunOptions(idOrOptions: unknown, options: StepOptions): EngineOptions {
  if (typeof idOrOptions !== "object" || idOrOptions === null) return NO_SETTINGS;
  const { retries, backoff } = idOrOptions as { retries?: unknown; backoff?: unknown };
  if (retries === undefined && backoff === undefined) return NO_SETTINGS;
  try {
    return {
      ...(retries !== undefined && { retries: wholeNumber(retries, "retries", 0, MAX_RETRIES) }),
      ...(backoff !== undefined && { backoff: readBackoff(backoff, "backoff") }),
    };
  } catch (error) {
    if (error instanceof OptionProblem || isLonghaulError(error))
      throw badStep(options, error.message);
    throw error;
  }
}

/** The error for a step that cannot be taken. */
export const badStep = ({ id }: StepOptions, reason: string): LonghaulError =>
  new LonghaulError("INNGEST_BAD_STEP", { step: id, reason });

/** A step as errors about its options call it. */
export const nameOf = (tool: string, { id }: StepOptions): string =>
  `step.${tool}(${JSON.stringify(id)})`;
