import { timeOfId } from "../../runs/ids.ts";
import type { RunHandle } from "../../runs/definition.ts";
import { nextTick, previousTick, readSchedule, SCHEDULED_EVENT } from "../../runs/schedules.ts";
import type { RunEvent } from "../../runs/types.ts";
import type { ConfigPlan } from "../config/define-config.ts";
import { unpack } from "../payload.ts";
import { DEFAULT_MACHINE, machineOf } from "../task/machines.ts";
import type { TaskPlan } from "../task/plan.ts";
import type { TriggerExtra } from "../trigger/start-call.ts";
import type { TaskRunContext } from "../types/context.ts";
import type { ScheduledPayload } from "../types/task.ts";
import { digest } from "./step-key.ts";

/** What a run keeps of how it was triggered; nothing if an event, a tick or another idiom started it. */
export function extraOf(details: {
  readonly extra?: string | undefined;
}): TriggerExtra | undefined {
  return details.extra === undefined ? undefined : (JSON.parse(details.extra) as TriggerExtra);
}

/** What the code of the run gets: what the trigger gave, the tick, or the data of the event. */
export function payloadOf(run: Pick<RunHandle, "functionId" | "event" | "details">): unknown {
  const { event } = run;
  const data = event.data as Readonly<Record<string, unknown>>;
  if (extraOf(run.details))
    return unpack(data["payload"] ?? ("payload" in data ? null : undefined));
  return event.name === SCHEDULED_EVENT ? scheduledPayload(run.functionId, event, run) : data;
}

/** What a tick says. */
interface TickData {
  readonly cron: string;
  readonly scheduledAt: string;
  readonly timeZone?: string | undefined;
  readonly externalId?: string | undefined;
  /** When the schedule ticked before. */
  readonly lastAt?: number | undefined;
}

const UPCOMING = 5;

/** The id of the schedule that is in the code of a task. */
export const scheduleIdOf = (functionId: string, cron: string): string =>
  `sched_${digest(`${functionId} ${cron}`)}`;

function scheduledPayload(
  functionId: string,
  event: RunEvent,
  { details }: Pick<RunHandle, "details">,
): ScheduledPayload {
  const { cron, scheduledAt, timeZone, externalId, lastAt } = event.data as TickData;
  const schedule = readSchedule({ cron, timeZone });
  const timestamp = new Date(scheduledAt);
  // Nothing is kept of the ticks of a task's own cron: the one before is reckoned.
  const isMade = details.scheduleId !== undefined;
  const last = isMade ? lastAt : previousTick({ cron, timeZone }, timestamp.getTime());
  const upcoming: Date[] = [];
  for (let at = timestamp.getTime(); upcoming.length < UPCOMING;) {
    at = nextTick(schedule, at);
    if (!Number.isFinite(at)) break;
    upcoming.push(new Date(at));
  }
  return {
    scheduleId: details.scheduleId ?? scheduleIdOf(functionId, cron),
    type: isMade ? "IMPERATIVE" : "DECLARATIVE",
    timestamp,
    ...(last !== undefined && { lastTimestamp: new Date(last) }),
    timezone: schedule.timeZone,
    ...(externalId !== undefined && { externalId }),
    upcoming,
  };
}

/** What a run knows of itself. */
export function contextOf(
  run: RunHandle,
  plan: TaskPlan,
  config: ConfigPlan,
  now: number,
): TaskRunContext {
  const { details } = run;
  const extra = extraOf(details);
  const { project, environment } = config;
  const slug = environment === "DEVELOPMENT" ? "dev" : environment.toLowerCase().slice(0, 4);
  const maxDurationMs = details.maxDurationMs ?? plan.maxDurationMs ?? config.maxDurationMs;
  const maxAttempts = details.maxAttempts ?? (plan.retry ?? config.retry)?.maxAttempts;
  const queue = details.queue ?? plan.queue.name;
  return {
    attempt: { number: run.attempt + 1, startedAt: new Date(now) },
    run: {
      id: run.id,
      tags: [...(details.tags ?? [])],
      isTest: details.isTest ?? false,
      isReplay: details.replayOf !== undefined,
      createdAt: new Date(timeOfId(run.id) ?? run.startedAt),
      startedAt: new Date(run.startedAt),
      ...(extra?.idempotencyKey !== undefined && { idempotencyKey: extra.idempotencyKey }),
      ...(extra?.idempotencyKeyScope && { idempotencyKeyScope: extra.idempotencyKeyScope }),
      ...(maxAttempts !== undefined && { maxAttempts }),
      ...(maxDurationMs !== undefined && { maxDuration: maxDurationMs / 1_000 }),
      ...(extra?.priority !== undefined && { priority: extra.priority }),
      baseCostInCents: 0,
      ...(details.parentRunId !== undefined && { parentTaskRunId: details.parentRunId }),
      ...(details.rootRunId !== undefined && { rootTaskRunId: details.rootRunId }),
    },
    task: { id: plan.id, filePath: plan.filePath },
    queue: { id: queue, name: queue },
    environment: { id: slug, slug, type: environment },
    organization: { id: "longhaul", slug: "longhaul", name: "longhaul" },
    project: { id: project, ref: project, slug: project, name: project },
    machine: machineOf(extra?.machine ?? plan.machine ?? config.machine ?? DEFAULT_MACHINE),
    ...(details.batchId !== undefined && { batch: { id: details.batchId } }),
  };
}
