import type { FinalRunState, JournalEntry, RunEvent, RunState, SerializedError } from "../types.ts";

/** A run's number in the store; `RunRecord.id` is what people see. */
export type RunKey = number;

/** A slot to hold while a run is ready or running: at most `limit` runs hold one of the same key. */
export interface SlotClaim {
  /** Unique across functions: scope and value are part of it. */
  readonly key: string;
  readonly limit: number;
}

/** Token bucket by GCRA: `limit` at once plus `burst`, then one per `periodMs / limit`. */
export interface RateSpec {
  readonly key: string;
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
  /** How `rateLimit` counts: Inngest's GCRA, or exactly `limit` in any window. */
  readonly mode: "gcra" | "window";
}

/** A request to start a run of a function; everything that needs an expression is already evaluated. */
export interface StartRequest {
  readonly functionId: string;
  /** Time-ordered id, made by the caller. */
  readonly runId: string;
  readonly events: readonly RunEvent[];
  /** Not before this time: event `ts` in the future. */
  readonly notBefore?: number | undefined;
  /** The same key starts one run until `until` (epoch ms). */
  readonly idempotency?: { readonly key: string; readonly until: number } | undefined;
  readonly rateLimit?: RateSpec | undefined;
  readonly throttle?: RateSpec | undefined;
  readonly debounce?:
    | { readonly key: string; readonly periodMs: number; readonly timeoutMs?: number | undefined }
    | undefined;
  readonly batch?:
    { readonly key: string; readonly maxSize: number; readonly timeoutMs: number } | undefined;
  readonly singleton?: { readonly key: string; readonly mode: "skip" | "cancel" } | undefined;
  readonly slots: readonly SlotClaim[];
  /** Seconds to run ahead of others (negative: behind). */
  readonly prioritySeconds: number;
  readonly startTimeoutMs?: number | undefined;
  readonly finishTimeoutMs?: number | undefined;
  readonly cancelOn: readonly WaitSpec[];
  /** The step that waits for this run's result. */
  readonly invokedBy?: { readonly run: RunKey; readonly stepKey: string } | undefined;
}

/** A wait for an event: found by `name` and the values of `equals`, then decided by `expression`. */
export interface WaitSpec {
  readonly event: string;
  /** Equality parts: path in the awaited event (`data.orderId`) and the JSON text of the value. All must hold. */
  readonly equals: readonly { readonly path: string; readonly value: string }[];
  /** CEL over `event` (original) and `async` (awaited) for what equality cannot say. */
  readonly expression?: string | undefined;
  readonly until: number;
}

/** A stored wait whose name and equality parts fit an event. */
export interface WaitCandidate {
  readonly expression: string;
  /** The event that started the run. */
  readonly originalEvent: RunEvent;
}

/** What became of a start request. */
export type StartOutcome =
  | { readonly outcome: "started"; readonly runId: string }
  /** Joined a debounce or a batch; the run starts later. */
  | { readonly outcome: "joined" }
  | { readonly outcome: "duplicate"; readonly runId: string }
  | { readonly outcome: "limited" }
  | { readonly outcome: "skipped"; readonly runId: string };

/** A run leased to this process. */
export interface ClaimedRun {
  readonly key: RunKey;
  readonly id: string;
  readonly functionId: string;
  readonly generation: number;
  /** Attempts made of the code since the last finished step. */
  readonly attempt: number;
  readonly events: readonly RunEvent[];
  /** In the order results became known. */
  readonly journal: readonly JournalEntry[];
  readonly queuedAt: number;
  readonly startedAt: number;
}

/** What a step waits for, stored with its pending entry. */
export type StepWait =
  | { readonly kind: "event"; readonly wait: WaitSpec }
  | { readonly kind: "signal"; readonly signal: string; readonly onConflict: "fail" | "replace" }
  | { readonly kind: "invoke"; readonly start: StartRequest };

/** One entry to write, with the wait it opens. */
export interface JournalWrite {
  readonly entry: JournalEntry;
  readonly wait?: StepWait | undefined;
}

/** A run as people see it. */
export interface RunRecord {
  readonly id: string;
  readonly functionId: string;
  readonly state: RunState;
  readonly attempt: number;
  readonly events: readonly RunEvent[];
  readonly output?: string | undefined;
  readonly error?: SerializedError | undefined;
  readonly queuedAt: number;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly journal: readonly JournalEntry[];
}

/** Answer to a write of a run's holder: `false` if it is no longer the holder (another generation, canceled, gone). */
export type Held = boolean;

/**
 * Where runs are kept. Every method is one atomic, committed step; many calls of one turn share a commit. Methods take
 * and give data only: expressions are evaluated by the engine, before, or in the pure functions passed in.
 * Time is a parameter: `now` everywhere.
 */
export interface RunStore {
  /**
   * Stores events and does all they cause: starts, satisfied waits, cancellations.
   * @returns for each start request what became of it
   */
  ingest(params: {
    readonly now: number;
    readonly events: readonly RunEvent[];
    readonly starts: readonly StartRequest[];
    /** Decides candidates that have an expression. Pure and synchronous. */
    readonly matches: (candidate: WaitCandidate, event: RunEvent) => boolean;
  }): Promise<readonly StartOutcome[]>;

  /** Leases up to `limit` ready runs of the given functions, by priority and age. */
  claim(params: {
    readonly now: number;
    readonly functionIds: readonly string[];
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedRun[]>;

  /** Writes entries of a run that goes on. The hot path: one row an entry. */
  append(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
    readonly writes: readonly JournalWrite[];
    /** Resets the attempt counter: a step finished. */
    readonly resetAttempt: boolean;
  }): Promise<Held>;

  /** Stores a run as waiting until `dueAt` or until a wait of its journal is satisfied; frees its slots. */
  suspend(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
    readonly writes: readonly JournalWrite[];
    readonly dueAt?: number | undefined;
    readonly attempt: number;
  }): Promise<Held>;

  /** Ends a run: frees slots, closes waits, answers the step that invoked it, and stores the events it causes. */
  finish(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
    readonly state: "completed" | "failed";
    readonly output?: string | undefined;
    readonly error?: SerializedError | undefined;
    /** Internal events (`inngest/function.failed`, `.finished`) and what they start. */
    readonly events: readonly RunEvent[];
    readonly starts: readonly StartRequest[];
    readonly matches: (candidate: WaitCandidate, event: RunEvent) => boolean;
  }): Promise<Held>;

  /** Gives a leased run back untouched (draining). */
  release(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
  }): Promise<Held>;

  extendLeases(params: {
    readonly now: number;
    readonly leaseMs: number;
    readonly runs: readonly { readonly run: RunKey; readonly generation: number }[];
  }): Promise<readonly RunKey[]>;

  /**
   * Moves on whatever is due: delayed and waiting runs, timed-out waits, timeouts, ended debounces and batches, expired
   * leases. @returns when the next thing is due; `Infinity` if nothing is
   */
  advance(params: { readonly now: number }): Promise<number>;

  /** Cancels a run, and what waits inside it. @returns whether it was still cancelable */
  cancel(params: {
    readonly now: number;
    readonly runId: string;
    readonly reason: string;
  }): Promise<boolean>;

  /** Sends a signal. @returns the run that waited for it */
  signal(params: {
    readonly now: number;
    readonly signal: string;
    readonly data: string;
  }): Promise<string | undefined>;

  /** Sets the schedules of this process's functions and starts their due ticks, once each across processes. */
  schedule(params: {
    readonly now: number;
    readonly schedules: readonly {
      readonly functionId: string;
      readonly expression: string;
      readonly nextAt: number;
    }[];
  }): Promise<void>;
  /** Schedules whose tick is due. */
  dueSchedules(params: {
    readonly now: number;
  }): Promise<
    readonly { readonly functionId: string; readonly expression: string; readonly at: number }[]
  >;
  /** Starts a due tick and sets the next, unless another process did. */
  tick(params: {
    readonly now: number;
    readonly functionId: string;
    readonly expression: string;
    readonly at: number;
    readonly nextAt: number;
    readonly start: StartRequest;
  }): Promise<boolean>;

  getRun(runId: string): Promise<RunRecord | undefined>;
  listRuns(params: {
    readonly functionId?: string | undefined;
    readonly state?: RunState | undefined;
    readonly limit: number;
    readonly before?: string | undefined;
  }): Promise<readonly RunRecord[]>;
  runsOfEvent(eventId: string): Promise<readonly RunRecord[]>;
  /** Resolves when the run has ended. */
  waitForEnd(runId: string, signal?: AbortSignal): Promise<FinalRunState>;

  /** Removes what retention no longer keeps, a bounded bite at a time. @returns whether more is left */
  sweep(params: {
    readonly now: number;
    readonly keepRunsMs: number;
    readonly keepRuns: number;
    readonly keepEventsMs: number;
  }): Promise<boolean>;

  /** Calls back when runs may be ready to claim, or something became due earlier than was said. */
  onWork(listener: () => void): () => void;
  close(): Promise<void>;
}
