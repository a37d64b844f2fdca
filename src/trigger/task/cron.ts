import { LonghaulError } from "../../core/errors.ts";
import { nextTick, readSchedule } from "../../runs/schedules.ts";
import { durationMs } from "../durations.ts";
import type { CronOptions } from "../types/task.ts";

/**
 * When a task ticks.
 * @throws {LonghaulError} TASK_BAD_OPTION
 */
export function readCron(cron: unknown, owner: string): CronOptions {
  const options = typeof cron === "string" ? { pattern: cron } : (cron as CronOptions);
  if (typeof options.pattern !== "string")
    throw new LonghaulError("TASK_BAD_OPTION", { owner, reason: "cron has no pattern" });
  return options;
}

/**
 * How long after a tick a run may start, ms.
 * @param after epoch ms; a part in per cent is of the time between the two ticks that follow
 * @throws {LonghaulError} TASK_BAD_DURATION
 */
export function windowMs(cron: CronOptions, after: number): number {
  const { window, pattern, timezone } = cron;
  if (window === undefined) return 0;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(window)?.[1];
  if (percent === undefined) return durationMs(window, "window of a cron");
  const schedule = readSchedule({ cron: pattern, timeZone: timezone });
  const first = nextTick(schedule, after);
  const interval = nextTick(schedule, first) - first;
  return Number.isFinite(interval) ? Math.floor((interval * Number(percent)) / 100) : 0;
}
