import { randomUUID } from "node:crypto";
import { z } from "zod";
import { readFunction } from "../../../runs/browse/functions.ts";
import { type DeclaredSchedule, declaredSchedules } from "../../../runs/browse/schedules.ts";
import { nextTick, readSchedule, SCHEDULED_EVENT } from "../../../runs/schedules.ts";
import { MAX_KEY_LENGTH } from "../../../runs/store/limits.ts";
import type { ScheduleRecord, ScheduleRequest } from "../../../runs/store/schedule-store.ts";
import { KEEP_MS } from "../../idempotency/reservations.ts";
import { type CursorKey, decodeCursor, encodeCursor, pageOf, pageQuery } from "../../pages.ts";
import { InvalidRequest } from "../../problem.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import { id } from "./fields.ts";
import { conflict, notFound } from "./find-run.ts";
import {
  idOfDeclared,
  schedule,
  type ScheduleInfo,
  showDeclared,
  showMade,
} from "./show-schedule.ts";
import { started, startOne } from "./started.ts";

const params = z.object({ scheduleId: id });
const storeOf = ({ parts }: ServerHost) => parts.engine.stores.schedules;

export const schedules = route({
  id: "schedules.list",
  summary:
    "Schedules: those of the code by their functions, then those that were made, oldest first",
  role: "viewer",
  query: z.strictObject(pageQuery),
  answer: pageOf(schedule),
  handler: async ({ query: { limit, cursor }, host }) => {
    const [after, isMade] = decodeCursor(cursor, ["string", "number"]) ?? [];
    const declared = isMade === 1 ? [] : await declaredAfter(host, after as string | undefined);
    const first = declared.slice(0, limit);
    const rest = limit + 1 - first.length;
    const lastMade = isMade === 1 ? (after as string) : undefined;
    const { schedules: made } =
      declared.length > limit
        ? { schedules: [] }
        : await storeOf(host).list({ limit: rest, after: lastMade });
    const shown = made.slice(0, limit - first.length);
    const hasMore = declared.length + made.length > limit;
    const data = await Promise.all([
      ...first.map((one) => showDeclared(one, host)),
      ...shown.map((one) => showMade(one, host)),
    ]);
    return { data, page: { next: hasMore ? encodeCursor(placeOf(data.at(-1)!)) : null } };
  },
});

const placeOf = (info: ScheduleInfo): CursorKey => [info.id, info.type === "made" ? 1 : 0];

/** Those of the code that follow one, by function; all of them if it is gone. */
async function declaredAfter(
  { parts }: ServerHost,
  after: string | undefined,
): Promise<DeclaredSchedule[]> {
  const all = await declaredSchedules(parts.store);
  return all.slice(all.findIndex((one) => idOfDeclared(one) === after) + 1);
}

export const oneSchedule = route({
  id: "schedules.get",
  summary: "A schedule with its next ten ticks",
  role: "viewer",
  params,
  answer: schedule,
  handler: async ({ params: { scheduleId }, host }) => {
    const made = await storeOf(host).retrieve(scheduleId);
    if (made) return showMade(made, host);
    return showDeclared((await findDeclared(host, scheduleId)) ?? none(scheduleId), host);
  },
});

const fields = {
  /** A function or a task. */
  functionId: id,
  /** Five fields, or six with seconds first. */
  cron: z.string().min(1).max(200),
  /** IANA name. */
  timeZone: z.string().min(1).max(100),
  /** Comes back in what the run is given. */
  externalId: z.string().min(1).max(MAX_KEY_LENGTH),
} as const;

export const createSchedule = route({
  id: "schedules.create",
  summary: "Makes a schedule, active at once",
  description: "One with the same deduplication key is changed instead, and keeps its id.",
  role: "operator",
  body: z.strictObject({
    ...fields,
    timeZone: fields.timeZone.default("UTC"),
    externalId: fields.externalId.optional(),
    /** Unique in the store. @default a new one */
    deduplicationKey: z.string().min(1).max(MAX_KEY_LENGTH).optional(),
  }),
  answer: schedule,
  status: 201,
  handler: async ({ body, host, idempotencyKey = randomUUID() }) => {
    const { deduplicationKey = idempotencyKey, ...asked } = body;
    const now = host.parts.clock.now();
    const newId = `sched_${randomUUID().replaceAll("-", "")}`;
    const request = await readRequest(host, asked);
    const made = await storeOf(host).create({
      now,
      id: newId,
      deduplicationKey,
      schedule: request,
    });
    return showMade(made, host);
  },
});

export const updateSchedule = route({
  id: "schedules.update",
  summary: "Changes a schedule that was made; what is left out stays",
  role: "operator",
  params,
  body: z.strictObject({
    functionId: fields.functionId.optional(),
    cron: fields.cron.optional(),
    timeZone: fields.timeZone.optional(),
    externalId: fields.externalId.nullable().optional(),
  }),
  answer: schedule,
  handler: async ({ params: { scheduleId }, body, host }) => {
    const known = await findMade(host, scheduleId, "changed");
    const { externalId = known.externalId } = body;
    const request = await readRequest(host, {
      functionId: body.functionId ?? known.functionId,
      cron: body.cron ?? known.cron,
      timeZone: body.timeZone ?? known.timeZone,
      ...(externalId !== null && { externalId }),
    });
    const now = host.parts.clock.now();
    const made = await storeOf(host).update({ now, id: scheduleId, schedule: request });
    return showMade(made ?? none(scheduleId), host);
  },
});

export const activateSchedule = route({
  id: "schedules.activate",
  summary: "Lets a schedule tick again, from now on",
  role: "operator",
  params,
  answer: schedule,
  handler: async ({ params: { scheduleId }, host }) => {
    const known = await findMade(host, scheduleId, "activated");
    // One that is active keeps the tick that may be due.
    if (known.isActive) return showMade(known, host);
    return setActive(host, scheduleId, nextTick(readSchedule(known), host.parts.clock.now()));
  },
});

export const deactivateSchedule = route({
  id: "schedules.deactivate",
  summary: "Keeps a schedule from ticking",
  role: "operator",
  params,
  answer: schedule,
  handler: async ({ params: { scheduleId }, host }) => {
    await findMade(host, scheduleId, "deactivated");
    return setActive(host, scheduleId, undefined);
  },
});

export const deleteSchedule = route({
  id: "schedules.delete",
  summary: "Removes a schedule that was made; its runs stay",
  role: "operator",
  params,
  answer: z.undefined(),
  status: 204,
  handler: async ({ params: { scheduleId }, host }) => {
    await findMade(host, scheduleId, "removed");
    await storeOf(host).delete(scheduleId);
    return undefined;
  },
});

export const runSchedule = route({
  id: "schedules.run",
  summary: "Starts what a schedule starts, now",
  role: "operator",
  params,
  answer: started,
  status: 201,
  handler: async ({ params: { scheduleId }, host, idempotencyKey: key }) => {
    const at = host.parts.clock.now();
    const now = new Date(at).toISOString();
    const made = await storeOf(host).retrieve(scheduleId);
    const declared = made ? undefined : await findDeclared(host, scheduleId);
    const { functionId } = made ?? declared ?? none(scheduleId);
    const event = {
      name: SCHEDULED_EVENT,
      data: {
        ...(made ? tickOf(made) : triggerOf(declared!)),
        ...{ scheduledAt: now, fireAt: now },
      },
    };
    const details = {
      ...(made && { scheduleId }),
      ...(key !== undefined && { idempotency: { key, until: at + KEEP_MS } }),
    };
    return startOne(host, { functionId, events: [event], details });
  },
});

/** What a run is told of the schedule that was made for it. */
const tickOf = ({ cron, timeZone, externalId, lastAt }: ScheduleRecord): object => ({
  ...{ cron, timeZone },
  ...(externalId !== undefined && { externalId }),
  ...(lastAt !== undefined && { lastAt }),
});

function triggerOf({ text }: DeclaredSchedule): object {
  const every = /^every (\d+)$/.exec(text)?.[1];
  return every === undefined ? { cron: text } : { everyMs: Number(every) };
}

/** @throws {LonghaulError} SERVER_NOT_FOUND, InvalidRequest */
async function readRequest(
  { parts }: ServerHost,
  asked: Omit<ScheduleRequest, "nextAt">,
): Promise<ScheduleRequest> {
  const { functionId, cron, timeZone } = asked;
  const isKnown =
    parts.engine.hasFunction(functionId) ||
    (await readFunction(parts.store, functionId)) !== undefined;
  if (!isKnown) notFound("function", functionId);
  return { ...asked, nextAt: firstTick({ cron, timeZone }, parts.clock.now()) };
}

/** @throws {InvalidRequest} */
function firstTick(trigger: { readonly cron: string; readonly timeZone: string }, now: number) {
  const refuse = (detail: string): never => {
    throw new InvalidRequest([{ pointer: "#/cron", detail }]);
  };
  // Its time zone is said beside it.
  if (trigger.cron.includes("TZ=")) refuse("the time zone is a field of its own");
  try {
    const next = nextTick(readSchedule(trigger), now);
    if (Number.isFinite(next)) return next;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  return refuse("it never ticks");
}

async function setActive(
  host: ServerHost,
  scheduleId: string,
  nextAt: number | undefined,
): Promise<ScheduleInfo> {
  const now = host.parts.clock.now();
  const made = await storeOf(host).setActive({ now, id: scheduleId, nextAt });
  return showMade(made ?? none(scheduleId), host);
}

async function findDeclared(
  { parts }: ServerHost,
  scheduleId: string,
): Promise<DeclaredSchedule | undefined> {
  return (await declaredSchedules(parts.store)).find((one) => idOfDeclared(one) === scheduleId);
}

/** @throws {LonghaulError} SERVER_NOT_FOUND, SERVER_STATE_CONFLICT if it is in the code */
async function findMade(
  host: ServerHost,
  scheduleId: string,
  action: string,
): Promise<ScheduleRecord> {
  const made = await storeOf(host).retrieve(scheduleId);
  if (made) return made;
  if (await findDeclared(host, scheduleId))
    conflict(`the schedule ${scheduleId}`, "a trigger in the code", `${action} here`);
  return none(scheduleId);
}

const none = (scheduleId: string): never => notFound("schedule", scheduleId);
