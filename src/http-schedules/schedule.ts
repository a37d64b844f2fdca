import { LonghaulError } from "../core/errors.ts";
import type { Trigger } from "../runs/definition.ts";
import { readTicks } from "../runs/schedules.ts";

/** When a URL is called, and how. */
export interface HttpSchedule {
  /** Unique, and stable over deploys: letters, digits, `.`, `_` and `-`. The function's id is `http-` and this. */
  readonly name: string;
  /** Five fields, or six with seconds first; or several. Give this or `everyMs`. */
  readonly cron?: string | readonly string[] | undefined;
  /** IANA name of the time zone of `cron`. @default "UTC" */
  readonly timezone?: string | undefined;
  /** An interval, ms; 1,000 at least. */
  readonly everyMs?: number | undefined;
  readonly url: string | URL;
  /** @default "GET" */
  readonly method?: string | undefined;
  /** They are in no store and no log. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  /** How long an answer may take, with its body, ms. @default 60 seconds */
  readonly timeoutMs?: number | undefined;
  /** How often it is tried, with a pause that doubles from 10 seconds to 10 minutes. @default 5 */
  readonly attempts?: number | undefined;
}

/** A schedule, checked. */
export interface CheckedSchedule {
  readonly name: string;
  readonly triggers: readonly Trigger[];
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly attempts: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_ATTEMPTS = 5;
const NAME = /^[\w.-]{1,200}$/;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const OPTIONS = new Set([
  ...["name", "cron", "timezone", "everyMs", "url", "method", "headers", "body"],
  ...["timeoutMs", "attempts"],
]);

/** @throws {LonghaulError} HTTP_SCHEDULE_BAD_OPTION */
export function checkSchedule(schedule: HttpSchedule): CheckedSchedule {
  const { name, timeoutMs = DEFAULT_TIMEOUT_MS, attempts = DEFAULT_ATTEMPTS } = schedule;
  if (typeof name !== "string" || !NAME.test(name))
    throw badOption(name, "name has to be letters, digits, '.', '_' and '-'");
  for (const option of Object.keys(schedule))
    if (!OPTIONS.has(option)) throw badOption(name, `there is no option ${option}`);
  if (!(timeoutMs >= 1 && timeoutMs <= 2 ** 31 - 1))
    throw badOption(name, "timeoutMs has to be above 0, and at most 24 days");
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw badOption(name, "attempts has to be a whole number of at least 1");
  const method = (schedule.method ?? "GET").toUpperCase();
  if (!METHODS.has(method)) throw badOption(name, `method is one of ${[...METHODS].join(", ")}`);
  const headers = readHeaders(name, schedule.headers ?? {});
  const body = readBody(schedule, method);
  if (body !== undefined && typeof schedule.body !== "string" && !headers.has("content-type"))
    headers.set("content-type", "application/json");
  return {
    ...{ name, triggers: triggersOf(schedule), url: readUrl(schedule), method, headers, body },
    ...{ timeoutMs, attempts },
  };
}

function triggersOf({ name, cron, timezone, everyMs }: HttpSchedule): readonly Trigger[] {
  const crons = cron === undefined ? [] : [cron].flat();
  if ((crons.length === 0) === (everyMs === undefined))
    throw badOption(name, "give cron or everyMs");
  if (everyMs !== undefined && timezone !== undefined)
    throw badOption(name, "timezone means nothing for everyMs");
  const triggers =
    everyMs === undefined ? crons.map((cron) => ({ cron, timeZone: timezone })) : [{ everyMs }];
  for (const trigger of triggers) {
    try {
      readTicks(trigger);
    } catch (error) {
      throw badOption(name, (error as Error).message);
    }
  }
  return triggers;
}

function readUrl({ name, url }: HttpSchedule): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:")
    throw badOption(name, "url has to be an http or https URL");
  // fetch takes none, and would only say so at the first tick.
  if (parsed.username || parsed.password)
    throw badOption(name, "the URL must not hold a user or password: give a header Authorization");
  return parsed;
}

function readHeaders(name: string, given: Readonly<Record<string, string>>): Headers {
  try {
    return new Headers(given);
  } catch {
    // The message of the error has the value in it, which may be a secret.
    throw badOption(name, "one of its headers cannot be sent");
  }
}

function readBody({ name, body }: HttpSchedule, method: string): string | undefined {
  if (body === undefined) return undefined;
  if (method === "GET" || method === "HEAD") throw badOption(name, `${method} takes no body`);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (typeof text !== "string") throw badOption(name, "its body is no JSON");
  return text;
}

/** HTTP_SCHEDULE_BAD_OPTION. */
export const badOption = (name: string, reason: string): LonghaulError =>
  new LonghaulError("HTTP_SCHEDULE_BAD_OPTION", { name, reason });
