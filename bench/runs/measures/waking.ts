/** How soon an idle system starts a run, and how soon a run that waits goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../../measure.ts";
import { percentile } from "../../statistics.ts";
import type { RunMeasure, RunSystem } from "../system.ts";

/** The first ones open connections and compile code. They are checked, but not counted. */
const WARM_UP = 20;

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

/** From the call that starts a run to the first line of its first step, ms. */
async function firstSteps({ ledger, start }: RunSystem, runs: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < runs; i++) {
    await pause();
    const run = ledger.expect(1);
    const startedAt = performance.now();
    ledger.onStep = () => void latencies.push(performance.now() - startedAt);
    const { output } = await start(run);
    ledger.ended(run, await output());
  }
  ledger.onStep = undefined;
  return latencies;
}

/** From the call that gives a run what it waits for to the line after its wait, ms. */
export async function resumes(system: RunSystem, runs: number): Promise<number[]> {
  const { ledger } = system;
  const latencies: number[] = [];
  for (let i = 0; i < runs; i++) {
    const run = ledger.expect(2);
    const { output } = await system.startWaiting(run);
    await pause();
    const wokenAt = performance.now();
    ledger.onResume = () => void latencies.push(performance.now() - wokenAt);
    await system.wake(run);
    ledger.ended(run, await output());
  }
  ledger.onResume = undefined;
  return latencies;
}

export const wakingMeasures: readonly RunMeasure[] = [
  {
    id: "first-step",
    title: "event → first step",
    metrics,
    async run({ newStore, scale }) {
      const system = await newStore();
      const latencies = await firstSteps(system, scale.firstSteps + WARM_UP);
      system.ledger.verify();
      await system.drop();
      return sampleOf(latencies.slice(WARM_UP));
    },
  },
  {
    id: "resume",
    title: "wait satisfied → resumed",
    metrics,
    async run({ newStore, scale }) {
      const system = await newStore();
      const latencies = await resumes(system, scale.resumes + WARM_UP);
      system.ledger.verify({ resumes: latencies.length });
      await system.drop();
      return sampleOf(latencies.slice(WARM_UP));
    },
  },
];
