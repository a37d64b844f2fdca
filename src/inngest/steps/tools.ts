import { LonghaulError } from "../../core/errors.ts";
import type { RunHandle } from "../../runs/definition.ts";
import { isAttachable, type RunHost } from "../../runs/hosting.ts";
import type { EventInput } from "../../runs/types.ts";
import { durationMs, limitMs, timeMs, YEAR_MS } from "../durations.ts";
import { EventType } from "../events/event-type.ts";
import { inheritSessions, mergeSessions } from "../events/sessions.ts";
import { isStandardSchema } from "../../core/standard-schema.ts";
import { InngestFunctionReference } from "../function-reference.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { StepType } from "../middleware/middleware.ts";
import { checkData } from "../run/check-events.ts";
import { type ExecutionScope, runInScope } from "../run/scope.ts";
import type { BodyWrapper, StepCall, StepTaker } from "../run/take-step.ts";
import { toUserEvent } from "../run/user-event.ts";
import type { SendOutput } from "../send.ts";
import { isPromise } from "../maybe.ts";
import type { AnyFunction, MaybePromise, Untyped } from "../types/json.ts";
import type { StepOptions, StepTools } from "../types/steps.ts";
import { createStepFetch } from "./fetch.ts";
import { badStep, readRunOptions, readStepOptions } from "./step-options.ts";

/** What the tools of an execution work on. */
export interface ToolParts {
  readonly run: RunHandle;
  readonly host: RunHost;
  readonly execution: () => ExecutionScope;
  readonly take: StepTaker;
  /** Sends as a step, through middleware, and once whatever happens. */
  readonly send: (
    payload: unknown,
    store: (events: readonly EventInput[]) => Promise<readonly string[]>,
  ) => Promise<SendOutput>;
}

/** The step tools of one execution. They need no `this`: handlers take them apart. */
export function createStepTools(parts: ToolParts): StepTools {
  const { run, host, execution } = parts;
  /** Describes a step; what is wrong with its arguments rejects, like all that goes wrong with steps. */
  const take = (describe: () => StepCall): Promise<never> => {
    try {
      return parts.take(describe()) as Promise<never>;
    } catch (error) {
      return Promise.reject(error);
    }
  };

  const runStep =
    (type: StepType) =>
    (idOrOptions: unknown, body: AnyFunction, ...input: unknown[]): Promise<never> =>
      take(() => {
        const options = readStepOptions(idOrOptions, true);
        if (typeof body !== "function") throw badStep(options, "its body is no function");
        const settings = readRunOptions(idOrOptions, options);
        return {
          type,
          options,
          input: input.length > 0 ? input : undefined,
          retries: settings.retries,
          perform: ({ id }, args, wrap) =>
            run.run(
              id,
              (attempt) =>
                logFailure(execution(), id, () =>
                  wrap(attempt, () =>
                    runInScope({ execution: execution(), inStep: id }, () => body(...args)),
                  ),
                ),
              settings,
            ),
        };
      });

  const tools: StepTools = {
    run: runStep("run"),

    sleep: (idOrOptions, time) =>
      take(() => ({
        type: "sleep",
        options: readStepOptions(idOrOptions),
        input: [time],
        perform: (options, [time]) =>
          run.sleepUntil(options.id, host.now() + durationMs(time, nameOf("sleep", options))),
      })),

    sleepUntil: (idOrOptions, time) =>
      take(() => ({
        type: "sleep",
        options: readStepOptions(idOrOptions),
        input: [time],
        perform: (options, [time]) =>
          run.sleepUntil(options.id, timeMs(time, nameOf("sleepUntil", options))),
      })),

    waitForEvent: (idOrOptions, wait) =>
      take(() => ({
        type: "waitForEvent",
        options: readStepOptions(idOrOptions),
        input: [wait],
        perform: (options, [wait]) => waitForEvent(parts, options, wait),
      })),

    waitForSignal: (idOrOptions, wait) =>
      take(() => ({
        type: "waitForSignal",
        options: readStepOptions(idOrOptions),
        input: [wait],
        perform: (options, [wait]) => waitForSignal(parts, options, wait),
      })),

    sendSignal: (idOrOptions, signal) =>
      take(() => ({
        type: "sendSignal",
        options: readStepOptions(idOrOptions),
        input: [signal],
        perform: (options, [{ signal, data }], wrap) =>
          run.run(options.id, (attempt) =>
            wrap(attempt, async () => ({
              runId: await host.signal(requireSignal(signal, options), data ?? null),
            })),
          ),
      })),

    sendEvent: (idOrOptions, payload) =>
      take(() => ({
        type: "sendEvent",
        options: readStepOptions(idOrOptions),
        input: undefined,
        perform: ({ id }, _input, wrap, memoized) => sendEvent(parts, id, payload, wrap, memoized),
      })),

    invoke: (idOrOptions, call) =>
      take(() => ({
        type: "invoke",
        options: readStepOptions(idOrOptions),
        input: [call],
        perform: (options, [call]) => invoke(parts, options, call),
      })),

    fetch: createStepFetch(
      () => (id, body) => runStep("fetch")(id, () => body(execution().client.fetch)),
    ),

    ai: {
      wrap: runStep("ai.wrap") as StepTools["run"],
      infer: () => unsupported("step.ai.infer", "it was made by Inngest's server"),
    },

    realtime: {
      publish: () => unsupported("step.realtime.publish", "there are no channels"),
    },
  };
  return tools;
}

/** Errors that are tried again are otherwise seen by nobody. */
function logFailure(
  { client, runId }: ExecutionScope,
  step: string,
  body: () => MaybePromise<unknown>,
): MaybePromise<unknown> {
  const log = (err: unknown): never => {
    client.logger.error({ err, runId, step }, `step ${step} failed`);
    throw err;
  };
  try {
    const result = body();
    return isPromise(result) ? result.then(undefined, log) : result;
  } catch (err) {
    return log(err);
  }
}

/** Events are stored together with the step, so nothing can come between and send them again. */
async function sendEvent(
  { run, send }: ToolParts,
  id: string,
  payload: unknown,
  wrap: BodyWrapper,
  memoized: boolean,
): Promise<SendOutput> {
  if (memoized) return { ids: [...(await run.sendEvents(id, []))] };
  let output: SendOutput = { ids: [] };
  // Ids are stored as they are: what middleware makes of them would be lost at the next replay.
  await wrap(0, async () => (output = await send(payload, (events) => run.sendEvents(id, events))));
  return output;
}

async function waitForEvent(
  { run, host }: ToolParts,
  options: StepOptions,
  wait: Readonly<Record<string, unknown>> | undefined,
): Promise<unknown> {
  const { event, timeout, if: condition, match } = wait ?? {};
  const name = event instanceof EventType ? event.name : event;
  if (typeof name !== "string" || name === "") throw badStep(options, "it waits for no event");
  if (condition !== undefined && match !== undefined)
    throw badStep(options, "it takes if or match, not both");
  const received = await run.waitForEvent(options.id, {
    event: name,
    timeoutMs: limitMs(timeout, host.now(), nameOf("waitForEvent", options)),
    ...(condition !== undefined && { if: textOf(condition, options, "if") }),
    ...(match !== undefined && { match: textOf(match, options, "match") }),
  });
  if (received === null) return null;
  if (event instanceof EventType && isStandardSchema(event.schema))
    await checkData(received.name, received.data, [event.schema]);
  return toUserEvent(received);
}

function waitForSignal(
  { run, host }: ToolParts,
  options: StepOptions,
  wait: Readonly<Record<string, unknown>> | undefined,
): Promise<unknown> {
  const { signal, timeout, onConflict = "fail" } = wait ?? {};
  if (onConflict !== "fail" && onConflict !== "replace")
    throw badStep(options, 'its onConflict is "fail" or "replace"');
  return run.waitForSignal(options.id, {
    signal: requireSignal(signal, options),
    timeoutMs: limitMs(timeout, host.now(), nameOf("waitForSignal", options)),
    onConflict,
  });
}

function invoke(
  { run, host, execution }: ToolParts,
  options: StepOptions,
  call: Readonly<Record<string, Untyped>> | undefined,
): Promise<unknown> {
  const { function: target, data, v, user, timeout } = call ?? {};
  const { client, sessions } = execution();
  const inherited = inheritSessions(
    { meta: call?.["meta"] },
    client.inherits ? sessions : undefined,
  );
  return run.invoke(options.id, {
    functionId: idOf(target, client.id, options),
    data: data ?? {},
    v,
    user,
    meta: mergeSessions("of step.invoke", inherited.meta),
    timeoutMs:
      timeout === undefined ? YEAR_MS : limitMs(timeout, host.now(), nameOf("invoke", options)),
  });
}

function idOf(target: unknown, app: string, options: StepOptions): string {
  if (isAttachable(target) && "client" in target) {
    const fn = target as AnyInngestFunction;
    return fn.id(fn.client.id);
  }
  if (target instanceof InngestFunctionReference)
    return `${target.appId ?? app}-${target.functionId}`;
  if (typeof target === "string" && target !== "") return target;
  throw badStep(
    options,
    "its function is neither a function, a reference nor a function's full id",
  );
}

function requireSignal(signal: unknown, options: StepOptions): string {
  if (typeof signal === "string" && signal !== "") return signal;
  throw badStep(options, "its signal is no name");
}

function textOf(value: unknown, options: StepOptions, what: string): string {
  if (typeof value === "string") return value;
  throw badStep(options, `its ${what} is no text`);
}

const nameOf = (tool: string, { id }: StepOptions): string => `step.${tool}(${JSON.stringify(id)})`;

const unsupported = (feature: string, reason: string): Promise<never> =>
  Promise.reject(new LonghaulError("INNGEST_UNSUPPORTED", { feature, reason }));
