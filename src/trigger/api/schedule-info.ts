import type { ScheduleRecord } from "../../runs/store/schedule-store.ts";
import { nextTick, readSchedule } from "../../runs/schedules.ts";
import { scheduleIdOf } from "../run/read-run.ts";
import { allTasks } from "../task/catalog.ts";
import { triggersOf } from "../task/plan.ts";

/** A schedule as it is. */
export interface ScheduleInfo {
  readonly id: string;
  /** DECLARATIVE: of a task's `cron`; IMPERATIVE: made by `schedules.create`. */
  readonly type: "DECLARATIVE" | "IMPERATIVE";
  /** The id of the task. */
  readonly task: string;
  readonly active: boolean;
  readonly deduplicationKey?: string;
  readonly externalId?: string;
  readonly generator: {
    readonly type: "CRON";
    readonly expression: string;
    /** The expression again. */
    readonly description: string;
  };
  readonly timezone: string;
  /** Missing while it is not active. */
  readonly nextRun?: Date;
  /** When it ticked last. */
  readonly lastRun?: Date;
}

/** A schedule that was made while the program runs. */
export function scheduleInfo(schedule: ScheduleRecord): ScheduleInfo {
  const { id, functionId, cron, timeZone, externalId, lastAt, nextAt } = schedule;
  return {
    id,
    type: "IMPERATIVE",
    task: functionId,
    active: schedule.isActive,
    deduplicationKey: schedule.deduplicationKey,
    ...(externalId !== undefined && { externalId }),
    generator: { type: "CRON", expression: cron, description: cron },
    timezone: timeZone,
    ...(nextAt !== undefined && { nextRun: new Date(nextAt) }),
    ...(lastAt !== undefined && { lastRun: new Date(lastAt) }),
  };
}

/** The schedules of the tasks that this process has. */
export function declaredSchedules(now: number): ScheduleInfo[] {
  return [...allTasks()].flatMap(({ plan }) =>
    triggersOf(plan).flatMap((trigger) => {
      if (!("cron" in trigger)) return [];
      const schedule = readSchedule(trigger);
      const next = nextTick(schedule, now);
      return [
        {
          id: scheduleIdOf(plan.id, trigger.cron),
          type: "DECLARATIVE" as const,
          task: plan.id,
          active: true,
          generator: {
            type: "CRON" as const,
            expression: schedule.cron,
            description: schedule.cron,
          },
          timezone: schedule.timeZone,
          ...(Number.isFinite(next) && { nextRun: new Date(next) }),
        },
      ];
    }),
  );
}
