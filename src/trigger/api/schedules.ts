import { randomUUID } from "node:crypto";
import { LonghaulError } from "../../core/errors.ts";
import type { RunHost } from "../../runs/hosting.ts";
import { nextTick, readSchedule } from "../../runs/schedules.ts";
import { taskQueueName } from "../../runs/store/queue-store.ts";
import type { ScheduleRecord, ScheduleRequest } from "../../runs/store/schedule-store.ts";
import { currentHost } from "../host/binding.ts";
import { findTask } from "../task/catalog.ts";
import { type OffsetPage, PagePromise, readOffsetPage } from "./pages.ts";
import { badCall, checkProperties, notFound, readId, readText, readWhole } from "./refusals.ts";
import { declaredSchedules, type ScheduleInfo, scheduleInfo } from "./schedule-info.ts";

/** When which task starts. Its payload is a `ScheduledPayload`. */
export interface ScheduleOptions {
  /** The id of a task, of any kind, or the task. */
  readonly task: string | { readonly id: string };
  /** Five fields; `L` is the last day of the month. */
  readonly cron: string;
  /** IANA name. @default "UTC" */
  readonly timezone?: string | undefined;
  /** Comes back in the payload: the id of a user of yours, say. */
  readonly externalId?: string | undefined;
}

export interface CreateScheduleOptions extends ScheduleOptions {
  /** Unique in the store: a schedule with the same key is changed instead. */
  readonly deduplicationKey: string;
}

const NAMES = ["task", "cron", "timezone", "externalId"] as const;
const LACKING = { window: "only the cron of a task has one" };
const MAX_PER_PAGE = 100;

/** Schedules that are made, changed and removed while the program runs; those of the code are shown, too. */
export const scheduleTools = {
  /**
   * Makes a schedule, active at once.
   * @throws {LonghaulError} TASK_BAD_CALL, TASK_NOT_FOUND if no process with this task has ever used the store
   */
  async create(options: CreateScheduleOptions): Promise<ScheduleInfo> {
    const call = "schedules.create";
    checkProperties(call, options, [...NAMES, "deduplicationKey"], LACKING);
    const deduplicationKey = readText(call, "deduplicationKey", options.deduplicationKey);
    const host = currentHost();
    const schedule = await readRequest(call, host, options);
    const id = `sched_${randomUUID().replaceAll("-", "")}`;
    const { schedules } = host.stores;
    return scheduleInfo(
      await schedules.create({ now: host.now(), id, deduplicationKey, schedule }),
    );
  },

  /** @throws {LonghaulError} TASK_NOT_FOUND */
  async retrieve(schedule: string | { readonly id: string }): Promise<ScheduleInfo> {
    const host = currentHost();
    const id = readId("schedules.retrieve", schedule);
    const made = await host.stores.schedules.retrieve(id);
    return made ? scheduleInfo(made) : (findDeclared(host, id) ?? notFound("schedule", id));
  },

  /**
   * Puts all that is said in the place of what was; a schedule that is not active stays so.
   * @throws {LonghaulError} TASK_NOT_FOUND, TASK_BAD_CALL, TASK_CONFLICT if it is a task's own
   */
  async update(
    schedule: string | { readonly id: string },
    options: ScheduleOptions,
  ): Promise<ScheduleInfo> {
    const call = "schedules.update";
    const id = readId(call, schedule);
    checkProperties(call, options, NAMES, LACKING);
    const host = currentHost();
    const request = await readRequest(call, host, options);
    return changed(
      call,
      host,
      id,
      await host.stores.schedules.update({ now: host.now(), id, schedule: request }),
    );
  },

  /** Removes a schedule. @throws {LonghaulError} TASK_NOT_FOUND, TASK_CONFLICT if it is a task's own */
  async del(schedule: string | { readonly id: string }): Promise<{ readonly id: string }> {
    const call = "schedules.del";
    const id = readId(call, schedule);
    const host = currentHost();
    if (!(await host.stores.schedules.delete(id))) refuseMissing(call, host, id);
    return { id };
  },

  /** Lets it tick again, from now on. @throws {LonghaulError} TASK_NOT_FOUND, TASK_CONFLICT if it is a task's own */
  async activate(schedule: string | { readonly id: string }): Promise<ScheduleInfo> {
    const call = "schedules.activate";
    const id = readId(call, schedule);
    const host = currentHost();
    const now = host.now();
    const made = (await host.stores.schedules.retrieve(id)) ?? refuseMissing(call, host, id);
    // One that is active keeps the tick that may be due.
    if (made.isActive) return scheduleInfo(made);
    const nextAt = nextTick(readSchedule(made), now);
    return changed(call, host, id, await host.stores.schedules.setActive({ now, id, nextAt }));
  },

  /** Keeps it from ticking. @throws {LonghaulError} TASK_NOT_FOUND, TASK_CONFLICT if it is a task's own */
  async deactivate(schedule: string | { readonly id: string }): Promise<ScheduleInfo> {
    const call = "schedules.deactivate";
    const id = readId(call, schedule);
    const host = currentHost();
    const now = host.now();
    return changed(
      call,
      host,
      id,
      await host.stores.schedules.setActive({ now, id, nextAt: undefined }),
    );
  },

  /** Those of this process's tasks first, then those that were made, oldest first. */
  list(
    options: {
      /** From 1. @default 1 */
      readonly page?: number | undefined;
      /** At most 100. @default 20 */
      readonly perPage?: number | undefined;
    } = {},
  ): PagePromise<ScheduleInfo, OffsetPage<ScheduleInfo>> {
    return PagePromise.of(list(options));
  },

  /** The names that `timezone` may be. */
  async timezones(
    options: { readonly excludeUtc?: boolean | undefined } = {},
  ): Promise<{ readonly timezones: string[] }> {
    checkProperties("schedules.timezones", options, ["excludeUtc"]);
    const zones = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC");
    return { timezones: options.excludeUtc ? zones : ["UTC", ...zones] };
  },
};

async function readRequest(
  call: string,
  host: RunHost,
  { task, cron, timezone = "UTC", externalId }: ScheduleOptions,
): Promise<ScheduleRequest> {
  const functionId = readId(call, task);
  const pattern = readText(call, "cron", cron);
  const timeZone = readText(call, "timezone", timezone);
  if (externalId !== undefined) readText(call, "externalId", externalId);
  const nextAt = firstTick(call, pattern, timeZone, host.now());
  // Every function that the store knows has a queue.
  const isKnown =
    findTask(functionId) !== undefined ||
    (await host.stores.queues.retrieve(taskQueueName(functionId))) !== undefined;
  if (!isKnown) notFound("task", functionId);
  return { functionId, cron: pattern, timeZone, externalId, nextAt };
}

function firstTick(call: string, cron: string, timeZone: string, now: number): number {
  if (!/^\S+(?:\s+\S+){4}$/.test(cron.trim()))
    badCall(call, `the cron ${JSON.stringify(cron)} has not five fields`);
  try {
    const next = nextTick(readSchedule({ cron, timeZone }), now);
    if (Number.isFinite(next)) return next;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return badCall(call, `the cron ${JSON.stringify(cron)} in ${timeZone}: ${reason}`);
  }
  return badCall(call, `the cron ${JSON.stringify(cron)} never ticks`);
}

const findDeclared = (host: RunHost, id: string): ScheduleInfo | undefined =>
  declaredSchedules(host.now()).find((declared) => declared.id === id);

function changed(
  call: string,
  host: RunHost,
  id: string,
  schedule: ScheduleRecord | undefined,
): ScheduleInfo {
  return schedule ? scheduleInfo(schedule) : refuseMissing(call, host, id);
}

/** @throws {LonghaulError} TASK_NOT_FOUND, TASK_CONFLICT */
function refuseMissing(call: string, host: RunHost, id: string): never {
  const declared = findDeclared(host, id);
  if (!declared) return notFound("schedule", id);
  const reason = `the schedule ${id} is the cron of the task ${declared.task}; change it there`;
  throw new LonghaulError("TASK_CONFLICT", { call, reason });
}

async function list(options: {
  readonly page?: number | undefined;
  readonly perPage?: number | undefined;
}): Promise<OffsetPage<ScheduleInfo>> {
  const call = "schedules.list";
  checkProperties(call, options, ["page", "perPage"]);
  const page = readWhole(call, "page", options.page ?? 1, { min: 1 });
  const perPage = readWhole(call, "perPage", options.perPage ?? 20, { min: 1, max: MAX_PER_PAGE });
  const host = currentHost();
  const read = async ({ limit, offset }: { readonly limit: number; readonly offset: number }) => {
    const declared = declaredSchedules(host.now());
    const first = declared.slice(offset, offset + limit);
    const { schedules, count } = await host.stores.schedules.list({
      limit: limit - first.length,
      offset: Math.max(offset - declared.length, 0),
    });
    const items = [...first, ...schedules.map(scheduleInfo)];
    return { items, count: declared.length + count };
  };
  return readOffsetPage(read, perPage, page);
}
