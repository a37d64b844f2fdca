import { LonghaulError } from "../../../core/errors.ts";

/** How often a task is tried, and how long is waited between two tries. */
export interface RetryOptions {
  /** Tries in all, the first included. @default 5 */
  readonly limit?: number | undefined;
  /** From the third wait on, each is so many times the one before. @default 1.8 */
  readonly factor?: number | undefined;
  /** The first two waits, ms. @default 1000 */
  readonly minTimeoutInMs?: number | undefined;
  /** The longest wait, ms. @default 60000 */
  readonly maxTimeoutInMs?: number | undefined;
  /** Makes each wait longer by a random part, up to twice as long. @default true */
  readonly randomize?: boolean | undefined;
}

const DEFAULTS = {
  limit: 5,
  factor: 1.8,
  minTimeoutInMs: 1_000,
  maxTimeoutInMs: 60_000,
  randomize: true,
};

/** The least that an option may be. */
const BOUNDS = { limit: 0, factor: 0, minTimeoutInMs: 0, maxTimeoutInMs: 0 } as const;

/**
 * How long to wait before the next try, ms; `undefined` if there is none left.
 *
 * @param failed How many tries failed before this one.
 * @param random From 0 up to 1.
 */
export function retryDelay(
  options: RetryOptions,
  failed: number,
  random: () => number = Math.random,
): number | undefined {
  const { limit, factor, minTimeoutInMs, maxTimeoutInMs, randomize } = complete(options);
  if (failed + 1 >= limit) return undefined;
  const spread = randomize ? 1 + random() : 1;
  const delay = spread * minTimeoutInMs * factor ** Math.max(failed - 1, 0);
  return Math.round(Math.min(delay, maxTimeoutInMs));
}

/** @throws {LonghaulError} TRIGGER_V2_BAD_CALL */
export function checkRetry(options: RetryOptions, call: string): void {
  for (const [name, least] of Object.entries(BOUNDS)) {
    const value = options[name as keyof typeof BOUNDS];
    if (value === undefined || (Number.isFinite(value) && value >= least)) continue;
    const reason = `retry.${name} is ${String(value)}, and must be a number from ${least} up`;
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", { call, reason });
  }
}

function complete(options: RetryOptions): typeof DEFAULTS {
  return {
    limit: options.limit ?? DEFAULTS.limit,
    factor: options.factor ?? DEFAULTS.factor,
    minTimeoutInMs: options.minTimeoutInMs ?? DEFAULTS.minTimeoutInMs,
    maxTimeoutInMs: options.maxTimeoutInMs ?? DEFAULTS.maxTimeoutInMs,
    randomize: options.randomize ?? DEFAULTS.randomize,
  };
}
