/** What takes part in a benchmark. Its face to the measures is its suite's: `queues/contestants/store.ts`, `runs/system.ts`. */

/** A server a contestant needs; the harness starts a fresh one for each session and stops it after. */
export type ServiceSpec =
  | { readonly kind: "redis"; readonly persistence: "none" | "everysec" | "always" }
  | { readonly kind: "postgres" }
  | { readonly kind: "restate" };

/** Where a contestant may keep its data during one session. Plain data: it is sent to child processes. */
export interface Site {
  /** A folder of its own, on the disk that the probe measured. */
  readonly folder: string;
  /** The address of its server, when it has one. */
  readonly url?: string;
}

/** @typeParam A What it is to its suite. */
export interface Contestant<A extends Adapter = Adapter> {
  readonly id: string;
  readonly title: string;
  /** What an acknowledged job or step survives, in words. */
  readonly durability: string;
  readonly service?: ServiceSpec;
  /** npm packages whose versions belong beside the results. */
  readonly packages: readonly string[];
  /** npm packages that are not among our own dependencies: installed when it first takes part (peers.ts). @default none */
  readonly peers?: readonly string[];
  /** Ids of the measures it cannot take part in. @default none */
  readonly without?: readonly string[];
  /** Loads the library. Called in child processes only, so that nobody pays for another's code. */
  load(): Promise<A>;
}

export interface Adapter {
  /** An empty store, as a new user would have it. */
  create(site: Site): Promise<unknown>;
}
