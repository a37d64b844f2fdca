import { LonghaulError } from "../core/errors.ts";
import type { ASTNode } from "@marcbachmann/cel-js";
import { compile, type Evaluate } from "./cel/compile.ts";
import { parseCel } from "./cel/library.ts";
import { isTruthy, toJsonValue } from "./cel/values.ts";
import type { RunEvent } from "./types.ts";

/**
 * Expressions of functions and waits: CEL with Inngest's loose semantics, so that an event of an unexpected shape gives
 * an answer and never an error.
 *
 *   event, async     the event that started the run; the event waited for (waits and cancellations only)
 *   missing field    null-ish: equal to `null`, less than anything, adds nothing, false in a condition
 *   == != < <= > >=  across types; ints and doubles by value, `null` as 0 or "" beside a number or a string
 *   +                joins text with anything
 *   && || ! ?:       like JavaScript's, on any value: `event.data.nickname || event.data.name`
 *   functions        date now now_plus now_minus lowercase uppercase b64decode json_parse, and CEL's own;
 *                    matches_filter(event.data, "{…}") with a filter as JSON (cel/event-filter.ts)
 *
 * What could not be evaluated, or is missing altogether, is `false` in the end, as in Inngest: a missing key switches
 * off what `key: false` switches off.
 *
 * Where we differ, because Inngest's own answer would surprise: `!missing` is true; numbers join as JavaScript writes
 * them (1000000, not 1e+06), lists and maps as JSON, and null as nothing; arithmetic may mix ints and doubles; a
 * condition may be any value.
 */
export interface Expression {
  readonly ast: ASTNode;
  readonly evaluate: Evaluate;
}

/** What an expression is about. */
export interface ExpressionInput {
  /** The event that started the run. */
  readonly event: RunEvent;
  /** The event waited for; its presence makes this a wait, where what `event` lacks is `null`. */
  readonly async?: RunEvent | undefined;
  /** Epoch ms, for now() and its like. */
  readonly now: number;
}

/** Which variables an expression may use: those of a wait are `event` and `async`. */
export type ExpressionKind = "event" | "wait";

const VARIABLES: Readonly<Record<ExpressionKind, ReadonlySet<string>>> = {
  event: new Set(["event"]),
  wait: new Set(["event", "async"]),
};

/** Expressions are part of the code, so there are few; waits built from data must not fill the memory all the same. */
const CACHE_SIZE = 10_000;
const caches = { event: new Map<string, Expression>(), wait: new Map<string, Expression>() };

/**
 * Reads an expression, or remembers it.
 *
 * @param owner Who has it, for the error: `the trigger of send-mail`.
 * @throws {LonghaulError} RUNS_BAD_EXPRESSION
 */
export function compileExpression(
  source: string,
  kind: ExpressionKind = "event",
  owner = "a function",
): Expression {
  const cache = caches[kind];
  const known = cache.get(source);
  if (known !== undefined) return known;
  const expression = read(source, kind, owner);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(source, expression);
  return expression;
}

/** The value of an expression as JSON has it; `false` if it is missing. Compiles it if need be. */
export function evaluateExpression(source: string, input: ExpressionInput): unknown {
  return toJsonValue(run(source, input));
}

/** Whether a condition holds. Compiles it if need be. */
export function holds(source: string, input: ExpressionInput): boolean {
  return isTruthy(run(source, input));
}

/** An event as expressions see it: `event.id` is the sender's id where there is one. */
export const eventView = (event: RunEvent): Readonly<Record<string, unknown>> => ({
  id: event.externalId ?? event.id,
  name: event.name,
  data: event.data,
  ts: event.ts,
  v: event.v,
  user: event.user,
  meta: event.meta,
});

function run(source: string, { event, async: awaited, now }: ExpressionInput): unknown {
  const isWait = awaited !== undefined;
  return compileExpression(source, isWait ? "wait" : "event").evaluate({
    now,
    variables: { event: eventView(event), ...(isWait && { async: eventView(awaited) }) },
    missingEventIsNull: isWait,
  });
}

function read(source: string, kind: ExpressionKind, owner: string): Expression {
  try {
    const ast = parseCel(source);
    return { ast, evaluate: compile(ast, VARIABLES[kind]) };
  } catch (error) {
    const reason = firstLine(error);
    throw new LonghaulError(
      "RUNS_BAD_EXPRESSION",
      { expression: source, owner, reason },
      { cause: error },
    );
  }
}

/** The parser's messages go on with a drawing of the place. */
const firstLine = (error: unknown): string => /^.*/.exec((error as Error).message)![0];
