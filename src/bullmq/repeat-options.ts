import { createHash } from "node:crypto";
import type * as bullmq from "bullmq";
import { LonghaulError } from "../core/errors.ts";
import type { JobsOptions, QueueOptions, RepeatOptions } from "./types.ts";

/** A job with `repeat`, as a job scheduler. */
export interface RepeatPlan {
  readonly schedulerId: string;
  readonly repeat: Omit<bullmq.RepeatOptions, "key">;
  readonly template: bullmq.JobSchedulerTemplateOptions;
}

type Settings = bullmq.AdvancedRepeatOptions | undefined;

const repeatKeys: ReadonlySet<string> = new Set<keyof RepeatOptions>([
  ...(["pattern", "cron", "every", "tz", "limit", "startDate", "endDate"] as const),
  ...(["offset", "immediately", "key", "count"] as const),
]);

/**
 * Whether a job asks to be repeated. One that a scheduler has made carries `repeat` as well, as a
 * note of where it comes from; adding it again (Bull Board's "duplicate") means that one job.
 */
export function isRepeated(
  opts: JobsOptions | undefined,
): opts is JobsOptions & { repeat: RepeatOptions } {
  return opts?.repeat !== undefined && opts.repeat !== null && opts.repeatJobKey === undefined;
}

/**
 * Translates `repeat` into a job scheduler. The scheduler's id is what BullMQ 5 derived as the
 * repeat key, so adding the same job again changes that schedule and makes no second one.
 *
 * @throws {LonghaulError} BULLMQ_BAD_REPEAT
 */
export function planRepeat(
  name: string,
  opts: JobsOptions & { repeat: RepeatOptions },
  settings?: Settings,
): RepeatPlan {
  const { repeat, jobId, delay, deduplication, parent, ...template } = opts;
  const problem = problemOf(repeat, settings) ?? problemOfJob({ delay, deduplication, parent });
  if (problem !== undefined) throw badRepeat(name, problem);
  const { cron, key, immediately, ...rest } = repeat;
  const pattern = repeat.pattern ?? cron;
  return {
    schedulerId:
      key ?? deriveKey(name, jobId, { ...repeat, ...(pattern && { pattern }) }, settings),
    repeat: {
      ...rest,
      ...(pattern !== undefined && { pattern }),
      // With `every` the first job comes at once anyway, and BullMQ prints a warning about it.
      ...(immediately !== undefined && repeat.every === undefined && { immediately }),
    },
    template,
  };
}

/**
 * As a default of the queue, `repeat` would turn every job into a schedule.
 *
 * @throws {LonghaulError} BULLMQ_BAD_REPEAT
 */
export function refuseDefaultRepeat(queueName: string, opts: QueueOptions): void {
  const defaults: JobsOptions | undefined = opts.defaultJobOptions;
  if (defaults?.repeat !== undefined) {
    throw badRepeat(queueName, "repeat cannot be a default of all jobs; give it to add()");
  }
}

/**
 * A flow is one tree of jobs that runs once.
 *
 * @throws {LonghaulError} BULLMQ_BAD_REPEAT
 */
export function refuseRepeatInFlow({ name, opts }: bullmq.FlowJob): void {
  if (opts !== undefined && "repeat" in opts && opts.repeat !== undefined) {
    throw badRepeat(name, "a job of a flow cannot be repeated; add the flow from a repeated job");
  }
}

function deriveKey(
  name: string,
  jobId: string | undefined,
  { pattern, every, endDate, tz }: RepeatOptions,
  settings: Settings,
): string {
  const until = endDate === undefined ? "" : new Date(endDate).getTime();
  const key = `${name}:${jobId ?? ""}:${until}:${tz ?? ""}:${pattern ?? every}`;
  return createHash(settings?.repeatKeyHashAlgorithm ?? "md5")
    .update(key)
    .digest("hex");
}

function problemOf(repeat: RepeatOptions, settings: Settings): string | undefined {
  if (typeof repeat !== "object") return "repeat must be an object";
  const { pattern, cron, every, tz, limit, offset, key } = repeat;
  if (pattern !== undefined && cron !== undefined && pattern !== cron) {
    return "pattern and cron are two names of one option, and here they differ";
  }
  const hasPattern = Boolean(pattern ?? cron);
  if (hasPattern && every) {
    return "Both .pattern and .every options are defined for this repeatable job";
  }
  if (!hasPattern && !every) {
    return "Either .pattern or .every options must be defined for this repeatable job";
  }
  if (every !== undefined && !(Number.isFinite(every) && every > 0)) {
    return `every must be a number of ms above 0, not ${String(every)}`;
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    return `limit must be a whole number above 0, not ${String(limit)}`;
  }
  if (offset !== undefined && !Number.isFinite(offset)) {
    return `offset must be a number of ms, not ${String(offset)}`;
  }
  if (key !== undefined && (typeof key !== "string" || key === "")) {
    return "key must be a string that is not empty";
  }
  if (tz !== undefined && !isTimeZone(tz)) return `tz ${JSON.stringify(tz)} is no time zone`;
  return problemOfDates(repeat) ?? problemOfKeys(repeat, settings);
}

function problemOfDates({ startDate, endDate }: RepeatOptions): string | undefined {
  for (const [option, date] of Object.entries({ startDate, endDate })) {
    if (date !== undefined && Number.isNaN(new Date(date).getTime())) {
      return `${option} ${JSON.stringify(date)} is no date`;
    }
  }
  return undefined;
}

/** A repeat strategy of the user's own may look for options of its own. */
function problemOfKeys(repeat: RepeatOptions, settings: Settings): string | undefined {
  if (settings?.repeatStrategy !== undefined) return undefined;
  const unknown = Object.keys(repeat).filter((key) => !repeatKeys.has(key));
  if (unknown.length === 0) return undefined;
  return `repeat has no option ${unknown.join(", ")}, only ${[...repeatKeys].join(", ")}`;
}

function problemOfJob({
  delay,
  deduplication,
  parent,
}: {
  [Key in "delay" | "deduplication" | "parent"]: JobsOptions[Key] | undefined;
}): string | undefined {
  if (delay) return "delay has no meaning beside repeat; use repeat.startDate or repeat.offset";
  if (deduplication)
    return "deduplication has no meaning beside repeat: a schedule has one next job";
  if (parent) return "a repeated job cannot be the child of another";
  return undefined;
}

function isTimeZone(tz: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: tz }).resolvedOptions();
    return true;
  } catch {
    return false;
  }
}

function badRepeat(name: string, reason: string): LonghaulError {
  return new LonghaulError("BULLMQ_BAD_REPEAT", { name, reason });
}
