import { LonghaulError } from "../../core/errors.ts";
import { MAX_TOKEN_OUTPUT_BYTES } from "../../runs/store/limits.ts";
import type { Token, TokenRequest } from "../../runs/store/token-store.ts";
import { tokenUrl } from "../../runs/token-address.ts";
import { dueTime, durationMs } from "../durations.ts";
import { WaitpointTimeoutError } from "../errors/task-errors.ts";
import { currentHost } from "../host/binding.ts";
import { resolveKey } from "../idempotency-keys.ts";
import { packText, unpack, unpackText } from "../payload.ts";
import { requireSteps, scopeForSteps, type TaskScope } from "../run/scope.ts";
import { attemptKey, digest } from "../run/step-key.ts";
import { waitWithHooks } from "../run/waiting.ts";
import { readTags } from "../trigger/read-options.ts";
import { TokenPromise, type TokenResult } from "../trigger/task-run-promise.ts";
import type { OneOrMany, Untyped } from "../types/untyped.ts";

/** What a token is made with. */
export interface CreateTokenOptions {
  /** When it times out: `"24h"` from now, or a date. @default "10m" */
  readonly timeout?: string | Date | undefined;
  /** The same key gives the same token. */
  readonly idempotencyKey?: OneOrMany<string> | undefined;
  /** How long the key counts. @default "1h" */
  readonly idempotencyKeyTTL?: string | undefined;
  /** At most 10, of at most 128 characters. */
  readonly tags?: OneOrMany<string> | undefined;
}

/** A token that was made. */
export interface CreatedToken {
  readonly id: string;
  /** Whether the idempotency key gave a token that was there already. */
  readonly isCached: boolean;
  /**
   * A POST to it completes the token with the body, without a login. There only if it is known where the server is
   * reached: by `publicUrl` of a server on the same runtime, or by LONGHAUL_PUBLIC_URL.
   */
  readonly url?: string;
}

/** A token as it is. */
export interface TokenInfo {
  readonly id: string;
  readonly status: "WAITING" | "COMPLETED" | "TIMED_OUT";
  readonly createdAt: Date;
  readonly timeoutAt?: Date;
  readonly completedAt?: Date;
  readonly idempotencyKey?: string;
  readonly tags: string[];
  readonly output?: Untyped;
  readonly error?: Error;
}

const DEFAULT_TIMEOUT = "10m";
const DEFAULT_KEY_TTL = "1h";
const STATUSES = { waiting: "WAITING", completed: "COMPLETED", timedOut: "TIMED_OUT" } as const;

/**
 * Makes a token, for somebody outside to complete. In a task, a replay gets the same one.
 * @throws {LonghaulError} TASK_BAD_DURATION, TASK_BAD_TRIGGER
 */
export async function createToken(options: CreateTokenOptions = {}): Promise<CreatedToken> {
  const scope = scopeForSteps();
  const { timeout = DEFAULT_TIMEOUT, idempotencyKey, idempotencyKeyTTL, tags } = options;
  const host = currentHost();
  const now = host.now();
  const key = idempotencyKey === undefined ? undefined : resolveKey(idempotencyKey, scope?.ctx);
  const until = now + durationMs(idempotencyKeyTTL ?? DEFAULT_KEY_TTL, "idempotencyKeyTTL");
  const request: TokenRequest = {
    timeoutAt: dueTime(timeout, now, "timeout"),
    ...(key !== undefined && { idempotency: { key, until } }),
    tags: readTags(tags, "a token"),
  };
  const step = scope && tokenKey(scope, key);
  const publicUrl = host.server?.publicUrl ?? (process.env["LONGHAUL_PUBLIC_URL"] || undefined);
  // Asked for before the step, so that a replay sees the step's result in its turn.
  const secret = publicUrl === undefined ? "" : await host.stores.tokens.secret({ now });
  const token = scope
    ? await scope.run.createToken(step!, request)
    : await host.stores.tokens.create({ now, token: request });
  return {
    id: token.id,
    isCached: token.isCached ?? false,
    ...(publicUrl !== undefined && { url: tokenUrl(publicUrl, secret, token.id) }),
  };
}

const tokenKey = (scope: TaskScope, key: string | undefined): string =>
  key === undefined
    ? attemptKey(scope, "wait.createToken")
    : attemptKey(scope, "wait.createToken", digest(key));

/**
 * Completes a token: the runs that wait for it go on with `data`.
 * @throws {LonghaulError} RUNS_UNKNOWN_TOKEN, TASK_TOKEN_ENDED if it is completed already, or its time is over
 */
export async function completeToken(
  token: string | { readonly id: string },
  data?: Untyped,
): Promise<{ readonly success: true }> {
  const id = idOf(token);
  const scope = scopeForSteps();
  const output = packText(data, `The output of token ${id}`, MAX_TOKEN_OUTPUT_BYTES);
  const { tokens } = currentHost().stores;
  const complete = async (): Promise<null> => {
    const isDone = await tokens.complete({ now: currentHost().now(), id, output });
    if (isDone === undefined) throw new LonghaulError("RUNS_UNKNOWN_TOKEN", { token: id });
    if (isDone) return null;
    const found = await tokens.retrieve(id);
    // In a task it may have been this very step, before its process died.
    if (scope && found?.output === output) return null;
    throw new LonghaulError("TASK_TOKEN_ENDED", { token: id, state: found?.state ?? "gone" });
  };
  if (scope)
    await scope.run.run(attemptKey(scope, "wait.completeToken", id), complete, { retries: 0 });
  else await complete();
  return { success: true };
}

/** In a task: waits until a token is completed, or its time is over. One that is completed already is no wait. */
export function forToken<TOutput = Untyped>(
  token: string | { readonly id: string },
): TokenPromise<TOutput> {
  return TokenPromise.of(awaitToken<TOutput>(idOf(token)));
}

async function awaitToken<TOutput>(id: string): Promise<TokenResult<TOutput>> {
  const scope = requireSteps("wait.forToken");
  const key = attemptKey(scope, "wait.forToken", id);
  const end = await waitWithHooks(scope, key, { type: "token", token: id }, () =>
    scope.run.waitForToken(key, id),
  );
  if (end.ok) return { ok: true, output: unpack(end.output) as TOutput };
  return { ok: false, error: new WaitpointTimeoutError() };
}

/**
 * A token as it is.
 * @throws {LonghaulError} RUNS_UNKNOWN_TOKEN
 */
export async function retrieveToken(token: string | { readonly id: string }): Promise<TokenInfo> {
  const id = idOf(token);
  const found = await currentHost().stores.tokens.retrieve(id);
  if (!found) throw new LonghaulError("RUNS_UNKNOWN_TOKEN", { token: id });
  return tokenInfo(found);
}

/** A token as people see it. */
export function tokenInfo(token: Token): TokenInfo {
  const { id, state, createdAt, timeoutAt, endedAt, idempotencyKey, tags, output } = token;
  return {
    id,
    status: STATUSES[state],
    createdAt: new Date(createdAt),
    ...(timeoutAt !== undefined && { timeoutAt: new Date(timeoutAt) }),
    ...(state === "completed" && endedAt !== undefined && { completedAt: new Date(endedAt) }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    tags: [...tags],
    ...(state === "completed" && { output: unpackText(output) }),
    ...(state === "timedOut" && { error: new WaitpointTimeoutError() }),
  };
}

const idOf = (token: string | { readonly id: string }): string =>
  typeof token === "string" ? token : token.id;
