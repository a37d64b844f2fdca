import { isLonghaulError } from "../core/errors.ts";
import type { FunctionDefinition, RetryDecision, StepOptions } from "./definition.ts";

/**
 * How long to wait before the next attempt, or `undefined` if there is none.
 * @param attempts made so far, at least one
 * @param step options of the step, if it was one that failed
 */
export function retryDelayMs(
  definition: FunctionDefinition,
  error: unknown,
  attempts: number,
  step?: StepOptions,
): number | undefined {
  if (attempts > (step?.retries ?? definition.retries)) return undefined;
  const { retry, delayMs } = (definition.decideRetry ?? byDefault)(error);
  if (!retry) return undefined;
  const delay = delayMs ?? (step?.backoff ?? definition.backoff)(attempts);
  // A backoff is the user's function; a bad number must not become a due time.
  return Number.isFinite(delay) ? Math.max(0, delay) : 0;
}

const byDefault = (error: unknown): RetryDecision => ({
  retry: !isLonghaulError(error) || error.retryable,
});
