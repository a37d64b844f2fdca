import { type ErrorCode, errorCatalogue } from "./error-catalogue/index.ts";

/** Values that fill the `{name}` gaps of a message. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

/**
 * Every error that Longhaul throws on its own account. `code` is stable; messages may change.
 *
 * @example
 * try {
 *   await queue.add("mail", { to: "ada@example.org" });
 * } catch (error) {
 *   if (error instanceof LonghaulError && error.retryable) await retryLater();
 *   else throw error;
 * }
 */
export class LonghaulError extends Error {
  /** What went wrong, for programs. Listed in docs/errors.md. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without a change by anybody. */
  readonly retryable: boolean;
  /** The HTTP status that the server answers with. */
  readonly status: number;
  /** What to do about it, for people. */
  readonly hint: string;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    const entry = errorCatalogue[code];
    super(fillGaps(entry.message, details), options);
    this.name = "name" in entry ? entry.name : "LonghaulError";
    this.code = code;
    this.retryable = entry.retryable;
    this.status = entry.status;
    this.hint = entry.hint;
  }
}

/** Whether `error` is a {@link LonghaulError}, with that code if one is given. */
export function isLonghaulError(error: unknown, code?: ErrorCode): error is LonghaulError {
  return error instanceof LonghaulError && (code === undefined || error.code === code);
}

function fillGaps(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (gap, name: string) => String(details[name] ?? gap));
}
