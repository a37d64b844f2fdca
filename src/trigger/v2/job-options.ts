import { LonghaulError } from "../../core/errors.ts";
import type { Untyped } from "../types/untyped.ts";
import type { TriggerContext } from "./context.ts";
import type { IO } from "./io/io.ts";
import { isLogLevel, type LogLevel } from "./io/logger.ts";
import type { FailedRunNotification, SuccessfulRunNotification } from "./runs/run-notification.ts";
import type { JobTrigger, PayloadOf } from "./triggers/trigger.ts";

/** How many runs of some jobs may be under way at once: made by `client.defineConcurrencyLimit`. */
export interface ConcurrencyLimit {
  readonly id: string;
  readonly limit: number;
}

/** What makes a job. */
export interface JobOptions<TTrigger extends JobTrigger, TOutput> {
  /** Unique, and stable over deploys. Kept in lower case, with `-` for what is no letter, digit, `-` or `_`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** `1.0.0`. For people: runs go on with the code that is there. */
  readonly version: string;
  readonly trigger: TTrigger;
  /** Whether anything starts it. Runs that have begun go on. @default true */
  readonly enabled?: boolean | undefined;
  /** What of `io.logger` is kept. @default the client's */
  readonly logLevel?: LogLevel | undefined;
  /** How many of its runs are under way at once; those that wait do not count. @default no bound */
  readonly concurrencyLimit?: number | ConcurrencyLimit | undefined;
  /** @throws {LonghaulError} TRIGGER_V2_UNSUPPORTED unless it is empty */
  readonly integrations?: Readonly<Record<string, never>> | undefined;
  /**
   * The code. It starts again from the top whenever the run goes on after a wait; what was done through `io` is not done
   * again.
   */
  readonly run: (payload: PayloadOf<TTrigger>, io: IO, ctx: TriggerContext) => Promise<TOutput>;
  /** Told when a run has ended well. */
  readonly onSuccess?: ((run: SuccessfulRunNotification<TOutput>) => unknown) | undefined;
  /** Told when a run has not: it failed, was canceled, timed out, or had a bad payload. */
  readonly onFailure?: ((run: FailedRunNotification) => unknown) | undefined;
}

type AnyOptions = JobOptions<JobTrigger, Untyped>;

const UNSUPPORTED: Readonly<Record<string, string>> = {
  queue: "it has had no effect in Trigger.dev either; use concurrencyLimit",
};

const KNOWN: ReadonlySet<string> = new Set<keyof AnyOptions>([
  ...(["id", "name", "version", "trigger", "enabled", "logLevel", "concurrencyLimit"] as const),
  ...(["integrations", "run", "onSuccess", "onFailure"] as const),
]);

/** A job's id as it is kept. */
export const slugOf = (id: string): string =>
  id
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");

/**
 * Refuses what cannot work, where the stack shows the line.
 *
 * @throws {LonghaulError} TRIGGER_V2_BAD_JOB, TRIGGER_V2_UNSUPPORTED
 */
export function checkJobOptions(options: AnyOptions): void {
  const reason = problemOf(options);
  if (reason !== undefined)
    throw new LonghaulError("TRIGGER_V2_BAD_JOB", { job: options?.id ?? "without an id", reason });
  const feature = Object.keys(options).find((name) => name in UNSUPPORTED);
  if (feature !== undefined)
    throw new LonghaulError("TRIGGER_V2_UNSUPPORTED", {
      feature: `${feature} of a job`,
      reason: UNSUPPORTED[feature]!,
    });
  if (Object.keys(options.integrations ?? {}).length > 0)
    throw new LonghaulError("TRIGGER_V2_UNSUPPORTED", {
      feature: "integrations of a job",
      reason: "use the API's own client inside io.runTask()",
    });
}

function problemOf(options: AnyOptions): string | undefined {
  if (typeof options !== "object" || options === null) return "there are no options";
  const { id, name, version, trigger, enabled, logLevel, concurrencyLimit, run } = options;
  if (typeof id !== "string" || slugOf(id) === "") return "its id is no text";
  if (typeof name !== "string" || name === "") return "it has no name";
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+$/.test(version))
    return `its version is ${version}, and not like 1.0.0`;
  if (typeof trigger?.payloadOf !== "function") return "it has no trigger";
  if (typeof run !== "function") return "it has no run function";
  if (enabled !== undefined && typeof enabled !== "boolean") return "enabled is true or false";
  if (logLevel !== undefined && !isLogLevel(logLevel))
    return `there is no log level ${String(logLevel)}`;
  const limit = typeof concurrencyLimit === "object" ? concurrencyLimit.limit : concurrencyLimit;
  if (limit !== undefined && !isLimit(limit)) return `its concurrencyLimit is ${String(limit)}`;
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name) && !(name in UNSUPPORTED));
  return unknown === undefined ? undefined : `there is no option ${unknown}`;
}

/** Whether runs can be held to a number. */
export const isLimit = (limit: unknown): boolean =>
  Number.isSafeInteger(limit) && Number(limit) >= 1;
