import type { Trigger } from "../../runs/definition.ts";
import { durationMs } from "../durations.ts";
import { EventType } from "../events/event-type.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import { internalEvents } from "../internal-events.ts";
import { describe, OptionProblem, optionalText, refuseUnknown, requireObject } from "./problem.ts";

/** The triggers of a function, and the schemas that their event types bring along. */
export interface ReadTriggers {
  readonly triggers: readonly Trigger[];
  /** By name or pattern. Several schemas of one name: any of them may fit. */
  readonly schemas: ReadonlyMap<string, readonly StandardSchemaV1[]>;
}

/**
 * Turns triggers into the engine's.
 *
 * @param input One, a list, or none: a function that is only invoked.
 * @throws {OptionProblem}
 * @throws {LonghaulError} INNGEST_BAD_DURATION
 */
export function readTriggers(input: unknown): ReadTriggers {
  const list: readonly unknown[] =
    input === undefined ? [] : Array.isArray(input) ? input : [input];
  const triggers: Trigger[] = [];
  const schemas = new Map<string, StandardSchemaV1[]>();
  for (const item of list) {
    const raw = requireObject(item, "a trigger");
    const type = eventTypeOf(raw);
    if (type?.schema !== undefined) {
      const name = type.name;
      schemas.set(name, [...(schemas.get(name) ?? []), type.schema as StandardSchemaV1]);
    }
    // It describes what `step.invoke` gives; nothing has to be registered for that.
    if (type?.name !== internalEvents.FunctionInvoked) triggers.push(readTrigger(raw));
  }
  return { triggers, schemas };
}

/** The name of an event that is given by name or as a type. */
export function nameOf(event: unknown, what: string): string {
  const name = event instanceof EventType ? event.name : event;
  if (typeof name === "string" && name !== "") return name;
  throw new OptionProblem(`${what} is an event's name or type, not ${describe(event)}`);
}

function eventTypeOf(raw: object): EventType<string, unknown> | undefined {
  if (raw instanceof EventType) return raw;
  const { event } = raw as { event?: unknown };
  return event instanceof EventType ? event : undefined;
}

function readTrigger(raw: Readonly<Record<string, unknown>>): Trigger {
  if (raw instanceof EventType) return { event: raw.name };
  if (raw["event"] !== undefined && raw["cron"] !== undefined)
    throw new OptionProblem("a trigger is an event or a cron, not both");
  if (raw["cron"] !== undefined) return readCron(raw);
  refuseUnknown(raw, ["event", "if"], "a trigger");
  if (raw["event"] === undefined) throw new OptionProblem("a trigger needs an event or a cron");
  const condition = optionalText(raw["if"], "a trigger's if");
  return {
    event: nameOf(raw["event"], "a trigger's event"),
    ...(condition !== undefined && { if: condition }),
  };
}

function readCron(raw: Readonly<Record<string, unknown>>): Trigger {
  refuseUnknown(raw, ["cron", "jitter"], "a cron trigger");
  const cron = optionalText(raw["cron"], "a trigger's cron") ?? "";
  if (raw["jitter"] === undefined) return { cron };
  return { cron, jitterMs: durationMs(raw["jitter"], "a trigger's jitter") };
}
