import type { Clock } from "../core/clock.ts";
import type { RunEngine } from "../runs/engine.ts";
import type { SqliteRunStore } from "../runs/store/sqlite/sqlite-run-store.ts";
import type { SqliteStore } from "../storage/sqlite/store.ts";
import type { Longhaul } from "./longhaul.ts";

/** What a runtime is made of, for the parts built on it: the server, alerts, the command line. */
export interface RuntimeParts {
  readonly store: SqliteStore;
  readonly runs: SqliteRunStore;
  readonly engine: RunEngine;
  readonly clock: Clock;
  /** The URL of the store, as `connection` of queues and workers. */
  readonly connection: string;
}

const known = new WeakMap<Longhaul, RuntimeParts>();

/** The parts of a runtime; users of the package do not see them. */
export function partsOf(longhaul: Longhaul): RuntimeParts {
  return known.get(longhaul)!;
}

/** Said once, by the runtime itself. */
export function setParts(longhaul: Longhaul, parts: RuntimeParts): void {
  known.set(longhaul, parts);
}
