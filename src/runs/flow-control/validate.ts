import { LonghaulError } from "../../core/errors.ts";
import type { FunctionDefinition, Trigger } from "../definition.ts";
import { problemOfPattern } from "../event-names.ts";
import { compileExpression } from "../expressions.ts";
import { conditionOf } from "../matching.ts";
import { type CronTrigger, type IntervalTrigger, readTicks } from "../schedules.ts";
import { LIMITS } from "./limits.ts";

/**
 * Holds a definition to the rules, so that what cannot work is refused where it is written, not when an event comes.
 *
 * @throws {LonghaulError} RUNS_BAD_TRIGGER, RUNS_BAD_FLOW_CONTROL, RUNS_BAD_EXPRESSION
 */
export function validateDefinition(definition: FunctionDefinition): void {
  validateTriggers(definition);
  for (const [option, check] of Object.entries(checks)) {
    const reason = check(definition);
    if (reason === undefined) continue;
    throw new LonghaulError("RUNS_BAD_FLOW_CONTROL", { option, function: definition.id, reason });
  }
  compileAll(definition);
}

type Problem = string | undefined;

function validateTriggers({ id, triggers }: FunctionDefinition): void {
  const reason =
    problemOfCount("triggers", triggers.length, LIMITS.triggers) ??
    firstProblem(triggers, problemOfTrigger) ??
    problemOfRepeats(triggers);
  if (reason !== undefined) throw new LonghaulError("RUNS_BAD_TRIGGER", { function: id, reason });
}

function problemOfTrigger(trigger: Trigger): Problem {
  if ("everyMs" in trigger) return problemOfTicks(trigger, "the interval");
  if (!("cron" in trigger)) return problemOfPattern(trigger.event);
  const { cron, jitterMs } = trigger;
  if (typeof cron !== "string") return "cron must be text";
  if (cron.length > LIMITS.cronLength) {
    return `a cron expression of ${cron.length} characters, more than ${LIMITS.cronLength}`;
  }
  return problemOfTicks(trigger, cron) ?? problemOfRange("jitter", jitterMs, LIMITS.jitterMs);
}

function problemOfTicks(trigger: CronTrigger | IntervalTrigger, name: string): Problem {
  try {
    return readTicks(trigger).next(0) === Infinity ? `${name} never comes` : undefined;
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  }
}

/** Two crons that differ only in their jitter, or in how they name their time zone, are one, too. */
function problemOfRepeats(triggers: readonly Trigger[]): Problem {
  const seen = new Set<string>();
  for (const trigger of triggers) {
    const isEvent = "event" in trigger;
    const key = isEvent
      ? JSON.stringify(["event", trigger.event, trigger.if])
      : readTicks(trigger).expression;
    if (seen.has(key)) return `${isEvent ? trigger.event : nameOf(trigger)} twice`;
    seen.add(key);
  }
  return undefined;
}

const nameOf = (trigger: CronTrigger | IntervalTrigger): string =>
  "cron" in trigger ? trigger.cron : `every ${trigger.everyMs} ms`;

/** By option; what each says is wrong. */
const checks: Readonly<Record<string, (definition: FunctionDefinition) => Problem>> = {
  concurrency({ concurrency = [] }) {
    return (
      problemOfCount("limits", concurrency.length, LIMITS.concurrencyOptions) ??
      firstProblem(
        concurrency,
        ({ limit, key, scope = "fn" }) =>
          problemOfWhole("limit", limit, 0) ??
          problemOfChoice("scope", scope, ["fn", "env", "account"]) ??
          (scope !== "fn" && key === undefined ? `scope ${scope} needs a key` : undefined),
      )
    );
  },

  throttle({ throttle }) {
    if (throttle === undefined) return undefined;
    const { limit, burst = 0, periodMs } = throttle;
    return (
      problemOfWhole("limit", limit, 1) ??
      problemOfWhole("burst", burst, 0) ??
      problemOfRange("period", periodMs, LIMITS.throttlePeriodMs)
    );
  },

  rateLimit({ rateLimit }) {
    if (rateLimit === undefined) return undefined;
    const { limit, periodMs, mode = "gcra" } = rateLimit;
    const [least, most] = LIMITS.rateLimitPeriodMs;
    return (
      problemOfWhole("limit", limit, 1) ??
      problemOfChoice("mode", mode, ["gcra", "window"]) ??
      problemOfRange("period", periodMs, [least, mode === "gcra" ? most : Infinity])
    );
  },

  debounce({ debounce }) {
    if (debounce === undefined) return undefined;
    return (
      problemOfRange("period", debounce.periodMs, LIMITS.debouncePeriodMs) ??
      problemOfRange("timeout", debounce.timeoutMs, ANY_MS)
    );
  },

  batchEvents({ batchEvents, ...others }) {
    if (batchEvents === undefined) return undefined;
    const { debounce, singleton, priority } = others;
    const cancelOn = others.cancelOn?.length ? others.cancelOn : undefined;
    const clash = Object.entries({ cancelOn, debounce, singleton, priority }).find(
      ([, option]) => option !== undefined,
    );
    return (
      problemOfWhole("maxSize", batchEvents.maxSize, LIMITS.batchSize[0]) ??
      problemOfRange("timeout", batchEvents.timeoutMs, LIMITS.batchTimeoutMs) ??
      (clash && `it cannot be used together with ${clash[0]}`)
    );
  },

  singleton({ singleton }) {
    return singleton && problemOfChoice("mode", singleton.mode, ["skip", "cancel"]);
  },

  cancelOn({ cancelOn = [] }) {
    return (
      problemOfCount("entries", cancelOn.length, LIMITS.cancelOn) ??
      firstProblem(
        cancelOn,
        ({ event, timeoutMs }) =>
          (event === "" ? "an event needs a name" : undefined) ??
          problemOfRange("timeout", timeoutMs, ANY_MS),
      )
    );
  },

  timeouts({ timeouts }) {
    return (
      problemOfRange("start", timeouts?.startMs, ANY_MS) ??
      problemOfRange("finish", timeouts?.finishMs, ANY_MS)
    );
  },
};

const ANY_MS = [1, Infinity] as const;

/** Compiles every expression, which throws for a bad one and makes the first event as quick as the next. */
function compileAll(definition: FunctionDefinition): void {
  const { id, triggers, concurrency = [], cancelOn = [] } = definition;
  for (const trigger of triggers) if ("event" in trigger) compileOf(trigger.if, "a trigger", id);
  for (const { key } of concurrency) compileOf(key, "concurrency", id);
  compileOf(definition.throttle?.key, "throttle", id);
  compileOf(definition.rateLimit?.key, "rateLimit", id);
  compileOf(definition.debounce?.key, "debounce", id);
  compileOf(definition.batchEvents?.key, "batchEvents", id);
  compileOf(definition.batchEvents?.if, "batchEvents", id);
  compileOf(definition.priority?.run, "priority", id);
  compileOf(definition.singleton?.key, "singleton", id);
  compileOf(definition.idempotency, "idempotency", id);
  for (const entry of cancelOn) {
    const condition = conditionOf(entry);
    if (condition !== undefined) compileExpression(condition, "wait", `cancelOn of ${id}`);
  }
}

function compileOf(source: string | undefined, option: string, id: string): void {
  if (source !== undefined) compileExpression(source, "event", `${option} of ${id}`);
}

function firstProblem<T>(items: readonly T[], check: (item: T) => Problem): Problem {
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const problemOfCount = (what: string, count: number, most: number): Problem =>
  count > most ? `${count} ${what}, more than ${most}` : undefined;

const problemOfWhole = (what: string, value: unknown, least: number): Problem =>
  Number.isSafeInteger(value) && Number(value) >= least
    ? undefined
    : `${what} must be a whole number from ${least}, not ${String(value)}`;

function problemOfRange(
  what: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
): Problem {
  if (value === undefined || (value >= least && value <= most)) return undefined;
  const bounds = most === Infinity ? `at least ${least} ms` : `from ${least} to ${most} ms`;
  return `${what} must be ${bounds}, not ${String(value)}`;
}

const problemOfChoice = (what: string, value: string, choices: readonly string[]): Problem =>
  choices.includes(value) ? undefined : `${what} must be ${choices.join(" or ")}, not ${value}`;
