import type { FlowControl } from "../../runs/definition.ts";
import { durationMs } from "../durations.ts";
import { isPattern } from "../events/event-type.ts";
import {
  describe,
  OptionProblem,
  optionalText,
  refuseUnknown,
  requireObject,
  wholeNumber,
} from "./problem.ts";
import { nameOf } from "./read-triggers.ts";

/** Options of flow control as they came: of no type that could be relied on. */
type Raw = Readonly<Record<string, unknown>>;
type Flow = { -readonly [K in keyof FlowControl]: FlowControl[K] };

/**
 * Turns the flow control of a function into the engine's. What the types promise is checked, because options also come
 * from JavaScript and from configuration; the engine checks the limits (how long, how many).
 *
 * @throws {OptionProblem}
 * @throws {LonghaulError} INNGEST_BAD_DURATION
 */
export function readFlow(options: Raw): FlowControl {
  const flow: Flow = {};
  for (const [option, read] of Object.entries(readers)) {
    const value = options[option];
    if (value !== undefined) Object.assign(flow, { [option]: read(value, option) });
  }
  return flow;
}

/** The names of the options that {@link readFlow} reads. */
export const flowOptionNames = (): readonly string[] => Object.keys(readers);

const readers = {
  concurrency(value: unknown): FlowControl["concurrency"] {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    const limits = list.filter((part) => part !== undefined).map(readConcurrency);
    // 0 is how Inngest writes "no limit".
    const kept = limits.filter(({ limit }) => limit > 0);
    return kept.length > 0 ? kept : undefined;
  },

  throttle(value: unknown, name: string): FlowControl["throttle"] {
    const raw = fields(value, name, "limit", "period", "burst", "key");
    return {
      limit: wholeNumber(raw["limit"], `${name}.limit`, 1),
      periodMs: durationMs(raw["period"], `${name}.period`),
      burst: raw["burst"] === undefined ? undefined : wholeNumber(raw["burst"], `${name}.burst`, 0),
      key: optionalText(raw["key"], `${name}.key`),
    };
  },

  rateLimit(value: unknown, name: string): FlowControl["rateLimit"] {
    const raw = fields(value, name, "limit", "period", "key", "mode");
    return {
      limit: wholeNumber(raw["limit"], `${name}.limit`, 1),
      periodMs: durationMs(raw["period"], `${name}.period`),
      key: optionalText(raw["key"], `${name}.key`),
      mode: oneOf(raw["mode"] ?? "gcra", `${name}.mode`, "gcra", "window"),
    };
  },

  debounce(value: unknown, name: string): FlowControl["debounce"] {
    const raw = fields(value, name, "period", "key", "timeout");
    return {
      periodMs: durationMs(raw["period"], `${name}.period`),
      key: optionalText(raw["key"], `${name}.key`),
      timeoutMs: optionalMs(raw["timeout"], `${name}.timeout`),
    };
  },

  batchEvents(value: unknown, name: string): FlowControl["batchEvents"] {
    const raw = fields(value, name, "maxSize", "timeout", "key", "if");
    return {
      maxSize: wholeNumber(raw["maxSize"], `${name}.maxSize`, 1),
      timeoutMs: durationMs(raw["timeout"], `${name}.timeout`),
      key: optionalText(raw["key"], `${name}.key`),
      if: optionalText(raw["if"], `${name}.if`),
    };
  },

  priority(value: unknown, name: string): FlowControl["priority"] {
    const run = optionalText(fields(value, name, "run")["run"], `${name}.run`);
    return run === undefined ? undefined : { run };
  },

  singleton(value: unknown, name: string): FlowControl["singleton"] {
    const raw = fields(value, name, "key", "mode");
    return {
      key: optionalText(raw["key"], `${name}.key`),
      mode: oneOf(raw["mode"], `${name}.mode`, "skip", "cancel"),
    };
  },

  idempotency: optionalText,

  cancelOn(value: unknown, name: string): FlowControl["cancelOn"] {
    if (!Array.isArray(value)) throw new OptionProblem(`${name} is a list`);
    return value.map((entry: unknown, index) => readCancelOn(entry, `${name}[${index}]`));
  },

  timeouts(value: unknown, name: string): FlowControl["timeouts"] {
    const raw = fields(value, name, "start", "finish");
    return {
      startMs: optionalMs(raw["start"], `${name}.start`),
      finishMs: optionalMs(raw["finish"], `${name}.finish`),
    };
  },
} satisfies { [K in keyof FlowControl]-?: (value: unknown, name: string) => FlowControl[K] };

function readConcurrency(value: unknown): {
  limit: number;
  key?: string;
  scope?: "fn" | "env" | "account";
} {
  if (typeof value === "number") return { limit: wholeNumber(value, "concurrency", 0) };
  const raw = fields(value, "concurrency", "limit", "key", "scope");
  const key = optionalText(raw["key"], "concurrency.key");
  const scope =
    raw["scope"] === undefined
      ? undefined
      : oneOf(raw["scope"], "concurrency.scope", "fn", "env", "account");
  return {
    limit: wholeNumber(raw["limit"], "concurrency.limit", 0),
    ...(key !== undefined && { key }),
    ...(scope !== undefined && { scope }),
  };
}

function readCancelOn(value: unknown, name: string): NonNullable<FlowControl["cancelOn"]>[number] {
  const raw = fields(value, name, "event", "if", "match", "timeout");
  const condition = optionalText(raw["if"], `${name}.if`);
  const match = optionalText(raw["match"], `${name}.match`);
  if (condition !== undefined && match !== undefined)
    throw new OptionProblem(`${name} takes if or match, not both`);
  const event = nameOf(raw["event"], `${name}.event`);
  if (isPattern(event)) throw new OptionProblem(`${name}.event is an event's name, not a pattern`);
  return {
    event,
    if: condition,
    match,
    timeoutMs: optionalMs(raw["timeout"], `${name}.timeout`),
  };
}

function fields(value: unknown, name: string, ...known: string[]): Raw {
  const raw = requireObject(value, name);
  refuseUnknown(raw, known, name);
  return raw;
}

const optionalMs = (value: unknown, name: string): number | undefined =>
  value === undefined ? undefined : durationMs(value, name);

function oneOf<const T extends string>(value: unknown, name: string, ...values: T[]): T {
  if ((values as unknown[]).includes(value)) return value as T;
  const choices = values.map((choice) => JSON.stringify(choice)).join(" or ");
  throw new OptionProblem(`${name} is ${choices}, not ${describe(value)}`);
}
