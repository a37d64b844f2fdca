import { isLonghaulError, LonghaulError } from "../core/errors.ts";
import { FAILURE_WINDOW_MS } from "./auth/failure-limit.ts";

/** Where in a request something is wrong. */
export interface ProblemPlace {
  /** A JSON pointer as a fragment: `#/name` is in the body, `#/query/limit` and `#/path/queue` are not. */
  readonly pointer: string;
  readonly detail: string;
}

/** A problem document (RFC 9457). `code` is that of the thrown {@link LonghaulError}. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** What to do about it. */
  readonly hint: string;
  /** The places that are wrong, where the request itself is; a hundred at most. */
  readonly errors?: readonly ProblemPlace[];
}

/** So many are enough to see what is wrong; an answer is not to be larger than what it refuses. */
const MAX_PLACES = 100;

/** A request that does not fit its schema. The message names the first place, the document the first hundred. */
export class InvalidRequest extends LonghaulError {
  readonly places: readonly ProblemPlace[];

  constructor(places: readonly ProblemPlace[]) {
    const [first] = places;
    super("SERVER_INVALID_REQUEST", {
      pointer: first?.pointer ?? "#",
      reason: first?.detail ?? "it does not fit",
    });
    this.places = places.slice(0, MAX_PLACES);
  }
}

/** Seconds after which to come back, for what passes by itself. */
const RETRY_AFTER_S = 1;
/** Who has guessed too often has to wait for the whole minute. */
const LIMITED_S = FAILURE_WINDOW_MS / 1_000;

/** The answer to a request that failed. What nobody foresaw is told without its details: they may hold secrets. */
export function problemOf(error: unknown): Response {
  const known = isLonghaulError(error) ? error : new LonghaulError("SERVER_INTERNAL");
  const problem: Problem = {
    type: `urn:longhaul:error:${known.code}`,
    title: known.code,
    status: known.status,
    detail: known.message,
    code: known.code,
    hint: known.hint,
    ...(known instanceof InvalidRequest && { errors: known.places }),
  };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (known.status === 401) headers.set("www-authenticate", "Bearer");
  const isLimited = known.code === "AUTH_TOO_MANY_FAILURES";
  if (known.retryable && [409, 429, 503].includes(known.status))
    headers.set("retry-after", String(isLimited ? LIMITED_S : RETRY_AFTER_S));
  return Response.json(problem, { status: known.status, headers });
}
