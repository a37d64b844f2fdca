import type { MachinePreset } from "./context.ts";
import type { OneOrMany, Untyped } from "./untyped.ts";

/** Starts of one key within `delay` of each other make one run. */
export interface DebounceOptions {
  /** At most 512 characters; it counts for this task alone. */
  readonly key: string;
  /** At least a second: `"5s"`. */
  readonly delay: string;
  /** Whose payload, metadata, tags, `maxAttempts` and `maxDuration` the run gets: the first start's or the last's. @default "leading" */
  readonly mode?: "leading" | "trailing" | undefined;
  /** The run starts at the latest so long after the first start. @default no bound */
  readonly maxDelay?: string | undefined;
}

/** What may be said about one run when it is triggered. */
export interface TriggerOptions {
  /** Starts it later: `"1h30m"` from now, or at a date. */
  readonly delay?: string | Date | undefined;
  /** The run expires if it was not started so long after it could have been: `"10m"` or seconds; 0 for never. */
  readonly ttl?: string | number | undefined;
  /**
   * The same key starts one run of the task. Text of yours counts for the run that triggers (outside of runs, for all);
   * `idempotencyKeys.create` says otherwise.
   */
  readonly idempotencyKey?: OneOrMany<string> | undefined;
  /** How long the key counts. @default "30d" */
  readonly idempotencyKeyTTL?: string | undefined;
  /** Gives each value a copy of the queue, with its own limit. */
  readonly concurrencyKey?: string | number | undefined;
  /** The queue to wait in. @default the task's */
  readonly queue?: string | { readonly name: string } | undefined;
  /** At most 10, of at most 128 characters. */
  readonly tags?: OneOrMany<string> | undefined;
  /** At most 256 KB of JSON. */
  readonly metadata?: Readonly<Record<string, Untyped>> | undefined;
  readonly maxAttempts?: number | undefined;
  /** How long the code may run, seconds, at least 5; waits do not count. */
  readonly maxDuration?: number | undefined;
  /** Seconds of head start before others in the line. @default 0 */
  readonly priority?: number | undefined;
  readonly machine?: MachinePreset | undefined;
  readonly debounce?: DebounceOptions | undefined;
  /** Marks the run as a test. @default false */
  readonly test?: boolean | undefined;
}

/** One of a batch. */
export interface BatchItem<TPayload = Untyped> {
  readonly payload: TPayload;
  readonly options?: TriggerOptions | undefined;
}

/** Items, as a list or as they come. */
export type BatchItems<TItem> = readonly TItem[] | AsyncIterable<TItem> | ReadableStream<TItem>;

/** What may be said about a whole batch. */
export interface BatchOptions {
  /** Items without a key of their own get this one with their number. */
  readonly idempotencyKey?: OneOrMany<string> | undefined;
  readonly idempotencyKeyTTL?: string | undefined;
}
