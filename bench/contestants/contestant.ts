/**
 * What takes part in the benchmark, seen through one small face, so that every measure is written once and
 * runs the same for all. The face is thin: it costs each contestant one await and nothing else.
 */

/** A server a contestant needs; the harness starts a fresh one for each session and stops it after. */
export type ServiceSpec =
  | { readonly kind: "redis"; readonly persistence: "none" | "everysec" | "always" }
  | { readonly kind: "postgres" };

/** Where a contestant may keep its data during one session. Plain data: it is sent to child processes. */
export interface Site {
  /** A folder of its own, on the disk that the probe measured. */
  readonly folder: string;
  /** The address of its server, when it has one. */
  readonly url?: string;
}

export interface Contestant {
  readonly id: string;
  readonly title: string;
  /** What an acknowledged job survives, in words. */
  readonly durability: string;
  readonly service?: ServiceSpec;
  /** npm packages whose versions belong beside the results. */
  readonly packages: readonly string[];
  /** Loads the library. Called in child processes only, so that nobody pays for another's code. */
  load(): Promise<Adapter>;
}

export interface Adapter {
  /** An empty store, as a new user would have it. */
  create(site: Site): Promise<Store>;
  /** A store that another process created. */
  open(address: string): Promise<Store>;
  /** Versions that no package.json tells, such as the one of SQLite. */
  versions?(): Record<string, string>;
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
