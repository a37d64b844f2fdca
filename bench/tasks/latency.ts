/** How soon an idle system runs a task, how soon a task that waits goes on, and how long many children take. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../measure.ts";
import { percentile } from "../statistics.ts";
import type { TaskMeasure, TaskSystem } from "./system.ts";

/** The first ones open connections and compile code. They are checked, but not counted. */
const WARM_UP = 20;
const CHILDREN = 1_000;
const PARENTS = 10;
const PARENTS_WARM_UP = 2;

/** Long enough that the system is idle again, or the run asleep, and at no fixed beat. */
const pause = () => sleep(15 + Math.random() * 15);

const metrics = [
  { field: "p50", unit: "ms", better: "less" },
  { field: "p99", unit: "ms", better: "less" },
] as const;

const sampleOf = (ms: readonly number[]): Sample => ({
  p50: percentile(ms, 0.5),
  p99: percentile(ms, 0.99),
  max: Math.max(...ms),
  runs: ms.length,
});

/** From the call of `trigger` to the first line of the task, ms. */
async function firstLines(system: TaskSystem, count: number): Promise<number[]> {
  const { ledger } = system;
  const latencies: number[] = [];
  const [runs, ids]: [number[], string[]] = [[], []];
  for (let i = 0; i < count; i++) {
    await pause();
    const run = ledger.expect(1);
    const startedAt = performance.now();
    ledger.onStep = () => void latencies.push(performance.now() - startedAt);
    const { id, end } = await system.trigger(run);
    await end;
    runs.push(run);
    ids.push(id);
  }
  await system.enter(runs, ids);
  return latencies;
}

/** From the call that completes a token to the line after the wait, ms. */
async function resumes(system: TaskSystem, count: number): Promise<number[]> {
  const { ledger } = system;
  const latencies: number[] = [];
  for (let i = 0; i < count; i++) {
    const { wake, end } = await system.startWaiting(ledger.expect(1));
    await pause();
    const wokenAt = performance.now();
    ledger.onResume = () => void latencies.push(performance.now() - wokenAt);
    await wake();
    await end;
  }
  return latencies;
}

/** From the call of `trigger` to the announced end of a task that waits for many children, ms. */
async function parents(system: TaskSystem, count: number): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < count; i++) {
    const children = Array.from({ length: CHILDREN }, () => system.ledger.expect(1));
    globalThis.gc?.();
    const startedAt = performance.now();
    await system.runParent(children);
    ms.push(performance.now() - startedAt);
  }
  return ms;
}

export const latencyMeasures: readonly TaskMeasure[] = [
  {
    id: "first-line",
    title: "trigger → first line",
    metrics,
    async run({ newStore, scale }) {
      const system = await newStore();
      const latencies = await firstLines(system, scale.firstSteps + WARM_UP);
      system.ledger.verify();
      await system.drop();
      return sampleOf(latencies.slice(WARM_UP));
    },
  },
  {
    id: "resume",
    title: "token completed → resumed",
    metrics,
    async run({ newStore, scale }) {
      const system = await newStore();
      const latencies = await resumes(system, scale.resumes + WARM_UP);
      system.ledger.verify({ resumes: latencies.length });
      await system.drop();
      return sampleOf(latencies.slice(WARM_UP));
    },
  },
  {
    id: "children",
    title: `parent of ${CHILDREN} children`,
    metrics,
    async run({ newStore }) {
      const system = await newStore();
      const ms = await parents(system, PARENTS + PARENTS_WARM_UP);
      system.ledger.verify();
      await system.drop();
      return sampleOf(ms.slice(PARENTS_WARM_UP));
    },
  },
];
