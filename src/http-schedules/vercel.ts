import { readFileSync } from "node:fs";
import { LonghaulError } from "../core/errors.ts";
import type { FunctionDefinition } from "../runs/definition.ts";
import { httpSchedules } from "./http-schedules.ts";
import { badOption, type HttpSchedule } from "./schedule.ts";

/** One of `crons` in vercel.json. */
export interface VercelCron {
  readonly path: string;
  /** Five fields of digits, `*`, `,`, `-` and `/`, in UTC. */
  readonly schedule: string;
}

/** How to make {@link vercelCrons}. */
export interface VercelCronsOptions {
  /** Path of the file. @default "vercel.json" in the current folder */
  readonly file?: string | undefined;
  /** What would be in it, in place of a file. */
  readonly config?: { readonly crons?: readonly VercelCron[] | undefined } | undefined;
  /** Where the application is: paths are taken from there. */
  readonly baseUrl: string | URL;
  /** Is sent as `Authorization: Bearer …`. @default env CRON_SECRET; without it the header is left out */
  readonly secret?: string | undefined;
  /** @default 60 seconds */
  readonly timeoutMs?: number | undefined;
  /** How often a call is tried. @default 1: Vercel does not try again */
  readonly attempts?: number | undefined;
}

const USER_AGENT = "vercel-cron/1.0";
const SCHEDULE = /^[\d*,/-]+(?: [\d*,/-]+){4}$/;
const MAX_PATH_LENGTH = 512;

/**
 * The `crons` of a vercel.json as functions, called as Vercel calls them: GET, in UTC, by `vercel-cron/1.0`, with
 * CRON_SECRET as bearer token, redirects not followed. The schedules of a path are one function.
 *
 * @throws {LonghaulError} HTTP_SCHEDULE_BAD_FILE, HTTP_SCHEDULE_BAD_OPTION
 *
 * @example
 * const longhaul = createLonghaul({ functions: vercelCrons({ baseUrl: "http://localhost:3000" }) });
 */
export function vercelCrons(options: VercelCronsOptions): readonly FunctionDefinition[] {
  const { file = "vercel.json", config, secret = process.env["CRON_SECRET"] } = options;
  const where = config === undefined ? file : "config";
  const crons = readCrons(where, config ?? readJson(file));
  const headers = { "user-agent": USER_AGENT, ...authorization(secret) };
  const byPath = new Map<string, string[]>();
  for (const { path, schedule } of crons) byPath.set(path, [...(byPath.get(path) ?? []), schedule]);
  const names = new Set<string>();
  return httpSchedules(
    [...byPath].map(([path, schedules]): HttpSchedule => {
      const name = nameOf(path, names);
      return {
        name,
        cron: [...new Set(schedules)],
        url: urlOf(name, path, options.baseUrl),
        headers,
        timeoutMs: options.timeoutMs,
        attempts: options.attempts ?? 1,
      };
    }),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch (error) {
    const { message } = error as Error;
    throw new LonghaulError("HTTP_SCHEDULE_BAD_FILE", { file, reason: message }, { cause: error });
  }
}

function readCrons(file: string, content: unknown): readonly VercelCron[] {
  const bad = (reason: string): LonghaulError =>
    new LonghaulError("HTTP_SCHEDULE_BAD_FILE", { file, reason });
  if (!isObject(content)) throw bad("it is no JSON object");
  const { crons = [] } = content;
  if (!Array.isArray(crons)) throw bad("crons is no array");
  return crons.map((cron: unknown, index) => {
    const at = `crons[${index}]`;
    if (!isObject(cron)) throw bad(`${at} is no object`);
    const { path, schedule, ...others } = cron;
    const [other] = Object.keys(others);
    if (other !== undefined) throw bad(`${at} has ${other}, and only path and schedule are known`);
    if (typeof path !== "string" || !path.startsWith("/") || path.length > MAX_PATH_LENGTH)
      throw bad(`${at}.path has to begin with / and have ${MAX_PATH_LENGTH} characters at most`);
    if (typeof schedule !== "string" || !SCHEDULE.test(schedule))
      throw bad(`${at}.schedule has to be five fields of digits, *, comma, - and /`);
    const [, , dayOfMonth, , dayOfWeek] = schedule.split(" ");
    if (dayOfMonth !== "*" && dayOfWeek !== "*")
      throw bad(`${at}.schedule sets day of month and day of week: one of them has to be *`);
    return { path, schedule };
  });
}

function authorization(secret: string | undefined): Readonly<Record<string, string>> {
  if (secret === undefined || secret === "") return {};
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw badOption("vercel", "the secret has characters that no header can hold");
  return { authorization: `Bearer ${secret}` };
}

/** `/api/cron/daily?x=1` as `vercel-api-cron-daily-x-1`. */
function nameOf(path: string, taken: Set<string>): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const base = ["vercel", ...words].join("-").slice(0, 150);
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  taken.add(name);
  return name;
}

/** The path below the base's own: an application may be mounted at one. */
function urlOf(name: string, path: string, base: string | URL): URL {
  const text = String(base).replace(/\/+$/, "");
  if (!URL.canParse(text)) throw badOption(name, "baseUrl has to be an http or https URL");
  return new URL(`${text}${path}`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
