import {
  countEvents,
  countFailedSince,
  latestScheduler,
  oldestWaitingSince,
  type Query,
  type QueueReading,
} from "../queue/observe/queue-readings.ts";
import { countEnds, readLateSchedules } from "../runs/observe/run-readings.ts";
import type { Memory } from "./memory.ts";
import type { CheckedRule } from "./rules.ts";

/** What a rule is about. */
export interface Subject {
  readonly kind: "queue" | "function";
  /** Name of the queue, or id of the function or task. */
  readonly name: string;
}

/** How a rule stands for a subject. */
export interface Reading {
  readonly subject: Subject;
  /** In the unit of the rule's threshold. */
  readonly value: number;
  readonly holds: boolean;
  /** Which scheduler, say. */
  readonly detail?: string | undefined;
}

/** What rules are evaluated on. */
export interface World {
  readonly query: Query;
  readonly now: number;
  readonly queues: readonly QueueReading[];
}

/** Failed jobs of a queue are counted so far. */
const MAX_FAILURES = 10_000;
/** Ends of runs that are younger may not all be committed. */
const LAG_MS = 1_000;

/** A subject as the store keeps it. */
export const keyOf = ({ kind, name }: Subject): string => `${kind}:${name}`;

/** What {@link keyOf} gave, as a subject again. */
export function subjectOf(key: string): Subject {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon) as Subject["kind"], name: key.slice(colon + 1) };
}

/** Reads how a rule stands, for each of its subjects. What it counts goes into its memory. */
export async function evaluateRule(
  rule: CheckedRule,
  memory: Memory,
  world: World,
): Promise<readonly Reading[]> {
  const queues = world.queues.filter(({ name }) => isNamed(rule.queues, name));
  switch (rule.when) {
    case "depth":
      return queues.map((queue) =>
        reading(rule, inQueue(queue), queue.waiting + queue.prioritized),
      );
    case "oldest-waiting":
      return Promise.all(queues.map((queue) => readOldest(rule, queue, world)));
    case "missed-schedules":
      return [...(await readSchedulers(rule, queues, world)), ...(await readCrons(rule, world))];
    case "failures":
    case "stalled":
    case "crashed": {
      const ofQueues = await readFinished(rule, queues, memory, world);
      memory.sawQueues(world.queues.at(-1)?.id ?? 0);
      return [...ofQueues, ...(await readEnds(rule, memory, world))];
    }
  }
}

async function readOldest(rule: CheckedRule, queue: QueueReading, world: World): Promise<Reading> {
  const isEmpty = queue.waiting + queue.prioritized === 0;
  const since = isEmpty ? undefined : await oldestWaitingSince(world.query, queue.id);
  return reading(rule, inQueue(queue), since === undefined ? 0 : Math.max(0, world.now - since));
}

/** What finished, failed or stalled in queues: by their events, and failures by the failed jobs that are kept as well. */
async function readFinished(
  rule: CheckedRule,
  queues: readonly QueueReading[],
  memory: Memory,
  { query, now }: World,
): Promise<Reading[]> {
  const countsKept = rule.when === "failures" && !rule.isRatio;
  return Promise.all(
    queues.map(async (queue) => {
      const subject = inQueue(queue);
      const key = keyOf(subject);
      const after = memory.positionOf(queue);
      if (queue.lastEvent > after) {
        const { position, completed, failed, stalled } = await countEvents(query, queue.id, after);
        memory.moveTo(queue.id, position);
        if (rule.when === "stalled") memory.add(key, now, 0, stalled);
        else memory.add(key, now, completed + failed, failed);
      } else memory.moveTo(queue.id, queue.lastEvent);
      const { finished, bad } = memory.sum(key, now);
      if (rule.isRatio) return ratio(rule, subject, finished, bad);
      const kept =
        countsKept && queue.failed > 0
          ? await countFailedSince(query, queue.id, now - rule.windowMs, MAX_FAILURES)
          : 0;
      return reading(rule, subject, Math.max(bad, kept));
    }),
  );
}

async function readEnds(
  rule: CheckedRule,
  memory: Memory,
  { query, now }: World,
): Promise<Reading[]> {
  if (rule.functions?.length === 0) return [];
  const after = memory.endsAfter(now);
  const until = Math.max(after, now - LAG_MS);
  const seen = new Set(rule.functions);
  for (const ends of await countEnds(query, after, until, memory.widthMs)) {
    const { functionId, at, completed, failed, crashed } = ends;
    if (!isNamed(rule.functions, functionId)) continue;
    seen.add(functionId);
    const key = keyOf({ kind: "function", name: functionId });
    memory.add(key, at, completed + failed, rule.when === "crashed" ? crashed : failed);
  }
  memory.sawEnds(until);
  for (const key of memory.subjects) {
    const { kind, name } = subjectOf(key);
    if (kind === "function") seen.add(name);
  }
  return [...seen].map((name) => {
    const subject: Subject = { kind: "function", name };
    const { finished, bad } = memory.sum(keyOf(subject), now);
    return rule.isRatio ? ratio(rule, subject, finished, bad) : reading(rule, subject, bad);
  });
}

async function readSchedulers(
  rule: CheckedRule,
  queues: readonly QueueReading[],
  { query, now }: World,
): Promise<Reading[]> {
  const late = await Promise.all(
    queues.map(async (queue) => {
      const found = await latestScheduler(query, queue.id, now - rule.threshold);
      return found && reading(rule, inQueue(queue), now - found.dueAt, found.id);
    }),
  );
  return late.filter((found) => found !== undefined);
}

async function readCrons(rule: CheckedRule, { query, now }: World): Promise<Reading[]> {
  if (rule.functions?.length === 0) return [];
  const late = await readLateSchedules(query, now - rule.threshold);
  return [...late]
    .filter(([name]) => isNamed(rule.functions, name))
    .map(([name, dueAt]) => reading(rule, { kind: "function", name }, now - dueAt));
}

const inQueue = ({ name }: QueueReading): Subject => ({ kind: "queue", name });

const isNamed = (names: readonly string[] | undefined, name: string): boolean =>
  names === undefined || names.includes(name);

const reading = (
  { threshold }: CheckedRule,
  subject: Subject,
  value: number,
  detail?: string,
): Reading => ({ subject, value, holds: value >= threshold, detail });

function ratio(rule: CheckedRule, subject: Subject, finished: number, bad: number): Reading {
  const value = finished === 0 ? 0 : bad / finished;
  return { subject, value, holds: finished >= rule.minimum && value >= rule.threshold };
}
