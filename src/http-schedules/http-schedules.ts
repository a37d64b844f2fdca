import type { FunctionDefinition } from "../runs/definition.ts";
import { callUrl } from "./call-url.ts";
import { badOption, type CheckedSchedule, checkSchedule, type HttpSchedule } from "./schedule.ts";

const FIRST_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;

/**
 * Functions that call URLs on a schedule, for `functions` of `createLonghaul`. Each tick is a run: durable, tried again
 * when the answer is no 2xx, with the answer as its output. Of the ticks that were missed while nothing ran, the last is
 * made up for.
 *
 * @throws {LonghaulError} HTTP_SCHEDULE_BAD_OPTION
 *
 * @example
 * const longhaul = createLonghaul({
 *   functions: httpSchedules([
 *     { name: "warm-up", cron: "0 6 * * *", timezone: "Europe/Berlin", url: "https://example.com/warm-up" },
 *   ]),
 * });
 */
export function httpSchedules(schedules: readonly HttpSchedule[]): readonly FunctionDefinition[] {
  const names = new Set<string>();
  return schedules.map((schedule) => {
    const checked = checkSchedule(schedule);
    if (names.has(checked.name)) throw badOption(checked.name, "another has the same name");
    names.add(checked.name);
    return defineCall(checked);
  });
}

function defineCall(schedule: CheckedSchedule): FunctionDefinition {
  const { name, triggers, method, url, attempts } = schedule;
  return {
    id: `http-${name}`,
    name: `${method} ${url.origin}${url.pathname}`,
    triggers,
    retries: attempts - 1,
    backoff: (attempt) => Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS),
    handler: (run) =>
      run.run("request", () => callUrl(schedule, { key: run.id, signal: run.signal })),
  };
}
