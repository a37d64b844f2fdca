import { readReset } from "../retry/reset-time.ts";

/** Headers of an answer, however they came. */
export type HeaderSource = Headers | Readonly<Record<string, string | null | undefined>>;

/** What the call of an API came to that was refused. */
export class ApiError extends Error {
  readonly status: number | undefined;
  readonly headers: HeaderSource | undefined;
  readonly code: string | undefined;
  /** The body of the answer. */
  readonly error: unknown;

  constructor(
    status: number | undefined,
    error?: unknown,
    message?: string,
    headers?: HeaderSource,
    options?: ErrorOptions,
  ) {
    super(message ?? `The request failed with status ${String(status)}`, options);
    this.name = "TriggerApiError";
    this.status = status;
    this.error = error;
    this.headers = headers;
    const code: unknown = isRecord(error) ? error["code"] : undefined;
    this.code = typeof code === "string" ? code : undefined;
  }

  /** The error for a status. */
  static generate(
    status: number | undefined,
    error: unknown,
    message: string | undefined,
    headers: HeaderSource | undefined,
  ): ApiError {
    const type =
      TYPES.get(status ?? 0) ?? (status && status >= 500 ? InternalServerError : ApiError);
    return new type(status, error, message, headers);
  }
}

export class BadRequestError extends ApiError {}
export class AuthenticationError extends ApiError {}
export class PermissionDeniedError extends ApiError {}
export class NotFoundError extends ApiError {}
export class ConflictError extends ApiError {}
export class UnprocessableEntityError extends ApiError {}
export class InternalServerError extends ApiError {}

/** Too many requests; `millisecondsUntilReset` says when more are taken, if the answer said so. */
export class RateLimitError extends ApiError {
  get millisecondsUntilReset(): number | undefined {
    const reset = headerOf(this.headers, "x-ratelimit-reset");
    const at =
      reset === undefined ? undefined : readReset(reset, "unix_timestamp_in_ms", Date.now());
    return at === undefined ? undefined : Math.max(at - Date.now(), 0);
  }
}

const TYPES: ReadonlyMap<number, typeof ApiError> = new Map([
  [400, BadRequestError],
  [401, AuthenticationError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [409, ConflictError],
  [422, UnprocessableEntityError],
  [429, RateLimitError],
]);

function headerOf(headers: HeaderSource | undefined, name: string): string | undefined {
  const value = headers instanceof Headers ? headers.get(name) : headers?.[name];
  return value ?? undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
