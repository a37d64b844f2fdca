import type { RetryDecision } from "../runs/definition.ts";
import { StepError } from "../runs/definition.ts";
import { isLonghaulError } from "../core/errors.ts";
import { durationMs } from "./durations.ts";

export { StepError };

/** Shortest and longest wait that a {@link RetryAfterError} can ask for. */
const RETRY_AFTER_MS = { least: 1_000, most: 24 * 3_600_000 };

/** Thrown in a step or a handler, it ends it for good: trying again would not help. */
export class NonRetriableError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "NonRetriableError";
  }
}

/** Thrown in a step or a handler, it says when to try again, instead of the usual wait. */
export class RetryAfterError extends Error {
  /** Seconds, or an ISO 8601 time. */
  readonly retryAfter: string;

  /** @param retryAfter A duration (ms or text), or the time itself. It is kept between a second and a day. */
  constructor(message: string, retryAfter: number | string | Date, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "RetryAfterError";
    this.retryAfter =
      retryAfter instanceof Date
        ? retryAfter.toISOString()
        : String(Math.ceil(durationMs(retryAfter, "RetryAfterError's retryAfter") / 1_000));
  }
}

/**
 * Whether and when what threw `error` is tried again. Errors are known by their names too: those of another copy of
 * the package count.
 *
 * @param now Epoch ms.
 */
export function decideRetry(error: unknown, now: number): RetryDecision {
  const name = (error as { readonly name?: unknown } | null | undefined)?.name;
  if (error instanceof NonRetriableError || name === "NonRetriableError") return { retry: false };
  // A step that is out of attempts was tried often enough: its error, let through, ends the run.
  if (error instanceof StepError) return { retry: false };
  if (isLonghaulError(error)) return { retry: error.retryable };
  if (error instanceof RetryAfterError || name === "RetryAfterError")
    return { retry: true, delayMs: delayOf(error as RetryAfterError, now) };
  return { retry: true };
}

function delayOf({ retryAfter }: RetryAfterError, now: number): number | undefined {
  const seconds = Number(retryAfter);
  const delayMs = Number.isNaN(seconds) ? Date.parse(retryAfter) - now : seconds * 1_000;
  if (Number.isNaN(delayMs)) return undefined;
  return Math.min(Math.max(delayMs, RETRY_AFTER_MS.least), RETRY_AFTER_MS.most);
}
