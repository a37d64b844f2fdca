import { type EventFilter, problemOfFilter } from "../../../runs/cel/event-filter.ts";
import { LonghaulError } from "../../../core/errors.ts";
import { DEFAULT_SOURCE } from "../events/event.ts";

/** Which events of a name are meant. */
export interface EventSelection {
  /** Of the payload. @default any */
  readonly filter?: EventFilter | undefined;
  /** Of the event's context. @default any */
  readonly contextFilter?: EventFilter | undefined;
  /** @default "trigger.dev", which events have that name no other */
  readonly source?: string | undefined;
  readonly accountId?: string | undefined;
}

/**
 * What an event has to be, as an expression. Plain values of the payload are compared first: an index finds waits by them.
 *
 * @param variable What the expression calls the event.
 * @param owner For the error: `eventTrigger("order.paid")`.
 * @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER
 */
export function conditionOf(
  { filter, contextFilter, source, accountId }: EventSelection,
  variable: "event" | "async",
  owner: string,
): string {
  const meta = `${variable}.meta.v2`;
  const isDefault = source === undefined || source === DEFAULT_SOURCE;
  const parts = [
    ...(filter === undefined ? [] : filterParts(filter, `${variable}.data`, owner)),
    ...(contextFilter === undefined ? [] : [matches(contextFilter, `${meta}.context`, owner)]),
    ...(accountId === undefined ? [] : [`${meta}.accountId == ${JSON.stringify(accountId)}`]),
    `${meta}.source == ${isDefault ? "null" : JSON.stringify(source)}`,
  ];
  return parts.join(" && ");
}

function filterParts(filter: EventFilter, path: string, owner: string): string[] {
  const whole = matches(filter, path, owner);
  const equal = Object.entries(filter).flatMap(([name, wanted]) => {
    const only: unknown = Array.isArray(wanted) && wanted.length === 1 ? wanted[0] : undefined;
    if (only === undefined || typeof only === "object" || name.includes(".")) return [];
    return [`${path}[${JSON.stringify(name)}] == ${JSON.stringify(only)}`];
  });
  return [...equal, whole];
}

function matches(filter: EventFilter, path: string, owner: string): string {
  const reason = problemOfFilter(filter);
  if (reason !== undefined)
    throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", { trigger: owner, reason });
  return `matches_filter(${path}, ${JSON.stringify(JSON.stringify(filter))})`;
}
