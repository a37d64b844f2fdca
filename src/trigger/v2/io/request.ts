import { LonghaulError } from "../../../core/errors.ts";
import { type EventFilter, problemOfFilter } from "../../../runs/cel/event-filter.ts";
import type { ResetFormat } from "../../retry/reset-time.ts";
import type { Untyped } from "../../types/untyped.ts";
import { checkRetry, type RetryOptions } from "./retry.ts";

/** Text with secrets in it, made by {@link redactString}. */
export interface RedactedText {
  readonly __redactedString: true;
  readonly strings: readonly string[];
  readonly interpolations: readonly string[];
}

/** A request to make. */
export interface FetchRequestInit {
  /** @default "GET" */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string | RedactedText>> | undefined;
  readonly body?: string | ArrayBuffer | undefined;
}

/** What to do about a status that is no success. */
export type FetchRetryStrategy =
  | (RetryOptions & {
      readonly strategy: "backoff";
      /** Only if the body fits. */
      readonly bodyFilter?: EventFilter | undefined;
    })
  | {
      /** Waits until the headers say that requests are taken again. */
      readonly strategy: "headers";
      readonly limitHeader: string;
      readonly remainingHeader: string;
      readonly resetHeader: string;
      /** @default "unix_timestamp" */
      readonly resetFormat?: ResetFormat | undefined;
      /** Only if the body fits. */
      readonly bodyFilter?: EventFilter | undefined;
    };

/** By status: `429`, `500-599`, `5xx`, several joined by commas. The first that fits counts. */
export type FetchRetryOptions = Readonly<Record<string, FetchRetryStrategy>>;

/** How long an answer may take. */
export interface FetchTimeoutOptions {
  readonly durationInMs: number;
  /** What to do when it took longer. @default fails */
  readonly retry?: RetryOptions | undefined;
}

/** How to fetch. */
export interface FetchOptions {
  readonly retry?: FetchRetryOptions | undefined;
  readonly timeout?: FetchTimeoutOptions | undefined;
}

/** An answer. */
export interface FetchedResponse<TData = Untyped> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON where the body is, else its text. */
  readonly data: TData;
}

/**
 * Text that is not to be shown: `redactString`Bearer ${key}``. The journal never has it, since requests are not stored.
 */
export const redactString = (
  strings: TemplateStringsArray,
  ...interpolations: string[]
): RedactedText => ({ __redactedString: true, strings: [...strings], interpolations });

/** Makes a request once. Rejects with what `fetch` rejects with. */
export async function performRequest(
  url: string,
  init: FetchRequestInit = {},
  signal: AbortSignal | undefined,
): Promise<FetchedResponse> {
  const response = await fetch(url, {
    method: init.method ?? "GET",
    headers: headersOf(init),
    ...(init.body !== undefined && { body: init.body }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    data: parsed(text),
  };
}

/** Whether a status is one of a pattern's. */
export const fitsStatus = (pattern: string, status: number): boolean =>
  pattern.split(",").some((part) => {
    const range = rangeOf(part.trim());
    return range !== undefined && status >= range[0] && status <= range[1];
  });

/** @throws {LonghaulError} TRIGGER_V2_BAD_CALL */
export function checkFetch(url: string, { retry = {}, timeout }: FetchOptions, call: string): void {
  const refuse = (reason: string): never => {
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", { call, reason });
  };
  if (!URL.canParse(url)) refuse(`${url} is no URL`);
  for (const [pattern, strategy] of Object.entries(retry)) {
    if (!pattern.split(",").every((part) => rangeOf(part.trim())))
      refuse(`${pattern} is no status: write 429, 500-599 or 5xx`);
    const { bodyFilter } = strategy;
    const problem = bodyFilter && problemOfFilter(bodyFilter, "bodyFilter");
    if (problem !== undefined) refuse(problem);
    if (strategy.strategy === "backoff") checkRetry(strategy, call);
    else if (strategy.strategy !== "headers")
      refuse(`retry has the strategies backoff and headers, and ${pattern} neither`);
  }
  if (!timeout) return;
  if (!(timeout.durationInMs > 0)) refuse("timeout.durationInMs is no number above 0");
  if (timeout.retry) checkRetry(timeout.retry, call);
}

function rangeOf(part: string): readonly [number, number] | undefined {
  const [, single, from, to, wildcard] = /^(?:(\d{3})|(\d{3})-(\d{3})|([1-5])xx)$/.exec(part) ?? [];
  if (single !== undefined) return [Number(single), Number(single)];
  if (from !== undefined) return [Number(from), Number(to)];
  if (wildcard !== undefined) return [Number(wildcard) * 100, Number(wildcard) * 100 + 99];
  return undefined;
}

const headersOf = ({ headers = {} }: FetchRequestInit): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plainText(value)]));

function plainText(value: string | RedactedText): string {
  if (typeof value === "string") return value;
  const { strings, interpolations } = value;
  return strings.map((part, i) => part + (interpolations[i] ?? "")).join("");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
