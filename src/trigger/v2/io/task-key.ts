import { LonghaulError } from "../../../core/errors.ts";

/** The name of a task in its run, or in the task around it: text, or parts of any JSON. */
export type TaskKey = string | readonly unknown[];

/**
 * A key as text. The parts of a list are joined by `:`, whatever is no text as JSON with sorted properties.
 *
 * @param call For the error: `io.wait()`.
 * @throws {LonghaulError} TRIGGER_V2_BAD_CALL
 */
export function keyText(key: TaskKey, call: string): string {
  const parts: readonly unknown[] = Array.isArray(key) ? key.flat() : [key];
  const text = parts.map((part) => (typeof part === "string" ? part : stableJson(part))).join(":");
  if (text === "" || (typeof key !== "string" && !Array.isArray(key)))
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
      call,
      reason: "its key is no text and no list",
    });
  return text;
}

const stableJson = (value: unknown): string => JSON.stringify(sorted(value)) ?? "undefined";

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]));
}
