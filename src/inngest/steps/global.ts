import { LonghaulError } from "../../core/errors.ts";
import { currentScope, type ExecutionScope } from "../run/scope.ts";
import type { Untyped } from "../types/json.ts";
import type { StepTools } from "../types/steps.ts";
import { createStepFetch, type StepFetch, type StoredResponse } from "./fetch.ts";
import type { GroupTools } from "./group.ts";

/**
 * Tools that find the execution they are used in, for code that is called from a handler and is not given its `step`.
 */

/**
 * `fetch` that is a step when it is called from a handler, and the usual fetch elsewhere.
 *
 * @example
 * const api = new ApiClient({ fetch });
 */
export const fetch: StepFetch = createStepFetch(() => {
  const execution = currentScope()?.execution;
  if (execution === undefined) return undefined;
  return (id, body) =>
    execution.step.run(id, () => body(execution.client.fetch)) as Promise<StoredResponse>;
});

/** The step tools of the function that is running. */
export const step: StepTools = {
  run: (...args) => tools("step.run").step.run(...args),
  sleep: (...args) => tools("step.sleep").step.sleep(...args),
  sleepUntil: (...args) => tools("step.sleepUntil").step.sleepUntil(...args),
  waitForEvent: (...args) => tools("step.waitForEvent").step.waitForEvent(...args),
  waitForSignal: (...args) => tools("step.waitForSignal").step.waitForSignal(...args),
  sendSignal: (...args) => tools("step.sendSignal").step.sendSignal(...args),
  sendEvent: (...args) => tools("step.sendEvent").step.sendEvent(...args),
  invoke: (...args) => tools("step.invoke").step.invoke(...args),
  fetch,
  ai: {
    wrap: (...args) => tools("step.ai.wrap").step.ai.wrap(...args),
    infer: (...args) => tools("step.ai.infer").step.ai.infer(...args),
  },
  realtime: {
    publish: (...args) => tools("step.realtime.publish").step.realtime.publish(...args),
  },
};

/** The group tools of the function that is running. */
export const group: GroupTools = {
  parallel: (...args: [Untyped, Untyped?]) =>
    tools("group.parallel").group.parallel(...(args as [Untyped, Untyped])),
  experiment: (...args) => tools("group.experiment").group.experiment(...args),
};

function tools(tool: string): ExecutionScope {
  const execution = currentScope()?.execution;
  if (execution === undefined) throw new LonghaulError("INNGEST_NOT_IN_FUNCTION", { tool });
  return execution;
}
