/**
 * A system that runs durable functions, seen through one small face, so that every measure is written once and runs the
 * same for all. The bodies of the steps do nothing but tell the ledger.
 */
import type { Contestant, Site } from "../contestant.ts";
import type { Measure, MeasureContext } from "../measure.ts";
import type { RunLedger } from "./ledger.ts";

export type RunContestant = Contestant<RunAdapter>;
export type RunMeasure = Measure<RunSystem>;
export type RunContext = MeasureContext<RunSystem>;

export interface RunAdapter {
  /** A new system with nothing in its store, ready to run. */
  create(site: Site): Promise<RunSystem>;
}

/** Runs are named by the numbers that the ledger gave them. */
export interface RunSystem {
  readonly ledger: RunLedger;
  /** Runs a function of so many steps, one after the other. Resolves with its output. */
  run(run: number, steps: number): Promise<number>;
  /** Starts a function of one step in the way events do, where the system has events. */
  start(run: number): Promise<Started>;
  /**
   * Starts a function that takes a step, waits for `wake`, tells the ledger, and takes another step. Resolves when it
   * can be woken.
   */
  startWaiting(run: number): Promise<Started>;
  /** Gives a run what it waits for. Resolves when that is acknowledged. */
  wake(run: number): Promise<void>;
  /** Stops, and removes the store with all its data. */
  drop(): Promise<void>;
}

export interface Started {
  /** Resolves with the output once the run has ended. */
  output(): Promise<number>;
}

/** One that the growth measures are taken of. */
export interface GrowingSystem extends RunSystem {
  /** Starts runs that sleep for a day. Resolves when all are asleep. */
  putToSleep(runs: number): Promise<void>;
  /** Starts runs that wait, all for events of the name that `wake` sends. Resolves when all do. */
  letWait(runs: readonly number[]): Promise<void>;
  /** Sends so many events of that name, one by one, that nobody waits for. */
  sendUnheard(events: number): Promise<void>;
  /** Runs a function of one step under a concurrency key of one run at a time. */
  runKeyed(run: number, key: string): Promise<number>;
  /** Occupies a concurrency key and lines so many runs up behind, which the ledger does not know. */
  park(key: string, runs: number): Promise<void>;
}

export type GrowthMeasure = Measure<GrowingSystem>;
