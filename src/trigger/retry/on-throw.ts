import { requireSteps } from "../run/scope.ts";
import { attemptKey } from "../run/step-key.ts";
import { nextRetryDelay, type RetryOptions } from "./retry-options.ts";

/** What a try is told. */
export interface TryParams {
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/**
 * In a task: calls `fn` until it does not throw. Between two tries the run waits, as by `wait.until`, and holds no slot.
 * @throws what the last try threw; an `AbortTaskRunError` at once
 */
export async function onThrow<T>(
  fn: (params: TryParams) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const scope = requireSteps("retry.onThrow");
  const maxAttempts = options.maxAttempts ?? 3;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn({ attempt, maxAttempts });
    } catch (error) {
      if (error instanceof Error && error.name === "AbortTaskRunError") throw error;
      const delayMs = nextRetryDelay({ ...options, maxAttempts }, attempt);
      if (delayMs === undefined) throw error;
      await scope.run.sleepUntil(attemptKey(scope, "retry.onThrow"), scope.host.now() + delayMs);
    }
  }
}
