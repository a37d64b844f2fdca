/** Timing a section, and finding out how many jobs make it long enough. */
import { type CpuTime, cpuSince, cpuTime } from "./cpu.ts";
import type { Sample } from "./measure.ts";

export interface Timed extends CpuTime {
  readonly ms: number;
}

export async function timed(
  serverPid: number | undefined,
  section: () => Promise<void>,
): Promise<Timed> {
  globalThis.gc?.();
  const cpu = cpuTime(serverPid);
  const start = performance.now();
  await section();
  return { ms: performance.now() - start, ...cpuSince(cpu, serverPid) };
}

/** What a throughput measure reports. */
export function rateOf(jobs: number, { ms, nodeUs, serverUs }: Timed): Sample {
  return { rate: (jobs / ms) * 1_000, jobs, ms, nodeUs: nodeUs / jobs, serverUs: serverUs / jobs };
}

/** A run that takes this share of the goal is long enough to tell the speed, and warm enough to be trusted. */
const TELLING_SHARE = 0.4;

/**
 * Warms up with ever more jobs until their number for a section of `goalMs` is known.
 * @param step The number is a multiple of it.
 * @param run Does so many jobs and says how long they took.
 */
export async function jobsFor(
  goalMs: number,
  step: number,
  run: (jobs: number) => Promise<number>,
): Promise<number> {
  for (let jobs = Math.max(step, 500); ;) {
    const ms = await run(jobs);
    const fitting = Math.max(step, Math.ceil(((jobs / ms) * goalMs) / step) * step);
    if (ms >= goalMs * TELLING_SHARE) return fitting;
    jobs = Math.min(jobs * 5, fitting);
  }
}
