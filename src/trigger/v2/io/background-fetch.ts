import { LonghaulError } from "../../../core/errors.ts";
import { eventFilterMatches } from "../../../runs/cel/event-filter.ts";
import type { RetryDecision } from "../../../runs/definition.ts";
import { readReset } from "../../retry/reset-time.ts";
import type { RunScope } from "../run-scope.ts";
import { TaskFailure } from "./failure.ts";
import {
  checkFetch,
  type FetchedResponse,
  type FetchOptions,
  type FetchRequestInit,
  type FetchRetryStrategy,
  fitsStatus,
  performRequest,
} from "./request.ts";
import { retryDelay } from "./retry.ts";
import { keyText, type TaskKey } from "./task-key.ts";

/** Waits for headers at most so often: a server that never gives way must not keep a run for ever. */
const MAX_RESETS = 100;
/** What is shown of the body of a failed request. */
const MAX_SHOWN = 500;

/**
 * Makes a request as a task, and again as `options` say. Resolves with the first answer whose status is a success.
 * Between two tries the run waits in the store.
 *
 * @throws {LonghaulError} TRIGGER_V2_FETCH_FAILED, TRIGGER_V2_BAD_CALL
 */
export function backgroundFetch(
  scope: RunScope,
  key: TaskKey,
  url: string,
  init: FetchRequestInit | undefined,
  options: FetchOptions = {},
): Promise<FetchedResponse> {
  const id = keyText(key, "io.backgroundFetch()");
  checkFetch(url, options, `io.backgroundFetch(${JSON.stringify(id)})`);
  return fetchAsTask(scope, id, { url, init, options, isWanted: ({ status }) => status < 400 });
}

/** A request as a task makes it. */
export interface TaskRequest {
  readonly url: string;
  readonly init: FetchRequestInit | undefined;
  readonly options: FetchOptions;
  /** Whether an answer is a success. */
  readonly isWanted: (response: FetchedResponse) => boolean;
}

/** The same, of a request that was looked at already. */
export async function fetchAsTask(
  { run, host }: RunScope,
  id: string,
  { url, init, options: { retry = {}, timeout }, isWanted }: TaskRequest,
): Promise<FetchedResponse> {
  const failed = (reason: string, decision: RetryDecision, cause?: unknown): TaskFailure => {
    const details = { task: id, url, reason };
    const error = new LonghaulError("TRIGGER_V2_FETCH_FAILED", details, { cause });
    return new TaskFailure({ ...decision, error });
  };
  const body = async (failures: number): Promise<FetchedResponse> => {
    const limit = timeout && AbortSignal.timeout(timeout.durationInMs);
    let response: FetchedResponse;
    try {
      response = await performRequest(url, init, limit);
    } catch (error) {
      if (limit?.aborted) {
        const again = later(timeout?.retry && retryDelay(timeout.retry, failures));
        throw failed(`no answer within ${timeout!.durationInMs} ms`, again, error);
      }
      throw failed(reasonOf(error), { retry: false }, error);
    }
    if (isWanted(response)) return response;
    const delayMs = delayOf(strategyFor(retry, response), response, failures, host.now());
    throw failed(`status ${response.status}: ${shown(response.data)}`, later(delayMs));
  };
  return (await run.run(id, body, { retries: Infinity })) as FetchedResponse;
}

const later = (delayMs: number | undefined): RetryDecision => ({
  retry: delayMs !== undefined,
  delayMs,
});

function strategyFor(
  retry: NonNullable<FetchOptions["retry"]>,
  { status, data }: FetchedResponse,
): FetchRetryStrategy | undefined {
  return Object.entries(retry).find(
    ([pattern, { bodyFilter = {} }]) =>
      fitsStatus(pattern, status) && eventFilterMatches(data, bodyFilter),
  )?.[1];
}

function delayOf(
  strategy: FetchRetryStrategy | undefined,
  { headers }: FetchedResponse,
  failures: number,
  now: number,
): number | undefined {
  if (strategy === undefined) return undefined;
  if (strategy.strategy === "backoff") return retryDelay(strategy, failures);
  const { limitHeader, remainingHeader, resetHeader, resetFormat = "unix_timestamp" } = strategy;
  const header = (name: string): string | undefined => headers[name.toLowerCase()];
  const reset = header(resetHeader);
  const isExhausted = Number(header(remainingHeader) ?? Number.NaN) < 1;
  if (failures >= MAX_RESETS || reset === undefined || !isExhausted) return undefined;
  if (header(limitHeader) === undefined) return undefined;
  const at = readReset(reset, resetFormat, now);
  return at === undefined ? undefined : Math.max(at - now, 0);
}

/** `fetch` hides what went wrong in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}

function shown(data: unknown): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
