import { keyOf, type Reading, type Subject } from "./evaluate.ts";
import type { AlertRule, CheckedRule } from "./rules.ts";

/** What targets are told: the body of webhooks. */
export interface AlertNotification {
  readonly type: "alert.firing" | "alert.resolved";
  /** When it was found, ISO 8601. */
  readonly timestamp: string;
  readonly data: {
    readonly rule: string;
    readonly when: AlertRule["when"];
    readonly subject: Subject;
    /** In the unit of the threshold: a count, ms, or a ratio. At the end of an alert, what it has come down to. */
    readonly value: number;
    readonly threshold: number;
    /** Since when the condition holds, or held; ISO 8601. */
    readonly since: string;
    /** 1 when it is said for the first time; more when it is repeated. */
    readonly count: number;
    /** For people: one sentence. */
    readonly summary: string;
  };
}

/** How an alert stands: since when, when it was last said, and how often. */
export interface Standing {
  readonly since: number;
  readonly notifiedAt: number | undefined;
  readonly count: number;
}

/** Writes down what has happened to an alert. */
export function createNotification(
  rule: CheckedRule,
  reading: Reading,
  { since, count }: Standing,
  type: AlertNotification["type"],
  now: number,
): AlertNotification {
  const { subject, value } = reading;
  return {
    type,
    timestamp: new Date(now).toISOString(),
    data: {
      ...{ rule: rule.name, when: rule.when, subject, value, threshold: rule.threshold },
      since: new Date(since).toISOString(),
      count,
      summary:
        type === "alert.firing"
          ? `${rule.name}: ${describe(rule, reading)}`
          : `${rule.name}: resolved for ${keyOf(subject).replace(":", " ")} after ${duration(now - since)}`,
    },
  };
}

function describe(rule: CheckedRule, { subject, value, detail }: Reading): string {
  const who = keyOf(subject).replace(":", " ");
  const what = subject.kind === "queue" ? "jobs" : "runs";
  const within = `within ${duration(rule.windowMs)}`;
  switch (rule.when) {
    case "failures":
      return rule.isRatio
        ? `${who}: ${(value * 100).toFixed(1)} % of its ${what} failed ${within}`
        : `${who}: ${value} ${what} failed ${within}`;
    case "stalled":
      return `${who}: ${value} jobs stalled ${within}`;
    case "crashed":
      return `${who}: ${value} runs crashed ${within}`;
    case "oldest-waiting":
      return `${who}: the oldest waiting job has waited for ${duration(value)}`;
    case "depth":
      return `${who}: ${value} jobs wait`;
    case "missed-schedules":
      return `${who}: ${detail === undefined ? "a tick" : `the scheduler ${detail}`} is late by ${duration(value)}`;
  }
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `90_000` as "1 min 30 s"; the two largest units. */
export function duration(ms: number): string {
  const parts: string[] = [];
  let rest = ms < 1_000 ? 0 : Math.round(ms / 1_000) * 1_000;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(" ") || `${Math.max(0, Math.round(ms))} ms`;
}
