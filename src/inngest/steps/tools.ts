import { LonghaulError } from "../../core/errors.ts";
import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { EventInput } from "../../runs/types.ts";
import { durationMs, limitMs, timeMs } from "../durations.ts";
import { isPromise } from "../maybe.ts";
import type { StepType } from "../middleware/middleware.ts";
import { type ExecutionScope, runInScope } from "../run/scope.ts";
import type { BodyWrapper, StepCall, StepTaker } from "../run/take-step.ts";
import type { SendOutput } from "../send.ts";
import type { AnyFunction, MaybePromise } from "../types/json.ts";
import type { StepOptions, StepTools } from "../types/steps.ts";
import { createStepFetch } from "./fetch.ts";
import { invoke } from "./invoke.ts";
import { badStep, nameOf, readRunOptions, readStepOptions } from "./step-options.ts";
import { waitForEvent } from "./wait-for-event.ts";

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
                    runInScope({ execution: execution(), inStep: id, attempt }, () =>
                      body(...args),
                    ),
                  ),
                ),
              settings,
            ),
        };
      });

  const tools: StepTools = {
    run: runStep("run"),

    sleep: (idOrOptions, time) =>
      take(() =>
        sleep(
          parts,
          readStepOptions(idOrOptions),
          (options) => host.now() + durationMs(time, nameOf("sleep", options)),
        ),
      ),

    sleepUntil: (idOrOptions, time) =>
      take(() =>
        sleep(parts, readStepOptions(idOrOptions), (options) =>
          timeMs(time, nameOf("sleepUntil", options)),
        ),
      ),

    waitForEvent: (idOrOptions, wait) =>
      take(() => waitForEvent(parts, readStepOptions(idOrOptions), wait)),

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

    invoke: (idOrOptions, call) => take(() => invoke(parts, readStepOptions(idOrOptions), call)),

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

/** Middleware is not told how long; what it gives as input takes the place of that. */
function sleep(
  { run, host }: ToolParts,
  options: StepOptions,
  end: (options: StepOptions) => number,
): StepCall {
  return {
    type: "sleep",
    options,
    input: undefined,
    perform: (options, input) => {
      if (input.length === 0) return run.sleepUntil(options.id, end(options));
      const now = host.now();
      return run.sleepUntil(options.id, now + limitMs(input[0], now, nameOf("sleep", options)));
    },
  };
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

function requireSignal(signal: unknown, options: StepOptions): string {
  if (typeof signal === "string" && signal !== "") return signal;
  throw badStep(options, "its signal is no name");
}

const unsupported = (feature: string, reason: string): Promise<never> =>
  Promise.reject(new LonghaulError("INNGEST_UNSUPPORTED", { feature, reason }));
