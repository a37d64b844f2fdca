import { LonghaulError } from "../../core/errors.ts";
import { CompleteTaskWithOutput, TaskPayloadParsedError } from "../errors/task-errors.ts";
import { hooksOf, type HookSource, HookSet } from "../hooks/hook-set.ts";
import type { TaskRetryOptions } from "../retry/retry-options.ts";
import type { Parser } from "../schema.ts";
import type { TaskRunContext } from "../types/context.ts";
import type { AttemptResult, HookName, HookParams, LifecycleHooks } from "../types/hooks.ts";
import { decideRetry, type RetryVerdict } from "./decide-retry.ts";

/**
 * One attempt of a task: its code with all hooks around it, in the order of Trigger.dev.
 *
 *   payload parsed → middleware (global, then the task's) around:
 *     init (global, task) → onStart (first attempt) → onStartAttempt → run
 *       → onSuccess → onComplete
 *       → or catchError (task, global); if there is no further attempt: onFailure → onComplete
 *     → cleanup → what `waitUntil` was given
 *
 * What `init`, `onStart` and `onStartAttempt` throw fails the attempt. What `onSuccess`, `onFailure`, `onComplete` and
 * `cleanup` throw is reported and changes nothing. What `catchError` or middleware throws fails the attempt without asking
 * `catchError`.
 */

/** A task, as far as an attempt needs it. */
export interface AttemptTask {
  readonly id: string;
  readonly hooks: LifecycleHooks;
  readonly retry: TaskRetryOptions | undefined;
  readonly parse: Parser | undefined;
  readonly run: (payload: unknown, params: RunParams) => unknown;
}

/** What `run` gets besides the payload. */
export interface RunParams {
  readonly ctx: TaskRunContext;
  readonly signal: AbortSignal;
  readonly init: unknown;
}

/** One attempt to make. */
export interface Attempt {
  readonly task: AttemptTask;
  readonly payload: unknown;
  readonly ctx: TaskRunContext;
  readonly signal: AbortSignal;
  readonly globals: HookSource;
  /** What the trigger said. */
  readonly maxAttempts: number | undefined;
  /** Whether failures are retried in this environment. */
  readonly retries: boolean;
  readonly now: () => number;
  /** Takes what a hook threw that changes nothing. */
  readonly report: (hook: HookName, error: unknown) => void;
  /** Is told what the hooks get, once payload and `init` are known. */
  readonly prepared: (params: HookParams) => void;
  /** Resolves when what was given to `waitUntil` is done. */
  readonly settle: () => Promise<void>;
}

/** What an attempt came to. */
export type AttemptOutcome =
  { readonly ok: true; readonly output: unknown } | ({ readonly ok: false } & RetryVerdict);

/** Makes one attempt. Never rejects. */
export async function runAttempt(attempt: Attempt): Promise<AttemptOutcome> {
  const { task, ctx, signal, globals } = attempt;
  let payload: unknown;
  try {
    payload = task.parse ? await task.parse(attempt.payload) : attempt.payload;
  } catch (error) {
    return { ok: false, error: new TaskPayloadParsedError(error), isSkipped: true };
  }
  const base: HookParams = { payload, ctx, task: task.id, signal };
  attempt.prepared(base);
  let outcome: AttemptOutcome | undefined;
  let next = async (): Promise<void> => {
    outcome = await runInside(attempt, base);
  };
  for (const middleware of hooksOf("middleware", globals, task.hooks).toReversed()) {
    const inner = next;
    next = async () => {
      await middleware({ ...base, next: inner });
    };
  }
  try {
    await next();
    return outcome ?? (await failMiddleware(attempt, base, "it did not call next()"));
  } catch (error) {
    return failMiddleware(attempt, base, String(error), error);
  }
}

/** Init, start, run and the rest. */
async function runInside(attempt: Attempt, base: HookParams): Promise<AttemptOutcome> {
  let params = base;
  let outcome: AttemptOutcome;
  try {
    params = { ...base, init: await callInit(attempt, base) };
    attempt.prepared(params);
    if (base.ctx.attempt.number === 1) await callAll(attempt, "onStart", params);
    await callAll(attempt, "onStartAttempt", params);
    outcome = { ok: true, output: await callRun(attempt, params) };
  } catch (error) {
    outcome = await decide(attempt, params, error);
  }
  if (outcome.ok) await callQuietly(attempt, "onSuccess", { ...params, output: outcome.output });
  else if (outcome.delayMs === undefined)
    await callQuietly(attempt, "onFailure", { ...params, error: outcome.error });
  if (outcome.ok || outcome.delayMs === undefined) {
    const result: AttemptResult = outcome.ok
      ? { ok: true, data: outcome.output }
      : { ok: false, error: outcome.error };
    await callQuietly(attempt, "onComplete", { ...params, result });
  }
  await callQuietly(attempt, "cleanup", params);
  await attempt.settle();
  return outcome;
}

async function callRun({ task }: Attempt, params: HookParams): Promise<unknown> {
  const { payload, ctx, signal, init } = params;
  try {
    return await task.run(payload, { ctx, signal, init });
  } catch (error) {
    if (error instanceof CompleteTaskWithOutput) return error.output;
    throw error;
  }
}

async function callInit(attempt: Attempt, params: HookParams): Promise<unknown> {
  const hooks = hooksOf("init", attempt.globals, attempt.task.hooks);
  let init: unknown;
  for (const hook of hooks) {
    const result: unknown = await hook(params);
    init = isRecord(result) && isRecord(init) ? { ...init, ...result } : (result ?? init);
  }
  return init;
}

async function decide(
  attempt: Attempt,
  params: HookParams,
  error: unknown,
): Promise<AttemptOutcome> {
  const { task, globals, maxAttempts, now, retries } = attempt;
  if (!retries) return { ok: false, error, isSkipped: true };
  const question = {
    params,
    error,
    hooks: task.hooks,
    globals,
    retry: task.retry,
    maxAttempts,
    now,
  };
  try {
    return { ok: false, ...(await decideRetry(question)) };
  } catch (thrown) {
    const failure = new LonghaulError(
      "TASK_HOOK_FAILED",
      { task: task.id, hook: "catchError", reason: String(thrown) },
      { cause: thrown },
    );
    return { ok: false, error: failure, isSkipped: false };
  }
}

/** Middleware that failed is tried again by the task's formula; `catchError` is not asked. */
async function failMiddleware(
  attempt: Attempt,
  params: HookParams,
  reason: string,
  cause?: unknown,
): Promise<AttemptOutcome> {
  const { task, maxAttempts, now, retries } = attempt;
  const error = new LonghaulError(
    "TASK_HOOK_FAILED",
    { task: task.id, hook: "middleware", reason },
    { cause },
  );
  if (!retries) return { ok: false, error, isSkipped: true };
  const { retry } = task;
  const none = { hooks: {}, globals: NO_HOOKS };
  // The formula is asked about a plain error: the catalogued one is not retryable by itself.
  const verdict = await decideRetry({ params, error: undefined, ...none, retry, maxAttempts, now });
  return { ok: false, ...verdict, error };
}

async function callAll(attempt: Attempt, hook: "onStart" | "onStartAttempt", params: HookParams) {
  for (const listener of hooksOf(hook, attempt.globals, attempt.task.hooks)) await listener(params);
}

type QuietHook = "onSuccess" | "onFailure" | "onComplete" | "cleanup";

async function callQuietly<TParams extends HookParams>(
  attempt: Attempt,
  hook: QuietHook,
  params: TParams,
): Promise<void> {
  for (const listener of hooksOf(hook, attempt.globals, attempt.task.hooks)) {
    try {
      await (listener as (params: TParams) => unknown)(params);
    } catch (error) {
      attempt.report(hook, error);
    }
  }
}

const NO_HOOKS = new HookSet();

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
