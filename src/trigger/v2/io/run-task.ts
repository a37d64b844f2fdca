import { LonghaulError } from "../../../core/errors.ts";
import { type RetryDecision, StepError } from "../../../runs/definition.ts";
import type { Untyped } from "../../types/untyped.ts";
import type { RunScope } from "../run-scope.ts";
import { TaskFailure } from "./failure.ts";
import type { IO } from "./io.ts";
import { checkRetry, type RetryOptions, retryDelay } from "./retry.ts";
import { keyText, type TaskKey } from "./task-key.ts";

/** How a task runs. */
export interface RunTaskOptions {
  /** Without it, the first error fails the task. */
  readonly retry?: RetryOptions | undefined;
  /** The callback is not called before. */
  readonly delayUntil?: Date | undefined;
  /** The callback is not called: the task only takes its time. @default false */
  readonly noop?: boolean | undefined;
  /** For people; given to the callback with the task. @default the key */
  readonly name?: string | undefined;
  readonly icon?: string | undefined;
  readonly description?: string | undefined;
  readonly params?: Untyped;
  readonly properties?: readonly TaskProperty[] | undefined;
  readonly style?: { readonly style: string; readonly variant?: string | undefined } | undefined;
}

/** Something to show of a task. */
export interface TaskProperty {
  readonly label: string;
  readonly text: string;
  readonly url?: string | undefined;
}

/** What a task's callback knows of its task. */
export interface ServerTask {
  /** Unique in the run. */
  readonly id: string;
  readonly idempotencyKey: string;
  readonly name: string;
  /** This one included, from 1. */
  readonly attempts: number;
  readonly status: "RUNNING";
  readonly startedAt: Date;
  readonly noop: false;
  readonly icon: string | null;
  readonly description: string | null;
  readonly params: Untyped;
  readonly properties: readonly TaskProperty[];
  readonly delayUntil: Date | null;
}

/** What to do about a task's error. */
export type OnErrorResult =
  | Error
  | {
      /** Try again then, whatever `retry` says. */
      readonly retryAt?: Date | undefined;
      /** Is recorded in place of what was thrown. */
      readonly error?: unknown;
      /** Do not try again. */
      readonly skipRetrying?: boolean | undefined;
    }
  | undefined
  | void;

/** Is told of each error of a task, and may say what to do. What it throws is recorded in place of the error. */
export type RunTaskErrorCallback = (
  error: unknown,
  task: ServerTask,
  io: IO,
) => OnErrorResult | Promise<OnErrorResult>;

/** What Trigger.dev's servers did for a task and nobody does here. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  callback: "nobody listens for the request that would complete the task; use io.waitForEvent()",
  operation: "use io.backgroundFetch() or io.backgroundPoll()",
  redact: "results are stored as they are; return only what may be stored",
  connectionKey: "there are no integrations; make the API's client in the task",
  trigger: "tasks do not register triggers",
};

/** Runs a callback once: afterwards its result is read from the journal. */
export async function runTask<T>(
  scope: RunScope,
  key: TaskKey,
  callback: (task: ServerTask, io: IO) => Promise<T>,
  options: RunTaskOptions & { readonly parseOutput?: ((output: unknown) => T) | undefined },
  onError: RunTaskErrorCallback | undefined,
): Promise<T> {
  const { run, host, io } = scope;
  const { retry, delayUntil, parseOutput = (output: unknown) => output as T } = options;
  const call = `io.runTask(${JSON.stringify(key)})`;
  const id = keyText(key, call);
  checkOptions(options, call);
  if (options.noop) {
    await (delayUntil ? run.sleepUntil(id, delayUntil.getTime()) : run.run(id, () => undefined));
    return parseOutput(undefined);
  }
  const body = async (failed: number): Promise<T> => {
    const task = describe(id, options, run.id, failed, host.now());
    try {
      if (delayUntil) await run.sleepUntil("delayUntil", delayUntil.getTime());
      return await callback(task, io);
    } catch (error) {
      throw new TaskFailure(await decide(error, task));
    }
  };
  const decide = async (error: unknown, task: ServerTask): Promise<RetryDecision> => {
    const { error: shown, skipRetrying, retryAt } = await askOnError(error, task);
    if (retryAt && !skipRetrying)
      return { retry: true, delayMs: retryAt.getTime() - host.now(), error: shown };
    // A task inside had attempts of its own.
    const isFinal = skipRetrying || shown instanceof StepError || retry === undefined;
    const delayMs = isFinal ? undefined : retryDelay(retry, task.attempts - 1);
    return { retry: delayMs !== undefined, delayMs, error: shown };
  };
  const askOnError = async (
    error: unknown,
    task: ServerTask,
  ): Promise<Exclude<OnErrorResult, Error | undefined | void>> => {
    try {
      const result = await onError?.(error, task, io);
      if (result instanceof Error) return { error: result };
      return { ...result, error: result?.error ?? error };
    } catch (thrown) {
      return { error: thrown };
    }
  };
  return parseOutput(await run.group(id, body, { retries: Infinity }));
}

function checkOptions(options: RunTaskOptions, call: string): void {
  for (const [name, reason] of Object.entries(UNSUPPORTED))
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined)
      throw new LonghaulError("TRIGGER_V2_UNSUPPORTED", {
        feature: `${name} of io.runTask()`,
        reason,
      });
  if (options.retry) checkRetry(options.retry, call);
  if (options.delayUntil && Number.isNaN(options.delayUntil.getTime()))
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", { call, reason: "delayUntil is no valid Date" });
}

function describe(
  key: string,
  options: RunTaskOptions,
  runId: string,
  failed: number,
  now: number,
): ServerTask {
  const id = `${runId}:${key}`;
  return {
    id,
    idempotencyKey: id,
    name: options.name ?? key,
    attempts: failed + 1,
    status: "RUNNING",
    startedAt: new Date(now),
    noop: false,
    icon: options.icon ?? null,
    description: options.description ?? null,
    params: options.params as unknown,
    properties: options.properties ?? [],
    delayUntil: options.delayUntil ?? null,
  };
}
