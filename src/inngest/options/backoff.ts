import type { Backoff } from "../../runs/definition.ts";
import { type DurationInput, durationMs } from "../durations.ts";
import { OptionProblem } from "./problem.ts";

/** The wait before each next try, by rule. */
export interface BackoffRule {
  /** `fixed`: always `delay`; `linear`: `delay` more each time; `exponential`: `factor` times as long each time. */
  readonly type: "fixed" | "linear" | "exponential";
  readonly delay: DurationInput;
  /** @default 2 */
  readonly factor?: number | undefined;
  /** @default no bound */
  readonly maxDelay?: DurationInput | undefined;
  /** A random part, up to this share of the wait, is added: 0.1 for ten percent. @default 0 */
  readonly jitter?: number | undefined;
}

/**
 * How long to wait before trying again. Longhaul's own: Inngest has one table for all functions.
 * A list gives the waits one by one, the last for all that follow; a function gets the number of attempts made.
 */
export type BackoffInput =
  BackoffRule | readonly DurationInput[] | ((attempt: number) => DurationInput);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const TABLE = [15 * SECOND, 30 * SECOND, ...[1, 2, 5, 10, 20, 40, 60, 120].map((m) => m * MINUTE)];
const TABLE_JITTER = 30 * SECOND;

/** Inngest's waits: 15 s, 30 s, 1 min … 2 h, each with up to 30 s more, so that what failed together spreads. */
export const defaultBackoff: Backoff = (attempt) =>
  nth(TABLE, attempt) + Math.floor(Math.random() * TABLE_JITTER);

/** @throws what is wrong with it */
export function readBackoff(input: unknown, option: string): Backoff {
  if (typeof input === "function") {
    const rule = input as (attempt: number) => unknown;
    return (attempt) => durationMs(rule(attempt), option);
  }
  if (Array.isArray(input)) return readList(input, option);
  if (typeof input === "object" && input !== null) return readRule(input as BackoffRule, option);
  throw new OptionProblem(`${option} is { type, delay }, a list of durations, or a function`);
}

function readList(input: readonly unknown[], option: string): Backoff {
  if (input.length === 0) throw new OptionProblem(`${option} is an empty list`);
  const delays = input.map((delay) => durationMs(delay, option));
  return (attempt) => nth(delays, attempt);
}

function readRule(rule: BackoffRule, option: string): Backoff {
  const { type, factor = 2, jitter = 0 } = rule;
  const delay = durationMs(rule.delay, `${option}.delay`);
  const most =
    rule.maxDelay === undefined ? Infinity : durationMs(rule.maxDelay, `${option}.maxDelay`);
  if (!(factor >= 1)) throw new OptionProblem(`${option}.factor is a number of at least 1`);
  if (!(jitter >= 0 && jitter <= 1)) throw new OptionProblem(`${option}.jitter is between 0 and 1`);
  const grow = growths[type];
  if (grow === undefined)
    throw new OptionProblem(`${option}.type is "fixed", "linear" or "exponential"`);
  return (attempt) => {
    const wait = Math.min(grow(delay, attempt, factor), most);
    return Math.round(wait * (1 + Math.random() * jitter));
  };
}

const growths: Partial<Record<string, (delay: number, attempt: number, factor: number) => number>> =
  {
    fixed: (delay) => delay,
    linear: (delay, attempt) => delay * attempt,
    exponential: (delay, attempt, factor) => delay * factor ** (attempt - 1),
  };

const nth = (delays: readonly number[], attempt: number): number =>
  delays[Math.min(attempt, delays.length) - 1] ?? 0;
