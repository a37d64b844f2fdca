import { z } from "zod";
import type { LastRun } from "../../../runs/browse/functions.ts";
import { type DeclaredSchedule, lastTickRun } from "../../../runs/browse/schedules.ts";
import { readTicks, type Ticks } from "../../../runs/schedules.ts";
import type { ScheduleRecord } from "../../../runs/store/schedule-store.ts";
import { scheduleIdOf } from "../../../trigger/run/read-run.ts";
import type { ServerHost } from "../../server-host.ts";
import { iso, isoOrNull, time } from "./fields.ts";
import { lastRun, showLastRun } from "./show-function.ts";

/** Schedules as the API shows them. */

export const schedule = z.object({
  id: z.string(),
  /** "declared": a trigger of a function, changed in the code; "made": made while the program runs. */
  type: z.enum(["declared", "made"]),
  functionId: z.string(),
  /** Null for an interval. */
  cron: z.string().nullable(),
  timeZone: z.string().nullable(),
  /** Null for a cron. */
  everyMs: z.number().nullable(),
  isActive: z.boolean(),
  externalId: z.string().nullable(),
  deduplicationKey: z.string().nullable(),
  /** The tick that is waited for; in the past if nobody has served it. Null while it is not active. */
  nextAt: time.nullable(),
  /** The next ten ticks from now on. */
  upcoming: z.array(time),
  /** Ticks that have passed and were not started, at most 1,000. The last of them will be made up for. */
  missed: z.int(),
  lastRun: lastRun.nullable(),
});

export type ScheduleInfo = z.input<typeof schedule>;

const UPCOMING = 10;
const MAX_MISSED = 1_000;

/** The id of a schedule that is a trigger. */
export const idOfDeclared = ({ functionId, text }: DeclaredSchedule): string =>
  scheduleIdOf(functionId, text);

export async function showDeclared(
  declared: DeclaredSchedule,
  { parts }: ServerHost,
): Promise<ScheduleInfo> {
  const { functionId, ticks, nextAt } = declared;
  const [, zone, cron, every] = /^(?:TZ=(\S+) (.*)|every (\d+))$/.exec(ticks.expression) ?? [];
  return {
    id: idOfDeclared(declared),
    type: "declared",
    functionId,
    cron: cron ?? null,
    timeZone: zone ?? null,
    everyMs: every === undefined ? null : Number(every),
    isActive: true,
    externalId: null,
    deduplicationKey: null,
    nextAt: isoOrNull(nextAt),
    ...timesOf(ticks, nextAt, parts.clock.now()),
    lastRun: showLast(await lastTickRun(parts.store, declared)),
  };
}

export async function showMade(made: ScheduleRecord, { parts }: ServerHost): Promise<ScheduleInfo> {
  const { id, functionId, cron, timeZone, nextAt, isActive } = made;
  const [last] = await parts.runs.stores.runs.list({ scheduleId: id, limit: 1 });
  return {
    ...{ id, type: "made", functionId, cron, timeZone, everyMs: null, isActive },
    externalId: made.externalId ?? null,
    deduplicationKey: made.deduplicationKey,
    nextAt: isoOrNull(nextAt),
    ...timesOf(readTicks({ cron, timeZone }), nextAt, parts.clock.now()),
    lastRun: showLast(last),
  };
}

const showLast = (run: LastRun | undefined): ScheduleInfo["lastRun"] =>
  run === undefined ? null : showLastRun(run);

/** Nothing comes, and nothing was missed, while a schedule is not active. */
function timesOf(
  ticks: Ticks,
  nextAt: number | undefined,
  now: number,
): Pick<ScheduleInfo, "upcoming" | "missed"> {
  if (nextAt === undefined) return { upcoming: [], missed: 0 };
  let missed = 0;
  let at = nextAt;
  for (; at < now && missed < MAX_MISSED; missed++) at = ticks.next(at);
  if (at < now) at = ticks.due(nextAt, now).nextAt;
  const upcoming: string[] = [];
  for (; upcoming.length < UPCOMING && Math.abs(at) <= 8.64e15; at = ticks.next(at))
    upcoming.push(iso(at));
  return { upcoming, missed };
}
