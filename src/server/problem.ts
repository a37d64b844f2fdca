import { LonghaulError } from "../core/errors.ts";

/** A problem document (RFC 9457). `code` is that of the thrown {@link LonghaulError}. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** What to do about it. */
  readonly hint: string;
  /** Where in the request something is wrong. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** The answer to a request that failed. What nobody foresaw is told without its details: they may hold secrets. */
export function problemOf(error: unknown, errors?: Problem["errors"]): Response {
  const known = error instanceof LonghaulError ? error : new LonghaulError("SERVER_INTERNAL");
  const problem: Problem = {
    type: `urn:longhaul:error:${known.code}`,
    title: known.code,
    status: known.status,
    detail: known.message,
    code: known.code,
    hint: known.hint,
    ...(errors && { errors }),
  };
  return Response.json(problem, {
    status: known.status,
    headers: { "content-type": "application/problem+json" },
  });
}
