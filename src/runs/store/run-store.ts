import type { RunEnd } from "../definition.ts";
import type { RunStores } from "./run-stores.ts";
import type { StartDetails, StartIdempotency } from "./start-details.ts";
import type { TokenRequest } from "./token-store.ts";
import type { FinalRunState, JournalEntry, RunEvent, RunState, SerializedError } from "../types.ts";
import type { FunctionDirectory } from "./function-directory.ts";

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

/** Starts of the same key within `periodMs` of each other make one run. */
export interface DebounceRequest {
  readonly key: string;
  readonly periodMs: number;
  /** The run starts at the latest so long after the first start. */
  readonly timeoutMs?: number | undefined;
  /** A start that would move the run further than so long after the first leaves it alone, and makes another. */
  readonly maxDelayMs?: number | undefined;
  /**
   * What the run has of which start. "replace": all of the newest. "leading": all of the first; only the time moves.
   * "trailing": of the newest its events, tags, metadata, maxAttempts and maxDurationMs; the rest of the first.
   * @default "replace"
   */
  readonly mode?: "replace" | "leading" | "trailing" | undefined;
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
  readonly idempotency?: StartIdempotency | undefined;
  readonly rateLimit?: RateSpec | undefined;
  readonly throttle?: RateSpec | undefined;
  readonly debounce?: DebounceRequest | undefined;
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
  /** What the start said itself. What the fields above say too is said there, and left out here. */
  readonly details?: StartDetails | undefined;
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
  | { readonly outcome: "joined"; readonly runId: string }
  | { readonly outcome: "duplicate"; readonly runId: string }
  | { readonly outcome: "limited" }
  | { readonly outcome: "skipped"; readonly runId: string };

/** What a run came to; output and error are missing until it ends. */
export type RunOutcome = Pick<RunRecord, "state" | "output" | "error">;

/** A run leased to this process. */
export interface ClaimedRun {
  readonly key: RunKey;
  readonly id: string;
  readonly functionId: string;
  readonly generation: number;
  /** Attempts made of the code since the last finished step. */
  readonly attempt: number;
  /** Leases lost since the last finished step: its holders died. The engine gives up on a run that loses too many. */
  readonly losses: number;
  readonly events: readonly RunEvent[];
  /** In the order of their last write. */
  readonly journal: readonly JournalEntry[];
  readonly createdAt: number;
  readonly queuedAt: number;
  readonly startedAt: number;
  /** What its start said itself. */
  readonly details?: StartDetails | undefined;
}

/** What a step waits for, stored with its pending entry. */
export type StepWait =
  | { readonly kind: "event"; readonly wait: WaitSpec }
  | { readonly kind: "signal"; readonly signal: string; readonly onConflict: "fail" | "replace" }
  | { readonly kind: "invoke"; readonly start: StartRequest }
  /** Starts runs and waits for the end of all; answered with JSON of ChildEnd[], in their order. */
  | { readonly kind: "children"; readonly starts: readonly StartRequest[] }
  /** Waits for the end of runs that exist; answered with JSON of ChildEnd[], in their order. */
  | { readonly kind: "runs"; readonly runIds: readonly string[] }
  /** Answered with JSON of TokenEnd when it is completed, or its time is over; at once if that is so already. */
  | { readonly kind: "token"; readonly tokenId: string };

/** What a step does in the commit of its final entry; the entry's data is filled in by what it comes to. */
export type StepEffect =
  /** Data: JSON of StartResult[]. */
  | { readonly kind: "start"; readonly starts: readonly StartRequest[] }
  /** Data: JSON of Token. */
  | { readonly kind: "createToken"; readonly token: TokenRequest };

/** What others did to a run that this process holds. */
export interface HeldNews {
  readonly run: RunKey;
  readonly generation: number;
  /** Whether the lease is still this holder's: not if the run was canceled, timed out, or taken over. */
  readonly held: boolean;
  /** Waits that were answered: `pending` entries with `data` or `error`. */
  readonly answered: readonly JournalEntry[];
}

/** What a commit left to do. */
export interface Work {
  /** Whether runs may be ready to claim. */
  readonly claimable: boolean;
  /** When the earliest thing it added is due; `Infinity` if nothing. */
  readonly dueAt: number;
}

/** Events to store together with what they cause. */
export interface EventBatch {
  readonly events: readonly RunEvent[];
  readonly starts: readonly StartRequest[];
  /** Decides candidates that have an expression. Pure and synchronous. */
  readonly matches: (candidate: WaitCandidate, event: RunEvent) => boolean;
}

/** One entry to write, with the wait it opens. */
export interface JournalWrite {
  readonly entry: JournalEntry;
  readonly wait?: StepWait | undefined;
  readonly effect?: StepEffect | undefined;
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
  readonly createdAt: number;
  readonly queuedAt: number;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  /** When a delayed run starts, or one that waits goes on at the latest. */
  readonly dueAt?: number | undefined;
  /** What its start said itself; tags and metadata as they are now. */
  readonly details?: StartDetails | undefined;
  readonly journal: readonly JournalEntry[];
}

/** Answer to a write of a run's holder: `false` if it is no longer the holder (another generation, canceled, gone). */
export type Held = boolean;

/** The same, with the data that effects filled in, by the order of the writes that have one; `true` if none has. */
export type Appended = boolean | readonly string[];

/**
 * Where runs are kept. Every method is one atomic, committed step; many calls of one turn share a commit. Methods take
 * and give data only: expressions are evaluated by the engine, before, or in the pure functions passed in.
 * Time is a parameter: `now` everywhere.
 *
 * Who writes the journal. The order of a run's final entries (`done`, `failed`) is the order in which its code saw the
 * results, so while a run is held only its holder writes them. Others answer a wait by filling `data` or `error` of its
 * `pending` entry, in place, with `at` = when; the holder hears of it ({@link RunStore.onHeldNews}), or finds it in the
 * journal it claims, and writes the final entry, which closes the wait. Sleeps, retries and time limits are the
 * holder's alone: `advance` queues a run whose `dueAt` has passed and leaves its entries as they are. A wait is open
 * while `now < until`. Calls for one run take effect, and resolve, in the order in which they were made.
 */
export interface RunStore extends FunctionDirectory {
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
    /** An earlier call of this turn is about to bring work: there is no point in a look before the write. */
    readonly isExpected?: boolean | undefined;
    /**
     * Whether the caller has all of a run in memory that was suspended at this generation. Then its journal is not
     * read, but for the answers to waits, and its events are not. Called inside the transaction.
     */
    readonly isParked?: ((runId: string, generation: number) => boolean) | undefined;
  }): Promise<readonly ClaimedRun[]>;

  /** Writes entries of a run that goes on. The hot path: one row an entry. */
  append(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
    readonly writes: readonly JournalWrite[];
    /** A step finished: the counters of attempts and of lost leases start again at 0. */
    readonly resetAttempt: boolean;
    /** Then only that of lost leases does. */
    readonly keepsAttempt?: boolean | undefined;
    /** Events that a step sends: stored with its entry or not at all. */
    readonly batch?: EventBatch | undefined;
  }): Promise<Appended>;

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
    readonly state: "completed" | "failed" | "timedOut";
    readonly output?: string | undefined;
    readonly error?: SerializedError | undefined;
    /** Internal events (`inngest/function.failed`, `.finished`) and what they start. */
    readonly events: readonly RunEvent[];
    readonly starts: readonly StartRequest[];
    readonly matches: (candidate: WaitCandidate, event: RunEvent) => boolean;
  }): Promise<Held>;

  /**
   * Queues a run that is waiting and was suspended at this generation, ahead of its time: its code turned out to be
   * busy with something that was no step.
   */
  wake(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
  }): Promise<Held>;

  /** Gives a leased run back untouched (draining). */
  release(params: {
    readonly now: number;
    readonly run: RunKey;
    readonly generation: number;
  }): Promise<Held>;

  /** Renews leases. @returns the runs still held; the holder of any other stops */
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

  /** Cancels a run, what waits inside it, and its unfinished children. @returns whether it was still cancelable */
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
    /** Functions whose other schedules are removed, besides those that have one above. */
    readonly functionIds?: readonly string[] | undefined;
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
  /** Runs, newest first. */
  listRuns(params: {
    readonly functionId?: string | undefined;
    readonly state?: RunState | undefined;
    readonly limit: number;
    readonly before?: string | undefined;
    /** Whether to read their journals, which may be long; if not, they are empty. @default true */
    readonly withJournals?: boolean | undefined;
  }): Promise<readonly RunRecord[]>;
  /** The runs that an event is part of, oldest first. */
  runsOfEvent(eventId: string): Promise<readonly RunRecord[]>;
  /** Which of these runs nobody has claimed or ended since they were suspended at these generations. */
  stillWaiting(
    runs: readonly { readonly run: RunKey; readonly generation: number }[],
  ): Promise<readonly RunKey[]>;
  /** Calls back with the ids of the runs that ended in a commit of this process. */
  onEnds(listener: (runIds: Iterable<string>) => void): () => void;
  /** What a run came to so far; reads no more than that. */
  outcome(runId: string): Promise<RunOutcome | undefined>;
  /** Resolves when the run has ended. */
  waitForEnd(runId: string, signal?: AbortSignal): Promise<FinalRunState>;

  /** Removes what retention no longer keeps, a bounded bite at a time. @returns whether more is left */
  sweep(params: {
    readonly now: number;
    readonly keepRunsMs: number;
    readonly keepRuns: number;
    readonly keepEventsMs: number;
  }): Promise<boolean>;

  /** What is kept beside runs. */
  readonly stores: RunStores;

  /** Calls back after a commit that left something to do; after another process's commit without saying what. */
  onWork(listener: (work?: Work) => void): () => void;

  /**
   * Calls back, before the promises of the same commit resolve, with what others did to runs that this process holds:
   * answers to their waits, or the loss of the lease. Other processes' doings are found out after their commits.
   */
  onHeldNews(listener: (news: readonly HeldNews[]) => void): () => void;

  /**
   * Says what the end of a run causes if the store itself brings it about (canceled, expired, timedOut, skipped): it is
   * stored in the same commit. Pure and synchronous. What this process ends asks the function of this process.
   */
  setEndEffects(effects: (end: RunEnd, now: number) => EventBatch | undefined): void;
  close(): Promise<void>;
}

/** A store that lives in a database of the caller's. */
export interface TransactionalRunStore extends RunStore {
  /**
   * Ingests inside the caller's own transaction: both commit, or neither. Synchronous.
   * @param handle the caller's connection
   * @throws {LonghaulError} STORE_BAD_TRANSACTION
   */
  ingestWithin(
    handle: unknown,
    params: { readonly now: number } & EventBatch,
  ): readonly StartOutcome[];
}
