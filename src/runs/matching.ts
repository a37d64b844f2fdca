import { MISSING, pick } from "./cel/values.ts";
import { type SplitCondition, splitCondition } from "./cel/split.ts";
import type { FunctionDeclaration } from "./definition.ts";
import { patternsFor } from "./event-names.ts";
import { compileExpression, type Expression, eventView, holds } from "./expressions.ts";
import type { WaitCandidate, WaitSpec } from "./store/run-store.ts";
import type { RunEvent } from "./types.ts";

/**
 * Which functions an event starts, and which waits it satisfies.
 *
 * A wait is found by the event's name and by its equality parts: `async.data.orderId == event.data.orderId` is stored as
 * "`data.orderId` is 17", which an index finds among ten thousand waits. Only what equality cannot say is evaluated.
 * As in Inngest, what the run's own event lacks counts as null: `match: "data.orderId"` then asks for an event that
 * lacks it too.
 */

/** The functions that event triggers start, by pattern. */
export class TriggerIndex {
  readonly #byPattern = new Map<
    string,
    { definition: FunctionDeclaration; if?: string | undefined }[]
  >();

  constructor(definitions: Iterable<FunctionDeclaration>) {
    for (const definition of definitions) this.#add(definition);
  }

  /** Functions that `event` starts, each once however many of its triggers fit, in the order they were given. */
  match(event: RunEvent, now: number): readonly FunctionDeclaration[] {
    const found = new Set<FunctionDeclaration>();
    for (const pattern of patternsFor(event.name)) {
      for (const { definition, if: condition } of this.#byPattern.get(pattern) ?? []) {
        if (found.has(definition)) continue;
        if (condition === undefined || holds(condition, { event, now })) found.add(definition);
      }
    }
    return [...found];
  }

  #add(definition: FunctionDeclaration): void {
    for (const trigger of definition.triggers) {
      if (!("event" in trigger)) continue;
      const same = this.#byPattern.get(trigger.event);
      const entry = { definition, if: trigger.if };
      if (same === undefined) this.#byPattern.set(trigger.event, [entry]);
      else same.push(entry);
    }
  }
}

/** What a wait or a cancellation asks for, as users write it. `match` is a path that both events must agree in. */
export interface WaitRequest {
  readonly event: string;
  readonly if?: string | undefined;
  readonly match?: string | undefined;
}

/**
 * A wait as the store keeps it.
 *
 * @param original The event that started the run.
 * @param until Epoch ms.
 * @throws {LonghaulError} RUNS_BAD_EXPRESSION
 */
export function planWait(
  request: WaitRequest,
  original: RunEvent,
  until: number,
  now: number,
): WaitSpec {
  const source = conditionOf(request);
  if (source === undefined) return { event: request.event, equals: [], until };
  const split = readCondition(source);
  const values = split.equalities.map(({ path, value }) => ({
    path,
    value: comparable(
      value({ now, variables: { event: eventView(original) }, missingEventIsNull: true }),
    ),
  }));
  const equals = values.flatMap(({ path, value }) =>
    value === undefined ? [] : [{ path, value }],
  );
  const isAll = split.complete && equals.length === values.length;
  return { event: request.event, equals, ...(!isAll && { expression: source }), until };
}

/** The condition of a wait as one expression; `undefined` if any event of its name will do. */
export function conditionOf({ if: condition, match }: WaitRequest): string | undefined {
  const parts = [
    ...(match === undefined || match === "" ? [] : [`event.${match} == async.${match}`]),
    ...(condition === undefined || condition === "" ? [] : [condition]),
  ];
  return parts.length === 2 ? `(${parts[0]}) && (${parts[1]})` : parts[0];
}

/** Whether an event satisfies what a wait says besides its equality parts. */
export const matchesWait = (
  { expression, originalEvent }: WaitCandidate,
  event: RunEvent,
  now: number,
): boolean => holds(expression, { event: originalEvent, async: event, now });

/**
 * The text under which an event is found by equality parts of this path: compare it with `WaitSpec.equals[].value`.
 * `undefined` if no equality part can be about it (objects, lists, long text).
 */
export function equalityText(event: RunEvent, path: string): string | undefined {
  let value: unknown = eventView(event);
  for (const name of path.split(".")) value = pick(value, name);
  return comparable(value);
}

/** Whether all equality parts fit an event. */
export const fitsEqualities = (event: RunEvent, equals: WaitSpec["equals"]): boolean =>
  equals.every(({ path, value }) => equalityText(event, path) === value);

/** Longer values stay out of indexes. */
const MAX_EQUALITY_TEXT = 256;

/** The same text for what `==` calls equal: JSON of a scalar, with what is missing as null. */
function comparable(value: unknown): string | undefined {
  if (value === MISSING || value === null) return "null";
  if (typeof value === "bigint") return String(value);
  if (
    typeof value === "object" ||
    (typeof value === "string" && value.length > MAX_EQUALITY_TEXT)
  ) {
    return undefined;
  }
  return JSON.stringify(value);
}

const splits = new WeakMap<Expression, SplitCondition>();

function readCondition(source: string): SplitCondition {
  const expression = compileExpression(source, "wait", "a wait");
  const known = splits.get(expression);
  if (known !== undefined) return known;
  const split = splitCondition(expression.ast);
  splits.set(expression, split);
  return split;
}
