/**
 * A queue library, seen through one small face, so that every measure is written once and runs the same for all. The
 * face is thin: it costs each contestant one await and nothing else.
 */
import type { Contestant, Site } from "../../contestant.ts";
import type { Measure, MeasureContext } from "../../measure.ts";

export type QueueContestant = Contestant<QueueAdapter>;
export type QueueMeasure = Measure<Store>;
export type QueueContext = MeasureContext<Store>;

export interface QueueAdapter {
  /** An empty store, as a new user would have it. */
  create(site: Site): Promise<Store>;
  /** A store that another process created. */
  open(address: string): Promise<Store>;
}

export interface Store {
  /** What `Adapter.open` needs to find it. */
  readonly address: string;
  queue(name: string): JobQueue;
  consume(name: string, options: ConsumeOptions): Promise<Consumer>;
  /** Removes the store with all its data. Its queues and consumers are closed by then. */
  drop(): Promise<void>;
}

export interface JobQueue {
  /** Resolves with the id of the job, once the store has acknowledged it. */
  add(payload: Payload, due?: Due): Promise<string>;
  addBulk(count: number, payload: Payload, due?: Due): Promise<string[]>;
  counts(): Promise<Counts>;
  close(): Promise<void>;
}

export interface ConsumeOptions {
  readonly concurrency: number;
  onStart(id: string, payload: Payload): void;
  onCompleted(id: string): void;
  onError(error: Error): void;
}

export interface Consumer {
  close(): Promise<void>;
}

export type Payload = Readonly<Record<string, string | number>>;

/** A job that may start only at `timestamp + delay` (epoch ms). */
export interface Due {
  readonly timestamp: number;
  readonly delay: number;
}

export interface Counts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
}
