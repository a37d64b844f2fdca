import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import type { Backoff, FlowControl, Trigger } from "../../runs/definition.ts";
import { durationMs } from "../durations.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import type { AnyFunction } from "../types/json.ts";
import type { MiddlewareList } from "../types/middleware.ts";
import { defaultBackoff, readBackoff } from "./backoff.ts";
import {
  describe,
  OptionProblem,
  optionalText,
  refuseUnknown,
  requireObject,
  wholeNumber,
} from "./problem.ts";
import { flowOptionNames, readFlow } from "./read-flow.ts";
import { readMiddleware } from "./read-middleware.ts";
import { readTriggers } from "./read-triggers.ts";

/** A function's options, understood. */
export interface FunctionPlan {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly retries: number;
  readonly backoff: Backoff;
  readonly triggers: readonly Trigger[];
  /** Schemas of the data of events, by trigger. */
  readonly schemas: ReadonlyMap<string, readonly StandardSchemaV1[]>;
  readonly flow: FlowControl;
  readonly middleware: MiddlewareList;
  readonly onFailure: AnyFunction | undefined;
}

/** Inngest's server's, which is what functions get that say nothing. */
const DEFAULT_RETRIES = 4;
export const MAX_RETRIES = 20;

const NAMES = [
  "id",
  "name",
  "description",
  "triggers",
  "retries",
  "backoff",
  "onFailure",
  "middleware",
  "checkpointing",
  "experimentalCheckpointing",
  "optimizeParallelism",
];

/** @throws {LonghaulError} INNGEST_BAD_FUNCTION, INNGEST_BAD_DURATION */
export function readFunction(options: unknown, triggers: unknown, handler: unknown): FunctionPlan {
  let id = "";
  try {
    const raw = requireObject(options, "the first argument");
    id = optionalText(raw["id"], "id") ?? refuse("it has no id");
    if (typeof handler !== "function") refuseHandler(handler);
    return readPlan(id, raw, triggers);
  } catch (error) {
    if (isLonghaulError(error, "INNGEST_BAD_DURATION")) throw named(error, id, error.message);
    if (error instanceof OptionProblem) throw named(error, id, error.message);
    throw error;
  }
}

function readPlan(
  id: string,
  raw: Readonly<Record<string, unknown>>,
  triggers: unknown,
): FunctionPlan {
  refuseUnknown(raw, [...NAMES, ...flowOptionNames()], "a function");
  checkCheckpointing(raw["checkpointing"] ?? raw["experimentalCheckpointing"], "checkpointing");
  const { retries, backoff, onFailure } = raw;
  if (onFailure !== undefined && typeof onFailure !== "function")
    throw new OptionProblem(`onFailure is a function, not ${describe(onFailure)}`);
  return {
    id,
    name: optionalText(raw["name"], "name") ?? id,
    description: optionalText(raw["description"], "description"),
    retries:
      retries === undefined ? DEFAULT_RETRIES : wholeNumber(retries, "retries", 0, MAX_RETRIES),
    backoff: backoff === undefined ? defaultBackoff : readBackoff(backoff, "backoff"),
    ...readTriggers(triggers),
    flow: readFlow(raw),
    middleware: readMiddleware(raw["middleware"]),
    onFailure: onFailure as AnyFunction | undefined,
  };
}

/**
 * Checkpoints decide when Inngest's server hears of finished steps. Here a step is stored before the next begins, which
 * is what the strictest setting asks for; only its shape is checked.
 *
 * @throws {OptionProblem}
 */
export function checkCheckpointing(value: unknown, what: string): void {
  if (value === undefined || typeof value === "boolean") return;
  const raw = requireObject(value, what);
  refuseUnknown(raw, ["maxRuntime", "bufferedSteps", "maxInterval"], what);
  if (raw["maxRuntime"] !== undefined) durationMs(raw["maxRuntime"], `${what}.maxRuntime`);
  if (raw["maxInterval"] !== undefined) durationMs(raw["maxInterval"], `${what}.maxInterval`);
  if (raw["bufferedSteps"] !== undefined)
    wholeNumber(raw["bufferedSteps"], `${what}.bufferedSteps`, 1);
}

function refuseHandler(handler: unknown): never {
  refuse(
    `its handler is ${describe(handler)}; write createFunction(options, trigger, handler), or createFunction({ …options, triggers }, handler)`,
  );
}

function refuse(reason: string): never {
  throw new OptionProblem(reason);
}

const named = (cause: unknown, id: string, reason: string): LonghaulError =>
  new LonghaulError("INNGEST_BAD_FUNCTION", { function: id || "without an id", reason }, { cause });
