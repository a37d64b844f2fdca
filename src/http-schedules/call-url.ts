import { LonghaulError } from "../core/errors.ts";
import type { CheckedSchedule } from "./schedule.ts";

/** What a URL answered: the output of the run. */
export interface HttpAnswer {
  readonly status: number;
  /** The beginning of its text. */
  readonly body: string;
  /** Whether there was more. */
  readonly isTruncated: boolean;
}

/** So much of an answer is kept. */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * Calls a URL once. Redirects are not followed: one is an answer like another, and no success.
 *
 * @param key the same for all attempts; sent as `Idempotency-Key` unless the schedule has one
 * @throws {LonghaulError} HTTP_SCHEDULE_FAILED, unless it answers with a 2xx in time
 */
export async function callUrl(
  schedule: CheckedSchedule,
  { key, signal }: { readonly key: string; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  const { url, method, body, timeoutMs } = schedule;
  const headers = new Headers(schedule.headers);
  if (!headers.has("idempotency-key")) headers.set("idempotency-key", key);
  const timeout = AbortSignal.timeout(timeoutMs);
  let answer: HttpAnswer;
  try {
    const response = await fetch(url, {
      ...{ method, headers, redirect: "manual" as const },
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([timeout, signal]),
    });
    answer = { status: response.status, ...(await readStart(response)) };
  } catch (error) {
    const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    throw failed(schedule, reason, error);
  }
  if (answer.status >= 200 && answer.status <= 299) return answer;
  throw failed(schedule, `it answered ${answer.status} ${answer.body.slice(0, 200)}`.trimEnd());
}

/** Reads no more than is kept, so that an endless answer does no harm. */
async function readStart(response: Response): Promise<Omit<HttpAnswer, "status">> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > MAX_BODY_BYTES) break;
  }
  const bytes = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES);
  // A character that is cut in two is left out.
  const body = new TextDecoder().decode(bytes, { stream: true });
  return { body, isTruncated: length > MAX_BODY_BYTES };
}

/** What fetch says is "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  if (!(cause instanceof Error)) return message;
  // Of several addresses that were tried in vain, the message is empty.
  return cause.message || (cause as NodeJS.ErrnoException).code || message;
}

/** Without the query, which may hold a secret. */
const failed = ({ method, url }: CheckedSchedule, reason: string, cause?: unknown): LonghaulError =>
  new LonghaulError(
    "HTTP_SCHEDULE_FAILED",
    { method, url: `${url.origin}${url.pathname}`, reason },
    cause === undefined ? undefined : { cause },
  );
