import { createHash } from "node:crypto";
import type { TaskScope } from "./scope.ts";

/**
 * The key of a step in the journal, given at the call: what the step is, what it is about, and which of its like it is.
 * From the second attempt on the attempt stands before it, because an attempt waits, and triggers, anew.
 */
export function attemptKey(scope: TaskScope, ...parts: readonly string[]): string {
  const attempt = scope.ctx.attempt.number;
  const id = parts.join(":");
  return scope.keys.next(attempt === 1 ? id : `${attempt}/${id}`);
}

/** What a value comes to in a key: short, and another for another value. */
export function digest(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

/** Whether the journal had a word on a step when this execution began. */
export const isKnown = (scope: TaskScope, key: string): boolean =>
  scope.run.journal.some((entry) => entry.key === key);

/** Whether a step had its result when this execution began. */
export const isDone = (scope: TaskScope, key: string): boolean =>
  scope.run.journal.some(
    (entry) => entry.key === key && (entry.state === "done" || entry.state === "failed"),
  );
