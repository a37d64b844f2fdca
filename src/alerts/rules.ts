import { LonghaulError } from "../core/errors.ts";

interface RuleBase {
  /** Unique, and stable over restarts and deploys: under it the store remembers how the rule stands. */
  readonly name: string;
  /** How long the condition has to hold before the alert fires, ms. @default 0 */
  readonly forMs?: number | undefined;
  /** After which an alert that lasts is sent again, ms. @default 1 hour */
  readonly cooldownMs?: number | undefined;
  /** Names of the targets that are told. @default all of them */
  readonly targets?: readonly string[] | undefined;
}

interface OfQueues {
  /** Name of a queue, or several; each is judged by itself. @default all queues */
  readonly queue?: string | readonly string[] | undefined;
}

interface OfFunctions {
  /** Id of a function, or several, as `longhaul.health()` lists them; each is judged by itself. @default all functions */
  readonly function?: string | readonly string[] | undefined;
  /** The same, for tasks. */
  readonly task?: string | readonly string[] | undefined;
}

interface Windowed {
  /** How far back it counts, ms. @default 5 minutes */
  readonly windowMs?: number | undefined;
}

/** Jobs and runs that failed for good within the window: so many, or such a part of all that finished. */
export interface FailuresRule extends RuleBase, OfQueues, OfFunctions, Windowed {
  readonly when: "failures";
  /** At least so many failures. Give this or `ratio`. */
  readonly threshold?: number | undefined;
  /** Failures per finished job or run, above 0 and up to 1. */
  readonly ratio?: number | undefined;
  /** For `ratio`: fewer finished jobs or runs than this say nothing. @default 10 */
  readonly minimum?: number | undefined;
}

/** Jobs that stalled within the window: their process died, or did not renew its lock. */
export interface StalledRule extends RuleBase, OfQueues, Windowed {
  readonly when: "stalled";
  /** At least so many. @default 1 */
  readonly threshold?: number | undefined;
}

/** The oldest waiting job has waited for so long. */
export interface OldestWaitingRule extends RuleBase, OfQueues {
  readonly when: "oldest-waiting";
  /** ms */
  readonly thresholdMs: number;
}

/** So many jobs wait in a queue, with or without a priority. */
export interface DepthRule extends RuleBase, OfQueues {
  readonly when: "depth";
  readonly threshold: number;
}

/** A cron function, a schedule or a job scheduler whose tick has not begun though it is due. */
export interface MissedSchedulesRule extends RuleBase, OfQueues, OfFunctions {
  readonly when: "missed-schedules";
  /** How late a tick may be, ms. @default 1 minute */
  readonly thresholdMs?: number | undefined;
}

/** Runs that ended within the window as RUN_CRASHED: their process died again and again. */
export interface CrashedRule extends RuleBase, OfFunctions, Windowed {
  readonly when: "crashed";
  /** At least so many. @default 1 */
  readonly threshold?: number | undefined;
}

/** What there is to be told of. */
export type AlertRule =
  FailuresRule | StalledRule | OldestWaitingRule | DepthRule | MissedSchedulesRule | CrashedRule;

/** A rule with its defaults filled in. */
export interface CheckedRule {
  readonly name: string;
  readonly when: AlertRule["when"];
  /** `undefined`: all; empty: none. */
  readonly queues: readonly string[] | undefined;
  readonly functions: readonly string[] | undefined;
  /** A count, ms, or a ratio. */
  readonly threshold: number;
  readonly isRatio: boolean;
  readonly minimum: number;
  readonly windowMs: number;
  readonly forMs: number;
  readonly cooldownMs: number;
  readonly targets: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const COMMON = ["name", "when", "forMs", "cooldownMs", "targets"];
/** What each kind of rule takes besides. */
const OPTIONS: Readonly<Record<AlertRule["when"], readonly string[]>> = {
  failures: ["queue", "function", "task", "windowMs", "threshold", "ratio", "minimum"],
  stalled: ["queue", "windowMs", "threshold"],
  "oldest-waiting": ["queue", "thresholdMs"],
  depth: ["queue", "threshold"],
  "missed-schedules": ["queue", "function", "task", "thresholdMs"],
  crashed: ["function", "task", "windowMs", "threshold"],
};

/**
 * Checks rules, and fills in what they leave out.
 *
 * @param targets the names of all targets
 * @throws {LonghaulError} ALERT_BAD_OPTION
 */
export function checkRules(
  rules: readonly AlertRule[],
  targets: readonly string[],
): readonly CheckedRule[] {
  if (!Array.isArray(rules) || rules.length === 0) throw bad("rules has to be a list of rules");
  const names = new Set<string>();
  return rules.map((rule) => {
    const checked = checkRule(rule, targets);
    if (names.has(checked.name)) throw bad(`two rules are called ${checked.name}`);
    names.add(checked.name);
    return checked;
  });
}

function checkRule(rule: AlertRule, allTargets: readonly string[]): CheckedRule {
  const given = rule as unknown as Readonly<Record<string, unknown>>;
  const { name, when } = rule;
  if (typeof name !== "string" || name === "") throw bad("a rule has no name");
  if (!Object.hasOwn(OPTIONS, when))
    throw bad(`rule ${name}: when is one of ${Object.keys(OPTIONS).join(", ")}`);
  for (const option of Object.keys(given))
    if (given[option] !== undefined && ![...COMMON, ...OPTIONS[when]].includes(option))
      throw bad(`rule ${name}: ${option} means nothing for ${when}`);
  const fail = (reason: string): never => {
    throw bad(`rule ${name}: ${reason}`);
  };
  const isRatio = given["ratio"] !== undefined;
  if (isRatio && given["threshold"] !== undefined) fail("give threshold or ratio, not both");
  const number = (option: string, fallback: number | undefined, least: number): number => {
    const value = given[option] ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
    return fail(`${option} has to be a number of at least ${least}`);
  };
  const targets = rule.targets ?? allTargets;
  for (const target of targets)
    if (!allTargets.includes(target)) fail(`there is no target ${target}`);
  const threshold = isRatio
    ? number("ratio", undefined, Number.MIN_VALUE)
    : when === "oldest-waiting"
      ? number("thresholdMs", undefined, 1)
      : when === "missed-schedules"
        ? number("thresholdMs", MINUTE_MS, 1)
        : number("threshold", when === "stalled" || when === "crashed" ? 1 : undefined, 1);
  if (isRatio && threshold > 1) fail("ratio is at most 1");
  return {
    ...{ name, when, threshold, isRatio, targets, ...subjectsOf(given, when, fail) },
    minimum: number("minimum", 10, 1),
    windowMs: number("windowMs", 5 * MINUTE_MS, 1_000),
    forMs: number("forMs", 0, 0),
    cooldownMs: number("cooldownMs", HOUR_MS, 1_000),
  };
}

/** Which queues and functions a rule is about: if it names some of one kind, then none of the other. */
function subjectsOf(
  given: Readonly<Record<string, unknown>>,
  when: AlertRule["when"],
  fail: (reason: string) => never,
): Pick<CheckedRule, "queues" | "functions"> {
  const list = (option: string): readonly string[] => {
    const value = given[option] ?? [];
    const names: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (given[option] !== undefined && names.length === 0) fail(`${option} names nothing`);
    return names.map((name) =>
      typeof name === "string" && name !== "" ? name : fail(`${option} has to be a name, or names`),
    );
  };
  const queues = list("queue");
  const functions = [...list("function"), ...list("task")];
  const isNamed = queues.length + functions.length > 0;
  const takes = (option: string): boolean => OPTIONS[when].includes(option);
  return {
    queues: isNamed ? queues : takes("queue") ? undefined : [],
    functions: isNamed ? functions : takes("function") ? undefined : [],
  };
}

/** ALERT_BAD_OPTION. */
export const bad = (reason: string): LonghaulError =>
  new LonghaulError("ALERT_BAD_OPTION", { reason });
