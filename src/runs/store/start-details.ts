import type { EventInput, RunState, SerializedError } from "../types.ts";

/** What may be said about one start, beyond what its function says. Everything is kept with the run. */
export interface StartDetails {
  /** Epoch ms. */
  readonly notBefore?: number | undefined;
  /** The run expires if it was not started so long after it could have been, ms. */
  readonly ttlMs?: number | undefined;
  /** The same key starts one run of the function until `until` (epoch ms). */
  readonly idempotency?: StartIdempotency | undefined;
  /** In place of those of the function's `concurrency`. */
  readonly slots?: readonly { readonly key: string; readonly limit: number }[] | undefined;
  /** Seconds to run ahead of others. @default what the function's `priority` says, or 0 */
  readonly prioritySeconds?: number | undefined;
  /** How long the code may run, ms; waits, and time in the line, do not count. */
  readonly maxDurationMs?: number | undefined;
  readonly debounce?: StartDebounce | undefined;
  readonly tags?: readonly string[] | undefined;
  /** JSON text of an object. @default none */
  readonly metadata?: string | undefined;
  readonly parentRunId?: string | undefined;
  /** @default the root of the parent; without a parent, the run itself */
  readonly rootRunId?: string | undefined;
  /** 0 for a run without parent. */
  readonly depth?: number | undefined;
  /** The batch it belongs to, which its first run makes. */
  readonly batchId?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly isTest?: boolean | undefined;
  /** The id of the run that this one repeats. */
  readonly replayOf?: string | undefined;
  /** Tries of the whole handler, the first included, instead of the function's. */
  readonly maxAttempts?: number | undefined;
  /** The name of the queue (see QueueStore) whose slot it takes, for people and for lists. */
  readonly queue?: string | undefined;
  /** JSON text of the idiom's own, given back with the run. */
  readonly extra?: string | undefined;
}

/** What keeps a second start away. */
export interface StartIdempotency {
  readonly key: string;
  /** Epoch ms. */
  readonly until: number;
  /** Whether a run that fails gives the key back. @default false */
  readonly clearedByFailure?: boolean | undefined;
}

/** Starts of the same key within `delayMs` of each other make one run. */
export interface StartDebounce {
  readonly key: string;
  readonly delayMs: number;
  /** Whose data the run gets: that of the first start, or that of the last. */
  readonly mode: "leading" | "trailing";
  /** The run starts at the latest so long after the first start, ms. @default no bound */
  readonly maxDelayMs?: number | undefined;
}

/** A start as a caller asks for it. */
export interface StartCall {
  readonly functionId: string;
  /** JSON object. @default {} */
  readonly data?: unknown;
  /** Travels beside the data, not seen by expressions. */
  readonly meta?: unknown;
  /** What the run is given instead of an event with `data` and `meta`; at least one. Expressions look at the first. */
  readonly events?: readonly EventInput[] | undefined;
  readonly details?: StartDetails | undefined;
}

/** What became of a start. */
export interface StartResult {
  /** Of the run that was made, or made before. */
  readonly runId: string;
  /** Whether an equal start was made before, so that nothing was started. */
  readonly isCached: boolean;
  /** Why there is no run: the function's rate limit, or its singleton. */
  readonly refused?: "limited" | "skipped" | undefined;
}

/** How a run ended that somebody waited for. */
export interface ChildEnd {
  readonly runId: string;
  readonly functionId: string;
  /** `skipped` also for a start that the rate limit refused. */
  readonly state: Extract<
    RunState,
    "completed" | "failed" | "canceled" | "expired" | "timedOut" | "skipped"
  >;
  /** JSON text. */
  readonly output?: string | undefined;
  readonly error?: SerializedError | undefined;
}
