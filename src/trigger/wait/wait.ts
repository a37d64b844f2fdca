import { LonghaulError } from "../../core/errors.ts";
import { listTokens } from "../api/list-tokens.ts";
import { DAY_MS, durationMs, type WaitDuration, waitDurationMs } from "../durations.ts";
import { resolveKey } from "../idempotency-keys.ts";
import { requireSteps, type TaskScope } from "../run/scope.ts";
import { attemptKey, digest, isKnown } from "../run/step-key.ts";
import { waitWithHooks } from "../run/waiting.ts";
import type { OneOrMany } from "../types/untyped.ts";
import { completeToken, createToken, forToken, retrieveToken } from "./tokens.ts";

/** A key that makes a wait happen once, over attempts and runs. */
export interface WaitKeyOptions {
  readonly idempotencyKey?: OneOrMany<string> | undefined;
  /** How long the key counts. @default "30d" */
  readonly idempotencyKeyTTL?: string | undefined;
}

/** Waits of this length or less call no hooks. */
const SHORT_WAIT_MS = 5_000;
const KEY_TTL_MS = 30 * DAY_MS;

/**
 * Waits of a task. A run that waits holds no slot of its queue and no place of its worker; its code stays in memory and
 * goes on after the wait. If the process dies meanwhile, another runs the code from the top: waits, children and steps
 * that are done are not done again, other code is. What must not happen twice belongs in `step.run`.
 */
export const wait = {
  /** Waits for a time: `{ seconds: 30 }`, minutes, hours, days, weeks, months (30 days) or years (365 days). */
  async for(options: WaitDuration & WaitKeyOptions): Promise<void> {
    const scope = requireSteps("wait.for");
    const ms = waitDurationMs(options);
    const key = attemptKey(scope, "wait.for", String(ms));
    await waitUntil(scope, key, scope.host.now() + ms, options, ms <= SHORT_WAIT_MS);
  },

  /**
   * Waits for a date; one in the past is no wait, or an error if `throwIfInThePast`.
   * @throws {LonghaulError} TASK_IN_THE_PAST
   */
  async until(
    options: WaitKeyOptions & {
      readonly date: Date;
      readonly throwIfInThePast?: boolean | undefined;
    },
  ): Promise<void> {
    const scope = requireSteps("wait.until");
    const { date, throwIfInThePast = false } = options;
    const dueAt = date instanceof Date ? date.getTime() : Number.NaN;
    if (Number.isNaN(dueAt))
      throw new LonghaulError("TASK_BAD_DURATION", {
        value: String(date),
        option: "wait.until",
        reason: "it is no valid Date",
      });
    // The date is no part of the key: it is often counted from now, and a replay has another now.
    const key = attemptKey(scope, "wait.until");
    const now = scope.host.now();
    if (dueAt <= now && !isKnown(scope, key)) {
      if (!throwIfInThePast) return;
      throw new LonghaulError("TASK_IN_THE_PAST", { date: date.toISOString() });
    }
    await waitUntil(scope, key, dueAt, options, dueAt - now <= SHORT_WAIT_MS);
  },

  createToken,
  completeToken,
  forToken,
  retrieveToken,
  listTokens,
};

/** With a key, the wait is a token that nobody completes: whoever comes with the key waits for the same end. */
async function waitUntil(
  scope: TaskScope,
  key: string,
  dueAt: number,
  { idempotencyKey, idempotencyKeyTTL: ttl }: WaitKeyOptions,
  isShort: boolean,
): Promise<void> {
  const wait = { type: "duration", date: new Date(dueAt) } as const;
  if (idempotencyKey === undefined) {
    const sleep = (): Promise<void> => scope.run.sleepUntil(key, dueAt);
    await (isShort ? sleep() : waitWithHooks(scope, key, wait, sleep));
    return;
  }
  const ttlMs = ttl === undefined ? KEY_TTL_MS : durationMs(ttl, "idempotencyKeyTTL");
  const hash = resolveKey(idempotencyKey, scope.ctx);
  const until = scope.host.now() + ttlMs;
  const request = { timeoutAt: dueAt, idempotency: { key: `wait ${digest(hash)}`, until } };
  const tokenKey = attemptKey(scope, `${key}:token`);
  const token = await scope.run.createToken(tokenKey, request);
  const sleep = () => scope.run.waitForToken(key, token.id);
  await (isShort ? sleep() : waitWithHooks(scope, key, wait, sleep));
}
