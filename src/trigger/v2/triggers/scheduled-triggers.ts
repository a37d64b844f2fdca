import { LonghaulError } from "../../../core/errors.ts";
import {
  type CronTrigger,
  type IntervalTrigger,
  previousTick,
  readTicks,
} from "../../../runs/schedules.ts";
import type { RunEvent } from "../../../runs/types.ts";
import type { Untyped } from "../../types/untyped.ts";
import { receive } from "../events/event.ts";
import type { JobTrigger } from "./trigger.ts";

/** What a job gets that the time has started. */
export interface ScheduledPayload {
  /** When it was due. */
  readonly ts: Date;
  /** When the tick before it was due, by the schedule; also at the first. */
  readonly lastTimestamp?: Date;
}

/** How often. */
export interface IntervalOptions {
  /** From 20 seconds to 30 days. */
  readonly seconds: number;
}

/** When. */
export interface CronOptions {
  /** Five fields, in UTC. */
  readonly cron: string;
}

/** Seconds of an interval. */
const INTERVAL = { least: 20, most: 30 * 24 * 60 * 60 };

/**
 * Starts a job every so many seconds, for the first time that long after the job was first served.
 *
 * @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER
 */
export function intervalTrigger(options: IntervalOptions): JobTrigger<ScheduledPayload, Untyped> {
  return scheduled(intervalOf(options, "intervalTrigger"));
}

/**
 * Starts a job by a cron expression, in UTC.
 *
 * @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER
 */
export function cronTrigger(options: CronOptions): JobTrigger<ScheduledPayload, Untyped> {
  return scheduled(cronOf(options, "cronTrigger"));
}

/** @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER */
export function intervalOf({ seconds }: IntervalOptions, trigger: string): IntervalTrigger {
  if (!Number.isInteger(seconds) || seconds < INTERVAL.least || seconds > INTERVAL.most)
    throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", {
      trigger,
      reason: `${String(seconds)} is no whole number of seconds from ${INTERVAL.least} to ${INTERVAL.most}`,
    });
  return { everyMs: seconds * 1_000 };
}

/** @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER */
export function cronOf({ cron }: CronOptions, trigger: string): CronTrigger {
  try {
    readTicks({ cron });
  } catch (error) {
    const reason = `${cron}: ${(error as Error).message}`;
    throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", { trigger, reason }, { cause: error });
  }
  return { cron };
}

/** What a tick says. */
interface TickData {
  readonly scheduledAt?: string;
  readonly cron?: string;
  readonly everyMs?: number;
  /** When a schedule that was registered while the program runs ticked before. */
  readonly lastAt?: number;
  readonly externalId?: string;
}

/** The payload of a tick's event; of any other, what it says itself. */
export function scheduledPayload(event: RunEvent): ScheduledPayload {
  const data = event.data as TickData;
  if (data.scheduledAt === undefined) return readPayload(receive(event).payload);
  const last = lastTick(data, Date.parse(data.scheduledAt));
  return {
    ts: new Date(data.scheduledAt),
    ...(last !== undefined && { lastTimestamp: new Date(last) }),
  };
}

function lastTick({ cron, everyMs, lastAt, externalId }: TickData, at: number): number | undefined {
  if (externalId !== undefined) return lastAt;
  if (everyMs !== undefined) return at - everyMs;
  return cron === undefined ? undefined : previousTick({ cron }, at);
}

function scheduled(trigger: CronTrigger | IntervalTrigger): JobTrigger<ScheduledPayload, Untyped> {
  return {
    triggers: [trigger],
    payloadOf: (event) => Promise.resolve(scheduledPayload(event)),
    checkInvoke: () => Promise.resolve(),
  };
}

/** Of a job that was invoked: times become dates again. */
function readPayload(payload: unknown): ScheduledPayload {
  const { ts, lastTimestamp, ...rest } = payload as Record<string, string | number | undefined>;
  return {
    ...rest,
    ...(ts !== undefined && { ts: new Date(ts) }),
    ...(lastTimestamp !== undefined && { lastTimestamp: new Date(lastTimestamp) }),
  } as ScheduledPayload;
}
