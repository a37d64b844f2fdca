/** What is measured: the shape all measures share, and how large each is made. */
import type { Site, Store } from "../contestants/contestant.ts";

/** The numbers of one run of a measure, by name. */
export type Sample = Readonly<Record<string, number>>;

export interface Measure {
  readonly id: string;
  readonly title: string;
  /** The numbers that the tables compare; a sample may hold more. */
  readonly metrics: readonly Metric[];
  run(context: MeasureContext): Promise<Sample>;
}

export interface Metric {
  /** The key in the sample. */
  readonly field: string;
  readonly unit: "/s" | "ms" | "×" | "jobs";
  readonly better: "more" | "less";
}

export interface MeasureContext {
  readonly contestant: string;
  readonly site: Site;
  readonly serverPid: number | undefined;
  readonly scale: Scale;
  /** An empty store; dropped when the measure has ended. */
  newStore(): Promise<Store>;
}

export interface Scale {
  /** How long a timed section should take: the number of jobs is chosen by it. */
  readonly goalMs: number;
  readonly pickUps: number;
  readonly delayedJobs: number;
  readonly longestDelayMs: number;
  /** The backlog and the history of the growth measures. */
  readonly growthJobs: number;
  /** Jobs that all become due at one instant. */
  readonly stormJobs: number;
}

export const FULL_SCALE: Scale = {
  goalMs: 1_500,
  pickUps: 300,
  delayedJobs: 200,
  longestDelayMs: 4_500,
  growthJobs: 1_000_000,
  stormJobs: 100_000,
};

export const QUICK_SCALE: Scale = {
  goalMs: 500,
  pickUps: 50,
  delayedJobs: 50,
  longestDelayMs: 1_500,
  growthJobs: 50_000,
  stormJobs: 10_000,
};

/** The shortest delay of the delayed jobs. */
export const SHORTEST_DELAY_MS = 500;
