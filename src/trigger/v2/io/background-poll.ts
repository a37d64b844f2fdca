import { LonghaulError } from "../../../core/errors.ts";
import {
  type EventFilter,
  eventFilterMatches,
  problemOfFilter,
} from "../../../runs/cel/event-filter.ts";
import type { RunScope } from "../run-scope.ts";
import { fetchAsTask } from "./background-fetch.ts";
import {
  checkFetch,
  type FetchedResponse,
  type FetchRequestInit,
  type FetchTimeoutOptions,
} from "./request.ts";
import { keyText, type TaskKey } from "./task-key.ts";
import { milliseconds } from "./wait-for-event.ts";

/** What to ask for, how often, and when it is answered. */
export interface FetchPollOptions {
  readonly url: string;
  readonly requestInit?: FetchRequestInit | undefined;
  /** Seconds between two requests. @default 10 */
  readonly interval?: number | undefined;
  /** Seconds in all. @default 600 */
  readonly timeout?: number | undefined;
  readonly responseFilter: {
    readonly status?: readonly number[] | undefined;
    readonly headers?: EventFilter | undefined;
    readonly body?: EventFilter | undefined;
  };
  /** Of one request. */
  readonly requestTimeout?: FetchTimeoutOptions | undefined;
}

/**
 * Makes a request again and again until the answer fits. Between two of them the run waits in the store.
 *
 * @throws {LonghaulError} TRIGGER_V2_TIMEOUT, TRIGGER_V2_FETCH_FAILED, TRIGGER_V2_BAD_CALL
 */
export async function backgroundPoll(
  scope: RunScope,
  key: TaskKey,
  options: FetchPollOptions,
): Promise<FetchedResponse> {
  const { run, host } = scope;
  const { url, requestInit, interval = 10, timeout = 600 } = options;
  const id = keyText(key, "io.backgroundPoll()");
  const intervalMs = milliseconds(interval, "interval of io.backgroundPoll()");
  const timeoutMs = milliseconds(timeout, "timeout of io.backgroundPoll()");
  const fetching = { timeout: options.requestTimeout };
  checkFetch(url, fetching, `io.backgroundPoll(${JSON.stringify(id)})`);
  checkFilter(options.responseFilter, id);
  // No status is a failure to who waits for one.
  const request = { url, init: requestInit, options: fetching, isWanted: () => true };
  const poll = async (): Promise<FetchedResponse> => {
    const until = (await run.run("until", () => host.now() + timeoutMs)) as number;
    for (;;) {
      const response = await fetchAsTask(scope, "request", request);
      if (fits(response, options.responseFilter)) return response;
      const next = (await run.run("next", () => host.now() + intervalMs)) as number;
      if (next > until)
        throw new LonghaulError("TRIGGER_V2_TIMEOUT", { task: id, seconds: timeout });
      await run.sleepUntil("interval", next);
    }
  };
  return (await run.group(id, poll, { retries: 0 })) as FetchedResponse;
}

type ResponseFilter = FetchPollOptions["responseFilter"];

function fits(
  response: FetchedResponse,
  { status, headers = {}, body = {} }: ResponseFilter,
): boolean {
  return (
    (status === undefined || status.includes(response.status)) &&
    eventFilterMatches(response.headers, headers) &&
    eventFilterMatches(response.data, body)
  );
}

function checkFilter({ headers = {}, body = {} }: ResponseFilter, id: string): void {
  const reason = problemOfFilter(headers, "headers") ?? problemOfFilter(body, "body");
  const call = `io.backgroundPoll(${JSON.stringify(id)})`;
  if (reason !== undefined) throw new LonghaulError("TRIGGER_V2_BAD_CALL", { call, reason });
}
