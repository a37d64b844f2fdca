import { createHash } from "node:crypto";
import { Cron } from "croner";
import type { FunctionDefinition } from "./definition.ts";
import { flowKey } from "./flow-control/keys.ts";
import { createEventId } from "./ids.ts";
import { createStartRequest, IDEMPOTENCY_MS } from "./start-request.ts";
import type { StartRequest } from "./store/run-store.ts";
import type { ScheduleRecord } from "./store/schedule-store.ts";
import type { RunEvent } from "./types.ts";

/**
 * Cron triggers: five fields, or six with seconds first, in a time zone (UTC unless one is given), which may also stand
 * in front: `TZ=Europe/Paris 0 9 * * 1-5`.
 *
 * When clocks change: a schedule whose fields for seconds, minutes and hours have neither `*` nor a step runs once on
 * each of its days. A time that is skipped in spring runs at the first moment after the gap (02:30 at 03:00), one that
 * comes twice in autumn runs the first time only. Other schedules follow the clock on the wall: they have nothing in
 * the gap, and run through the repeated hour twice.
 *
 * The next tick is computed from the tick before, never from now, so that a schedule does not drift. After a downtime
 * one tick is made up for, the last that was missed; Inngest runs them all.
 *
 * Interval triggers tick every so many ms, the first time one interval after they were first stored.
 */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
}

/** An interval trigger as a definition has it. */
export interface IntervalTrigger {
  readonly everyMs: number;
}

/** When a trigger ticks. */
export interface Ticks {
  /** What identifies it in the store, among those of its function. */
  readonly expression: string;
  /** The first tick after `after`, epoch ms; `Infinity` if there is none. Of an interval, one interval later. */
  next(after: number): number;
  /**
   * What to run for a tick that has come due, and what to wait for then.
   * @param at The tick that was waited for, at most `now`.
   */
  due(at: number, now: number): DueTick;
}

/** A cron trigger as a definition has it. */
export interface CronTrigger {
  readonly cron: string;
  readonly timeZone?: string | undefined;
  readonly jitterMs?: number | undefined;
}

/** What to do about a tick that is due. */
export interface DueTick {
  /** The tick to run, epoch ms: the last that is not ahead of now. */
  readonly scheduledAt: number;
  /** The first tick ahead of now, epoch ms; `Infinity` if there is none. */
  readonly nextAt: number;
}

/** The name of the event that a tick makes. */
export const SCHEDULED_EVENT = "inngest/scheduled.timer";

const MIN_INTERVAL_MS = 1_000;
const ZONE_PREFIX = /^(?:CRON_)?TZ=(\S+)\s+/;
const crons = new Map<string, Cron>();

/**
 * Reads a cron trigger.
 *
 * @throws {Error} that says what is wrong with it
 */
export function readSchedule({ cron, timeZone }: CronTrigger): Schedule {
  const prefix = ZONE_PREFIX.exec(cron);
  const zone = prefix?.[1] ?? timeZone ?? "UTC";
  if (timeZone !== undefined && zone !== timeZone) {
    throw new Error(`two time zones, ${zone} and ${timeZone}`);
  }
  const schedule = { cron: cron.replace(ZONE_PREFIX, "").trim(), timeZone: zone };
  if (!/^(?:@\S+|\S+(?:\s+\S+){4,5})$/.test(schedule.cron))
    throw new Error("it needs 5 or 6 fields");
  cronOf(schedule).nextRun(new Date(0));
  return schedule;
}

/**
 * The ticks of a trigger; `every 60000` in place of a cron expression is an interval, too.
 *
 * @throws {Error} that says what is wrong with it
 */
export function readTicks(trigger: CronTrigger | IntervalTrigger): Ticks {
  if ("everyMs" in trigger) return intervalTicks(trigger.everyMs);
  const every = /^every (\d+)$/.exec(trigger.cron)?.[1];
  if (every !== undefined) return intervalTicks(Number(every));
  const schedule = readSchedule(trigger);
  return {
    expression: `TZ=${schedule.timeZone} ${schedule.cron}`,
    next: (after) => nextTick(schedule, after),
    due: (at, now) => dueTick(schedule, at, now),
  };
}

function intervalTicks(everyMs: number): Ticks {
  if (!Number.isSafeInteger(everyMs) || everyMs < MIN_INTERVAL_MS)
    throw new Error(`every ${everyMs} ms, and ${MIN_INTERVAL_MS} is the least`);
  return {
    expression: `every ${everyMs}`,
    next: (after) => after + everyMs,
    due(at, now) {
      const scheduledAt = now - ((now - at) % everyMs);
      return { scheduledAt, nextAt: scheduledAt + everyMs };
    },
  };
}

/** The tick of a cron before a time, epoch ms; `undefined` if there is none. */
export function previousTick(trigger: CronTrigger, before: number): number | undefined {
  return cronOf(readSchedule(trigger)).previousRuns(1, new Date(before))[0]?.getTime();
}

/** The first tick after `after`, epoch ms; `Infinity` if there is none. */
export function nextTick(schedule: Schedule, after: number): number {
  return cronOf(schedule).nextRun(new Date(after))?.getTime() ?? Infinity;
}

/**
 * What to run for a tick that has come due, and what to wait for then.
 *
 * @param at The tick that was waited for, at most `now`.
 */
export function dueTick(schedule: Schedule, at: number, now: number): DueTick {
  const following = nextTick(schedule, at);
  if (following > now) return { scheduledAt: at, nextAt: following };
  // There is one, as `following` shows. What is due at `now` itself counts as come.
  const [last] = cronOf(schedule).previousRuns(1, new Date(now + 1));
  return { scheduledAt: last!.getTime(), nextAt: nextTick(schedule, now) };
}

/**
 * How long after its tick a run starts, in ms below `jitterMs`: the same for the same tick in every process, spread
 * evenly over functions and ticks.
 */
export function jitterOf(functionId: string, tick: number, jitterMs: number): number {
  if (jitterMs <= 0) return 0;
  const hash = createHash("sha256").update(`${functionId}:${tick}`).digest();
  return Math.floor((hash.readUIntBE(0, 6) / 2 ** 48) * jitterMs);
}

/**
 * The request to start a function for a tick. Two triggers that come at the same moment start it once.
 *
 * @param tick When it was due, epoch ms.
 */
export function createScheduledStart(
  definition: FunctionDefinition,
  trigger: CronTrigger | IntervalTrigger,
  tick: number,
  now: number,
): StartRequest {
  const isCron = "cron" in trigger;
  const fireAt = tick + jitterOf(definition.id, tick, (isCron && trigger.jitterMs) || 0);
  const scheduledAt = new Date(tick).toISOString();
  const event: RunEvent = {
    id: createEventId(now),
    externalId: scheduledAt,
    name: SCHEDULED_EVENT,
    data: {
      ...(isCron ? { cron: trigger.cron } : { everyMs: trigger.everyMs }),
      scheduledAt,
      fireAt: new Date(fireAt).toISOString(),
    },
    ts: tick,
  };
  return createStartRequest(definition, [event], {
    now,
    ...(fireAt > now && { notBefore: fireAt }),
    idempotency: { key: flowKey("cron", definition.id, scheduledAt), until: now + IDEMPOTENCY_MS },
  });
}

/**
 * The request to start a function for a tick of a schedule that was made while the program runs.
 *
 * @param tick When it was due, epoch ms.
 */
export function createScheduleStart(
  definition: FunctionDefinition,
  schedule: ScheduleRecord,
  tick: number,
  now: number,
): StartRequest {
  const { id, cron, timeZone, externalId, lastAt } = schedule;
  const scheduledAt = new Date(tick).toISOString();
  const event: RunEvent = {
    id: createEventId(now),
    externalId: `${id} ${scheduledAt}`,
    name: SCHEDULED_EVENT,
    data: {
      ...{ cron, timeZone, scheduledAt, fireAt: scheduledAt },
      ...(externalId !== undefined && { externalId }),
      ...(lastAt !== undefined && { lastAt }),
    },
    ts: tick,
  };
  return createStartRequest(definition, [event], {
    now,
    details: { scheduleId: id },
    idempotency: {
      key: flowKey("schedule", definition.id, id, scheduledAt),
      until: now + IDEMPOTENCY_MS,
    },
  });
}

/** croner objects hold no timer unless they are given a function. */
function cronOf(schedule: Schedule): Cron {
  const key = `${schedule.timeZone} ${schedule.cron}`;
  let cron = crons.get(key);
  if (cron === undefined) {
    // To croner `?` is the moment of its creation; to cron it is another `*`.
    const pattern = schedule.cron.replaceAll("?", "*");
    cron = new Cron(pattern, {
      timezone: schedule.timeZone,
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
    });
    crons.set(key, cron);
  }
  return cron;
}
