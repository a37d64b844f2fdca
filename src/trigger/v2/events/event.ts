import { LonghaulError } from "../../../core/errors.ts";
import { timeOfId } from "../../../runs/ids.ts";
import { SCHEDULED_EVENT } from "../../../runs/schedules.ts";
import { CALLED_EVENT } from "../../../runs/start-calls.ts";
import type { EventInput, RunEvent } from "../../../runs/types.ts";
import type { Untyped } from "../../types/untyped.ts";

/** An event to send. */
export interface SendEvent {
  readonly name: string;
  /** JSON. @default {} */
  readonly payload?: Untyped;
  /** JSON, beside the payload: `ctx.event.context`. */
  readonly context?: Untyped;
  /** The same id starts a job once within 24 hours. @default a new one */
  readonly id?: string | undefined;
  /** When it happened. @default now */
  readonly timestamp?: Date | undefined;
  /** @default "trigger.dev" */
  readonly source?: string | undefined;
}

/** How to send events. */
export interface SendEventOptions {
  /** Nothing starts before that. */
  readonly deliverAt?: Date | undefined;
  /** Seconds. */
  readonly deliverAfter?: number | undefined;
  /** `ctx.account.id` of the runs. */
  readonly accountId?: string | undefined;
}

/** An event that was sent. */
export interface EventLog {
  readonly id: string;
  readonly name: string;
  readonly payload: Untyped;
  readonly context: Untyped;
  readonly timestamp: Date;
  readonly deliverAt?: Date;
  readonly deliveredAt?: Date;
}

/** An event as a job, or `io.waitForEvent`, sees it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly context: Untyped;
  readonly timestamp: Date;
  readonly source: string;
  readonly accountId: string | undefined;
}

/** What an event has besides its name and payload: kept in its `meta`, under `v2`. */
interface Extras {
  readonly context?: unknown;
  readonly source?: string;
  readonly accountId?: string;
  /** Epoch ms, where it is not the event's `ts`. */
  readonly timestamp?: number;
  /** The payload is no object: it is in `data.payload`. */
  readonly isBare?: true;
}

/** The source of events that name none. */
export const DEFAULT_SOURCE = "trigger.dev";

/** What these events are called here. */
const NAMES: Readonly<Record<string, string>> = {
  [CALLED_EVENT]: "invoke",
  [SCHEDULED_EVENT]: "dev.trigger.scheduled",
};

/**
 * An event as the engine takes it. Objects are its data as they are, so that functions of other idioms see the same.
 *
 * @param now Epoch ms.
 * @throws {LonghaulError} TRIGGER_V2_BAD_EVENT
 */
export function toEventInput(event: SendEvent, options: SendEventOptions, now: number): EventInput {
  const { name, id, timestamp } = event;
  if (typeof name !== "string" || name === "") throw bad("without a name", "it has no name");
  const deliverAt = deliveryOf(name, options, now);
  if (timestamp !== undefined && !isDate(timestamp))
    throw bad(name, "its timestamp is no valid Date");
  const happenedAt = timestamp?.getTime() ?? now;
  const ts = deliverAt ?? Math.min(happenedAt, now);
  return {
    name,
    ts,
    ...(id !== undefined && { id }),
    ...wrap(event.payload, {
      ...(event.context !== undefined && { context: event.context as unknown }),
      ...(event.source !== undefined &&
        event.source !== DEFAULT_SOURCE && { source: event.source }),
      ...(options.accountId !== undefined && { accountId: options.accountId }),
      ...(happenedAt !== ts && { timestamp: happenedAt }),
    }),
  };
}

/** A payload, and what goes with it, as an event or a start has them. */
export function wrap(
  payload: unknown,
  extras: Extras,
): { readonly data: unknown; readonly meta?: unknown } {
  const isBare = payload !== undefined && (!isObject(payload) || Array.isArray(payload));
  const all: Extras = { ...extras, ...(isBare && { isBare: true }) };
  return {
    data: isBare ? { payload } : (payload ?? {}),
    ...(Object.keys(all).length > 0 && { meta: { v2: all } }),
  };
}

/** An event as users see it. */
export function receive(event: RunEvent): ReceivedEvent {
  const extras = extrasOf(event);
  return {
    id: event.externalId ?? event.id,
    name: NAMES[event.name] ?? event.name,
    payload: extras.isBare ? (event.data as { payload: unknown }).payload : event.data,
    context: extras.context ?? {},
    timestamp: new Date(extras.timestamp ?? event.ts),
    source: extras.source ?? DEFAULT_SOURCE,
    accountId: extras.accountId,
  };
}

/** What is known of an event that was sent, from its id alone and what the sender said: the same in every replay. */
export function logOf(event: SendEvent, options: SendEventOptions, id: string): EventLog {
  const sentAt = timeOfId(id)!;
  const deliverAt = deliveryOf(event.name, options, sentAt);
  return {
    id: event.id ?? id,
    name: event.name,
    payload: event.payload as unknown,
    context: event.context as unknown,
    timestamp: event.timestamp ?? new Date(sentAt),
    ...(deliverAt === undefined
      ? { deliveredAt: new Date(sentAt) }
      : { deliverAt: new Date(deliverAt) }),
  };
}

function deliveryOf(
  name: string,
  { deliverAt, deliverAfter }: SendEventOptions,
  now: number,
): number | undefined {
  if (deliverAt !== undefined && deliverAfter !== undefined)
    throw bad(name, "it has deliverAt and deliverAfter");
  if (deliverAt !== undefined) {
    if (!isDate(deliverAt)) throw bad(name, "its deliverAt is no valid Date");
    return deliverAt.getTime();
  }
  if (deliverAfter === undefined) return undefined;
  if (!Number.isFinite(deliverAfter) || deliverAfter < 0)
    throw bad(name, "its deliverAfter is no number of seconds");
  return now + deliverAfter * 1_000;
}

/** Events of other idioms have none, or other things in their `meta`. */
function extrasOf({ meta }: RunEvent): Extras {
  const extras: unknown = isObject(meta) ? (meta as { v2?: unknown }).v2 : undefined;
  return isObject(extras) ? extras : {};
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const isDate = (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime());

const bad = (event: string, reason: string): LonghaulError =>
  new LonghaulError("TRIGGER_V2_BAD_EVENT", { event, reason });
