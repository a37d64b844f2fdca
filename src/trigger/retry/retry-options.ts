import { LonghaulError } from "../../core/errors.ts";

/** How often something is tried, and how long is waited between two tries. */
export interface RetryOptions {
  /** Tries in all, the first included. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** Each wait is so many times the one before. @default 2 */
  readonly factor?: number | undefined;
  /** The first wait, ms. @default 1000 */
  readonly minTimeoutInMs?: number | undefined;
  /** The longest wait, ms. @default 60000 */
  readonly maxTimeoutInMs?: number | undefined;
  /** Makes each wait longer by a random part, up to twice as long. @default true */
  readonly randomize?: boolean | undefined;
}

/** How a task is retried. */
export interface TaskRetryOptions extends RetryOptions {
  /** Tries a run that is out of memory again only if this names another machine than it had. */
  readonly outOfMemory?: { readonly machine?: string | undefined } | undefined;
}

/** No option missing. */
export type CompleteRetryOptions = {
  readonly [K in keyof RetryOptions]-?: NonNullable<RetryOptions[K]>;
};

/** A run never has more attempts. */
export const MAX_ATTEMPTS = 250;

export const DEFAULT_RETRY: CompleteRetryOptions = {
  maxAttempts: 3,
  factor: 2,
  minTimeoutInMs: 1_000,
  maxTimeoutInMs: 60_000,
  randomize: true,
};

/** What is not said takes its default. */
export function completeRetry(options: RetryOptions = {}): CompleteRetryOptions {
  const { maxAttempts, factor, minTimeoutInMs, maxTimeoutInMs, randomize } = options;
  return {
    maxAttempts: Math.min(maxAttempts ?? DEFAULT_RETRY.maxAttempts, MAX_ATTEMPTS),
    factor: factor ?? DEFAULT_RETRY.factor,
    minTimeoutInMs: minTimeoutInMs ?? DEFAULT_RETRY.minTimeoutInMs,
    maxTimeoutInMs: maxTimeoutInMs ?? DEFAULT_RETRY.maxTimeoutInMs,
    randomize: randomize ?? DEFAULT_RETRY.randomize,
  };
}

/**
 * How long to wait before the next try, ms; `undefined` if there is none left.
 *
 * @param attempt The number of the try that failed, from 1.
 * @param random From 0 up to 1.
 */
export function nextRetryDelay(
  options: RetryOptions,
  attempt: number,
  random: () => number = Math.random,
): number | undefined {
  const retry = completeRetry(options);
  if (attempt >= retry.maxAttempts) return undefined;
  const spread = retry.randomize ? 1 + random() : 1;
  const delay = spread * retry.minTimeoutInMs * retry.factor ** (attempt - 1);
  return Math.round(Math.min(retry.maxTimeoutInMs, delay));
}

const BOUNDS: Readonly<Record<string, number>> = {
  maxAttempts: 1,
  factor: 0,
  minTimeoutInMs: 0,
  maxTimeoutInMs: 0,
};

/**
 * Refuses options that no formula can work with.
 * @param owner For the error: `the task "mail"`.
 * @throws {LonghaulError} TASK_BAD_OPTION
 */
export function checkRetry(options: RetryOptions, owner: string): void {
  for (const [name, least] of Object.entries(BOUNDS)) {
    const value = options[name as keyof RetryOptions];
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isFinite(value) || value < least)
      throw new LonghaulError("TASK_BAD_OPTION", {
        owner,
        reason: `retry.${name} is ${String(value)}, and must be a number from ${least} up`,
      });
  }
}
