import { isLonghaulError } from "../core/errors.ts";
import type { FunctionDefinition, RetryDecision, StepOptions } from "./definition.ts";

/** What becomes of something that was thrown. */
export interface Verdict {
  /** How long to wait before the next attempt; `undefined` if there is none. */
  readonly delayMs: number | undefined;
  /** What is recorded. */
  readonly error: unknown;
}

/**
 * Decides about an error.
 * @param attempts made so far, at least one
 * @param step options of the step, if it was one that failed
 */
export function judge(
  definition: FunctionDefinition,
  thrown: unknown,
  attempts: number,
  step?: Pick<StepOptions, "retries" | "backoff">,
): Verdict {
  try {
    const { retry, delayMs, error = thrown } = (definition.decideRetry ?? byDefault)(thrown);
    if (!retry || attempts > (step?.retries ?? definition.retries))
      return { delayMs: undefined, error };
    const delay = delayMs ?? (step?.backoff ?? definition.backoff)(attempts);
    // A backoff is the user's function; a bad number must not become a due time.
    return { delayMs: Number.isFinite(delay) ? Math.max(0, delay) : 0, error };
  } catch (error) {
    // They are the user's functions.
    return { delayMs: undefined, error };
  }
}

const byDefault = (error: unknown): RetryDecision => ({
  retry: !isLonghaulError(error) || error.retryable,
});
