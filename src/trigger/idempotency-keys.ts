import { createHash } from "node:crypto";
import { LonghaulError } from "../core/errors.ts";
import { MAX_KEY_LENGTH } from "../runs/store/limits.ts";
import { currentHost } from "./host/binding.ts";
import { currentPlace } from "./run/scope.ts";
import type { IdempotencyKeyScope } from "./types/context.ts";
import type { OneOrMany } from "./types/untyped.ts";

/** A key that `idempotencyKeys.create` has made. */
export type IdempotencyKey = string & { readonly __brand: "IdempotencyKey" };

/** What a key was made of. */
export interface KeyOrigin {
  readonly key: string;
  readonly scope: IdempotencyKeyScope;
}

/** The last keys that were made here, so that runs can show what a person wrote. */
const origins = new Map<string, KeyOrigin>();
const MAX_ORIGINS = 1_000;
const HASHED = /^[0-9a-f]{64}$/;

/**
 * Makes a key of one part or several.
 *
 * @param options.scope "run": counts for this run; "attempt": for this attempt; "global": for all runs. Outside of a run
 *   all keys are global. @default "run"
 * @throws {LonghaulError} TASK_BAD_TRIGGER
 */
export async function createIdempotencyKey(
  key: OneOrMany<string>,
  options: { readonly scope?: IdempotencyKeyScope | undefined } = {},
): Promise<IdempotencyKey> {
  const scope = options.scope ?? "run";
  return hashKey(key, scope, currentPlace()?.scope.ctx) as IdempotencyKey;
}

/** What identifies the run that a key belongs to. */
interface KeyOwner {
  readonly run: { readonly id: string };
  readonly attempt: { readonly number: number };
}

/** The key as it is stored. */
export function hashKey(
  key: OneOrMany<string>,
  scope: IdempotencyKeyScope,
  owner: KeyOwner | undefined,
): string {
  const parts = typeof key === "string" ? [key] : [...key];
  check(parts);
  const suffix = owner && scope !== "global" ? [owner.run.id] : [];
  if (owner && scope === "attempt") suffix.push(String(owner.attempt.number));
  const hash = createHash("sha256")
    .update([...parts, ...suffix].join("-"))
    .digest("hex");
  if (origins.size >= MAX_ORIGINS) origins.delete(origins.keys().next().value!);
  origins.set(hash, { key: parts.join("-"), scope });
  return hash;
}

/** A key that a caller gave: one that was made stays as it is; text counts for the run that says it. */
export function resolveKey(key: OneOrMany<string>, owner: KeyOwner | undefined): string {
  return typeof key === "string" && HASHED.test(key) ? key : hashKey(key, "run", owner);
}

/** The key of one item of a batch. */
export const itemKey = (
  key: OneOrMany<string>,
  index: number,
  owner: KeyOwner | undefined,
): string => hashKey([resolveKey(key, owner), String(index)], "global", undefined);

/** Whose a key is that is given back. */
export interface ResetKeyOptions {
  /** @default "run" in a run or with `parentRunId`, else "global" */
  readonly scope?: IdempotencyKeyScope | undefined;
  /** The run that used the key. @default this one */
  readonly parentRunId?: string | undefined;
  /** The attempt that used it, with the scope "attempt". @default this one */
  readonly attemptNumber?: number | undefined;
}

/**
 * Gives a key back: the next trigger with it starts a run.
 * @param key as it was given to `trigger`: text, its parts, or what `idempotencyKeys.create` has made
 * @returns the id of the task; whether the key was taken is not told, as with Trigger.dev
 * @throws {LonghaulError} TASK_BAD_TRIGGER
 */
export async function resetIdempotencyKey(
  taskIdentifier: string,
  key: OneOrMany<string>,
  { scope = "run", parentRunId, attemptNumber }: ResetKeyOptions = {},
): Promise<{ readonly id: string }> {
  const ctx = currentPlace()?.scope.ctx;
  const id = parentRunId ?? ctx?.run.id;
  const number = attemptNumber ?? ctx?.attempt.number ?? 1;
  const owner = id === undefined ? undefined : { run: { id }, attempt: { number } };
  const isMade = typeof key === "string" && HASHED.test(key);
  const hash = isMade ? key : hashKey(key, scope, owner);
  const host = currentHost();
  await host.stores.starts.resetIdempotency({
    now: host.now(),
    functionId: taskIdentifier,
    key: hash,
  });
  return { id: taskIdentifier };
}

/** What a stored key was made of, if that was here and lately. */
export const originOf = (key: string): KeyOrigin | undefined => origins.get(key);

function check(parts: readonly unknown[]): void {
  const isText = parts.length > 0 && parts.every((part) => typeof part === "string" && part !== "");
  const length = parts.join("-").length;
  if (isText && length <= MAX_KEY_LENGTH) return;
  throw new LonghaulError("TASK_BAD_TRIGGER", {
    task: "with an idempotency key",
    reason: isText
      ? `the key has ${length} characters, and ${MAX_KEY_LENGTH} are the most`
      : "the key is no text, or empty",
  });
}
