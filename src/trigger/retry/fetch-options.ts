import type { RetryOptions } from "./retry-options.ts";
import type { ResetFormat } from "./reset-time.ts";

/** Waits as the formula says. */
export interface BackoffStrategy extends RetryOptions {
  readonly strategy: "backoff";
  /** Retries only if the body is like this. */
  readonly bodyFilter?: BodyFilter | undefined;
}

/** Waits as the answer says. */
export interface HeadersStrategy {
  readonly strategy: "headers";
  readonly limitHeader: string;
  readonly remainingHeader: string;
  readonly resetHeader: string;
  /** @default "unix_timestamp" */
  readonly resetFormat?: ResetFormat | undefined;
  readonly bodyFilter?: BodyFilter | undefined;
}

/** An object like the body, whose leaves are lists of what is allowed there. */
export interface BodyFilter {
  readonly [key: string]: BodyFilter | readonly (string | number | boolean | null)[];
}

export type FetchStrategy = BackoffStrategy | HeadersStrategy;

/** What is retried. What is left out has its default; `undefined` retries nothing of the kind. */
export interface FetchRetryOptions {
  /** Strategies by statuses: `"429,408,409,5xx"`, `"500-504"`. @default backoff for "429,408,409,5xx" */
  readonly byStatus?: Readonly<Record<string, FetchStrategy>> | undefined;
  /** When there is no answer at all. @default backoff */
  readonly connectionError?: RetryOptions | undefined;
  /** When there is no answer in time. @default backoff */
  readonly timeout?: RetryOptions | undefined;
}

/** What `retry.fetch` takes besides what `fetch` does. */
export interface RetryFetchInit extends RequestInit {
  /** How long each try may take, ms. @default no bound */
  readonly timeoutInMs?: number | undefined;
  readonly retry?: FetchRetryOptions | undefined;
}

export const DEFAULT_STATUSES: Readonly<Record<string, FetchStrategy>> = {
  "429,408,409,5xx": { strategy: "backoff" },
};

/** Whether a status is among those of a text such as `"429,408,500-504,5xx"`. */
export function includesStatus(statuses: string, status: number): boolean {
  return statuses.split(",").some((part) => {
    const text = part.trim();
    const [from, to] = text.split("-");
    if (to !== undefined) return status >= Number(from) && status <= Number(to);
    const pattern = new RegExp(`^${text.replaceAll("x", "\\d")}$`);
    return /^[\dx]{3}$/.test(text) && pattern.test(String(status));
  });
}

/** Whether a body is like a filter. */
export function fitsFilter(body: unknown, filter: BodyFilter): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[key];
    return Array.isArray(wanted)
      ? (wanted as unknown[]).includes(value)
      : fitsFilter(value, wanted as BodyFilter);
  });
}
