import { LonghaulError } from "../../core/errors.ts";
import type { StepType } from "../middleware/middleware.ts";
import type { MaybePromise, Untyped } from "../types/json.ts";
import type { StepOptions } from "../types/steps.ts";
import { currentScope, type ExecutionScope } from "./scope.ts";

/** A step as the tools describe it. */
export interface StepCall {
  readonly type: StepType;
  readonly options: StepOptions;
  /** What was passed besides id and body; middleware may change it. */
  readonly input: readonly unknown[] | undefined;
  /** Tries after the first, where the step says so itself. */
  readonly retries?: number | undefined;
  /** Hands it to the engine, as middleware left it. */
  perform(
    options: StepOptions,
    input: readonly Untyped[],
    wrap: BodyWrapper,
    memoized: boolean,
  ): Promise<unknown>;
}

/** What goes around a step's body: observers and wraps of middleware, if there is any. */
export type BodyWrapper = (
  attempt: number,
  body: () => MaybePromise<unknown>,
) => MaybePromise<unknown>;

/** Takes a step. */
export type StepTaker = (call: StepCall) => Promise<unknown>;

const plainBody: BodyWrapper = (_attempt, body) => body();

/**
 * Takes steps without middleware: the engine hears of the call before this returns, so that it knows of all steps that
 * are started together. Errors reject; they are never thrown at the call.
 */
export const plainTaker: StepTaker = ({ options, input = [], perform }) =>
  perform(options, input, plainBody, false);

/** Refuses steps inside of bodies, and counts. */
export function guarded(take: StepTaker, execution: () => ExecutionScope): StepTaker {
  return (call) => {
    try {
      const scope = currentScope();
      if (scope?.inStep !== undefined && scope.execution === execution())
        throw new LonghaulError("RUNS_NESTED_STEP", { step: call.options.id });
      execution().stepCount++;
      return take(call);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
}
