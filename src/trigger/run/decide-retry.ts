import { isLonghaulError } from "../../core/errors.ts";
import type { HookSource } from "../hooks/hook-set.ts";
import {
  completeRetry,
  MAX_ATTEMPTS,
  nextRetryDelay,
  type RetryOptions,
  type TaskRetryOptions,
} from "../retry/retry-options.ts";
import type {
  CatchErrorHook,
  CatchErrorResult,
  HookParams,
  LifecycleHooks,
} from "../types/hooks.ts";

/** What is to become of a run whose attempt has failed. */
export interface RetryVerdict {
  /** The error to record. */
  readonly error: unknown;
  /** Of the next attempt, ms from now; none if there is to be none. */
  readonly delayMs?: number | undefined;
  /** Whether attempts were left and are not made. */
  readonly isSkipped: boolean;
}

/** What a verdict rests on. */
export interface RetryQuestion {
  readonly params: HookParams;
  readonly error: unknown;
  readonly hooks: LifecycleHooks;
  readonly globals: HookSource;
  /** The task's own, or the default of the configuration; without either nothing is retried. */
  readonly retry: TaskRetryOptions | undefined;
  /** What the trigger said. */
  readonly maxAttempts: number | undefined;
  readonly now: () => number;
}

const NEVER_RETRIED: ReadonlySet<string> = new Set(["AbortTaskRunError", "TaskPayloadParsedError"]);
/** A call that was refused for one of these may be taken another time. */
const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429]);
/** So much later than asked for, at random, so that those who wait for one limit do not come all at once. */
const RATE_LIMIT_SPREAD_MS = 2_000;

/** Whether, and when, a failed attempt is followed by another. Asks `catchError`: the task's first, then the global ones. */
export async function decideRetry(question: RetryQuestion): Promise<RetryVerdict> {
  const { error, params } = question;
  if (isNeverRetried(error)) return { error, isSkipped: true };
  const attempt = params.ctx.attempt.number;
  const retry = formulaOf(question);
  if (isOutOfMemory(error)) {
    const machine = question.retry?.outOfMemory?.machine;
    if (machine === undefined || machine === params.ctx.machine.name)
      return { error, isSkipped: true };
  }
  const refusal = refusalOf(error);
  if (refusal === "final") return { error, isSkipped: true };
  let delayMs = retry && nextRetryDelay(retry, attempt);
  if (delayMs !== undefined && refusal !== undefined)
    delayMs = refusal.afterMs + Math.floor(Math.random() * RATE_LIMIT_SPREAD_MS);
  const said = await askHooks(question, retry, delayMs);
  const verdict = said ? obey(said, question, attempt) : { error, delayMs, isSkipped: false };
  return attempt >= MAX_ATTEMPTS ? { ...verdict, delayMs: undefined } : verdict;
}

/** What the trigger says of attempts goes over what the task says; without any formula it takes the default one. */
function formulaOf({ retry, maxAttempts }: RetryQuestion): RetryOptions | undefined {
  if (maxAttempts === undefined) return retry && completeRetry(retry);
  return completeRetry({ ...retry, maxAttempts: Math.max(maxAttempts, 1) });
}

async function askHooks(
  { hooks, globals, params, error, now }: RetryQuestion,
  retry: RetryOptions | undefined,
  retryDelayInMs: number | undefined,
): Promise<Exclude<CatchErrorResult, undefined | void> | undefined> {
  const own = hooks.catchError ?? hooks.handleError;
  const shared = [...globals.get("catchError"), ...globals.get("handleError")];
  const asked: CatchErrorHook[] = own ? [own, ...shared] : shared;
  if (asked.length === 0) return undefined;
  const retryAt = retryDelayInMs === undefined ? undefined : new Date(now() + retryDelayInMs);
  for (const hook of asked) {
    const said = await hook({ ...params, error, retry, retryAt, retryDelayInMs });
    if (said) return said;
  }
  return undefined;
}

/** An answer that says nothing of retrying ends it. */
function obey(
  said: Exclude<CatchErrorResult, undefined | void>,
  { error: thrown, now }: RetryQuestion,
  attempt: number,
): RetryVerdict {
  const error = said.error ?? thrown;
  if (said.skipRetrying === true) return { error, isSkipped: true };
  if (said.retryAt !== undefined)
    return { error, delayMs: Math.max(said.retryAt.getTime() - now(), 0), isSkipped: false };
  if (said.retryDelayInMs !== undefined)
    return { error, delayMs: Math.max(said.retryDelayInMs, 0), isSkipped: false };
  const delayMs = said.retry && nextRetryDelay(said.retry, attempt);
  return { error, delayMs, isSkipped: false };
}

/** Errors of a step that was replayed, or of a child, have the name only. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

/** Errors that no further try would help. */
export const isNeverRetried = (error: unknown): boolean =>
  NEVER_RETRIED.has(nameOf(error)) || (isLonghaulError(error) && !error.retryable);

const isOutOfMemory = (error: unknown): boolean => nameOf(error) === "OutOfMemoryError";

/** What an API's refusal says of another try. */
function refusalOf(error: unknown): "final" | { readonly afterMs: number } | undefined {
  if (nameOf(error) !== "TriggerApiError") return undefined;
  const { status, millisecondsUntilReset } = error as {
    readonly status?: number;
    readonly millisecondsUntilReset?: number;
  };
  if (status === undefined) return undefined;
  if (status === 429 && millisecondsUntilReset !== undefined)
    return { afterMs: millisecondsUntilReset };
  return status >= 400 && status < 500 && !RETRIED_STATUSES.has(status) ? "final" : undefined;
}
