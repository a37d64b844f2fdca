/** What is measured: the shape all measures share, and how large each is made. */
import type { Site } from "./contestant.ts";

/** The numbers of one run of a measure, by name. */
export type Sample = Readonly<Record<string, number>>;

/** @typeParam S The store, as the contestants of the suite show it. */
export interface Measure<S = unknown> {
  readonly id: string;
  readonly title: string;
  /** The numbers that the tables compare; a sample may hold more. */
  readonly metrics: readonly Metric[];
  run(context: MeasureContext<S>): Promise<Sample>;
}

export interface Metric {
  /** The key in the sample. */
  readonly field: string;
  readonly unit: "/s" | "ms" | "×" | "jobs" | "bytes";
  readonly better: "more" | "less";
}

export interface MeasureContext<S = unknown> {
  readonly contestant: string;
  readonly site: Site;
  readonly serverPid: number | undefined;
  readonly scale: Scale;
  /** An empty store; dropped when the measure has ended. */
  newStore(): Promise<S>;
}

export interface Scale {
  /** How long a timed section should take: the number of jobs or runs is chosen by it. */
  readonly goalMs: number;

  // Queues.
  readonly pickUps: number;
  readonly delayedJobs: number;
  readonly longestDelayMs: number;
  /** The backlog and the history of the growth measures. */
  readonly growthJobs: number;
  /** Jobs that all become due at one instant. */
  readonly stormJobs: number;

  // Runs.
  /** Runs that are timed one at a time. */
  readonly singleRuns: number;
  /** Steps of the long run. */
  readonly longSteps: number;
  readonly firstSteps: number;
  readonly resumes: number;
  readonly sleepingRuns: number;
  /** Runs that wait for events of one name. */
  readonly waitingRuns: number;
  /** Runs that one concurrency key holds back. */
  readonly parkedRuns: number;
}

export const FULL_SCALE: Scale = {
  goalMs: 1_500,
  pickUps: 300,
  delayedJobs: 200,
  longestDelayMs: 4_500,
  growthJobs: 1_000_000,
  stormJobs: 100_000,
  singleRuns: 200,
  longSteps: 10_000,
  firstSteps: 200,
  resumes: 100,
  sleepingRuns: 100_000,
  waitingRuns: 10_000,
  parkedRuns: 50_000,
};

export const QUICK_SCALE: Scale = {
  goalMs: 500,
  pickUps: 50,
  delayedJobs: 50,
  longestDelayMs: 1_500,
  growthJobs: 50_000,
  stormJobs: 10_000,
  singleRuns: 50,
  longSteps: 1_000,
  firstSteps: 50,
  resumes: 30,
  sleepingRuns: 10_000,
  waitingRuns: 1_000,
  parkedRuns: 5_000,
};

/** The shortest delay of the delayed jobs. */
export const SHORTEST_DELAY_MS = 500;
