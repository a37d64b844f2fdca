import { scopeForSteps } from "../run/scope.ts";
import { attemptKey } from "../run/step-key.ts";
import {
  DEFAULT_STATUSES,
  type FetchRetryOptions,
  type FetchStrategy,
  fitsFilter,
  includesStatus,
  type RetryFetchInit,
} from "./fetch-options.ts";
import { readReset } from "./reset-time.ts";
import { DEFAULT_RETRY, nextRetryDelay } from "./retry-options.ts";

/** Tries of one `retry.fetch`, whatever the options say. */
const MAX_TRIES = 10;

/**
 * `fetch`, tried again where that makes sense: by status, when there is no connection, or no answer in time. In a task the
 * run waits between two tries and holds no slot. Each further try says so in `x-retry-count`.
 *
 * @returns the answer; when no tries are left, the last whatever it is
 * @throws what `fetch` throws, when no tries are left
 */
export async function retryFetch(
  input: string | URL | Request,
  init: RetryFetchInit = {},
): Promise<Response> {
  const { retry = {}, timeoutInMs, ...rest } = init;
  for (let attempt = 1; ; attempt++) {
    let response: Response | undefined;
    let delayMs: number | undefined;
    try {
      response = await call(input, rest, timeoutInMs, attempt);
      if (response.ok) return response;
      delayMs = await delayOfAnswer(response, retry, attempt);
      if (delayMs === undefined) return response;
    } catch (error) {
      delayMs = delayOfError(error, rest.signal, retry, attempt);
      if (delayMs === undefined) throw error;
    }
    await response?.body?.cancel().catch(() => {});
    await pause(delayMs);
  }
}

async function call(
  input: string | URL | Request,
  init: RequestInit,
  timeoutInMs: number | undefined,
  attempt: number,
): Promise<Response> {
  const headers = new Headers(
    init.headers ?? (input instanceof Request ? input.headers : undefined),
  );
  if (attempt > 1) headers.set("x-retry-count", String(attempt - 1));
  const signals = [
    ...(init.signal ? [init.signal] : []),
    ...(timeoutInMs === undefined ? [] : [AbortSignal.timeout(timeoutInMs)]),
  ];
  const signal = signals.length > 0 ? AbortSignal.any(signals) : null;
  // The body of a Request can be read once.
  const target = input instanceof Request ? input.clone() : input;
  return fetch(target, { ...init, headers, signal });
}

async function delayOfAnswer(
  response: Response,
  { byStatus = DEFAULT_STATUSES }: FetchRetryOptions,
  attempt: number,
): Promise<number | undefined> {
  if (attempt >= MAX_TRIES) return undefined;
  const found = Object.entries(byStatus).find(([statuses]) =>
    includesStatus(statuses, response.status),
  );
  if (!found) return undefined;
  const [, strategy] = found;
  if (strategy.bodyFilter) {
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    if (!fitsFilter(body, strategy.bodyFilter)) return undefined;
  }
  return delayOf(strategy, response.headers, attempt);
}

function delayOf(strategy: FetchStrategy, headers: Headers, attempt: number): number | undefined {
  if (strategy.strategy === "backoff")
    return nextRetryDelay({ ...DEFAULT_RETRY, ...strategy }, attempt);
  const { resetHeader, remainingHeader, resetFormat = "unix_timestamp" } = strategy;
  const remaining = headers.get(remainingHeader);
  const reset = headers.get(resetHeader);
  // Something is left: the limit is not the reason.
  if (reset === null || (remaining !== null && Number(remaining) > 0)) return undefined;
  const now = nowMs();
  const at = readReset(reset, resetFormat, now);
  return at === undefined ? undefined : Math.max(at - now, 0);
}

function delayOfError(
  error: unknown,
  signal: AbortSignal | null | undefined,
  retry: FetchRetryOptions,
  attempt: number,
): number | undefined {
  // What the caller has aborted is not tried again.
  if (attempt >= MAX_TRIES || signal?.aborted || !(error instanceof Error)) return undefined;
  const isTimeout = error.name === "TimeoutError" || error.name === "AbortError";
  const isConnection = error instanceof TypeError && error.cause !== undefined;
  if (!isTimeout && !isConnection) return undefined;
  const kind = isTimeout ? "timeout" : "connectionError";
  if (kind in retry && retry[kind] === undefined) return undefined;
  return nextRetryDelay({ ...DEFAULT_RETRY, ...retry[kind] }, attempt);
}

const nowMs = (): number => scopeForSteps()?.host.now() ?? Date.now();

async function pause(delayMs: number): Promise<void> {
  const scope = scopeForSteps();
  if (scope)
    await scope.run.sleepUntil(attemptKey(scope, "retry.fetch"), scope.host.now() + delayMs);
  else await new Promise((resolve) => setTimeout(resolve, delayMs));
}
