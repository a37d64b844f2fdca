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
  run: (...args) => use("step.run", ({ step }) => step.run(...args)),
  sleep: (...args) => use("step.sleep", ({ step }) => step.sleep(...args)),
  sleepUntil: (...args) => use("step.sleepUntil", ({ step }) => step.sleepUntil(...args)),
  waitForEvent: (...args) => use("step.waitForEvent", ({ step }) => step.waitForEvent(...args)),
  waitForSignal: (...args) => use("step.waitForSignal", ({ step }) => step.waitForSignal(...args)),
  sendSignal: (...args) => use("step.sendSignal", ({ step }) => step.sendSignal(...args)),
  sendEvent: (...args) => use("step.sendEvent", ({ step }) => step.sendEvent(...args)),
  invoke: (...args) => use("step.invoke", ({ step }) => step.invoke(...args)),
  fetch,
  ai: {
    wrap: (...args) => use("step.ai.wrap", ({ step }) => step.ai.wrap(...args)),
    infer: (...args) => use("step.ai.infer", ({ step }) => step.ai.infer(...args)),
  },
  realtime: {
    publish: (...args) =>
      use("step.realtime.publish", ({ step }) => step.realtime.publish(...args)),
  },
};

/** The group tools of the function that is running. */
export const group: GroupTools = {
  parallel: (...args: [Untyped, Untyped?]) =>
    use("group.parallel", ({ group }) => group.parallel(...(args as [Untyped, Untyped]))),
  experiment: (...args) => use("group.experiment", ({ group }) => group.experiment(...args)),
};

function use<T>(tool: string, call: (execution: ExecutionScope) => Promise<T>): Promise<T> {
  const execution = currentScope()?.execution;
  if (execution !== undefined) return call(execution);
  return Promise.reject(new LonghaulError("INNGEST_NOT_IN_FUNCTION", { tool }));
}
