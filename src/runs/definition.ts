import type { ChildEnd, StartCall, StartDetails, StartResult } from "./store/start-details.ts";
import type { Token, TokenRequest } from "./store/token-store.ts";
import type {
  EventInput,
  FinalRunState,
  JournalEntry,
  RunEvent,
  SerializedError,
  StepKind,
} from "./types.ts";

/**
 * What starts a function. Event names may end in `/*` or `.*`; `if` is CEL over `event`. `everyMs` counts from when the
 * trigger was first registered in the store.
 */
export type Trigger =
  | { readonly event: string; readonly if?: string | undefined }
  | {
      readonly cron: string;
      readonly timeZone?: string | undefined;
      readonly jitterMs?: number | undefined;
    }
  | { readonly everyMs: number };

/** At most `limit` runs at once; `key` is CEL over `event`, evaluated when the run starts. */
export interface ConcurrencyOption {
  readonly limit: number;
  readonly key?: string | undefined;
  /** Who shares the key: the function, or every function of this store. @default "fn" */
  readonly scope?: "fn" | "env" | "account" | undefined;
}

/** Flow control of a function. Durations are ms; expressions are CEL over `event`. */
export interface FlowControl {
  readonly concurrency?: readonly ConcurrencyOption[] | undefined;
  readonly throttle?:
    | {
        readonly limit: number;
        readonly periodMs: number;
        readonly burst?: number | undefined;
        readonly key?: string | undefined;
      }
    | undefined;
  readonly rateLimit?:
    | {
        readonly limit: number;
        readonly periodMs: number;
        readonly key?: string | undefined;
        readonly mode?: "gcra" | "window" | undefined;
      }
    | undefined;
  readonly debounce?:
    | {
        readonly periodMs: number;
        readonly key?: string | undefined;
        readonly timeoutMs?: number | undefined;
      }
    | undefined;
  readonly batchEvents?:
    | {
        readonly maxSize: number;
        readonly timeoutMs: number;
        readonly key?: string | undefined;
        readonly if?: string | undefined;
      }
    | undefined;
  /** CEL that gives seconds. */
  readonly priority?: { readonly run: string } | undefined;
  readonly singleton?:
    { readonly key?: string | undefined; readonly mode: "skip" | "cancel" } | undefined;
  readonly idempotency?: string | undefined;
  readonly cancelOn?:
    | readonly {
        readonly event: string;
        readonly if?: string | undefined;
        readonly match?: string | undefined;
        readonly timeoutMs?: number | undefined;
      }[]
    | undefined;
  readonly timeouts?:
    { readonly startMs?: number | undefined; readonly finishMs?: number | undefined } | undefined;
}

/** How long to wait before attempt `attempt + 1` (1 = after the first failure). */
export type Backoff = (attempt: number) => number;

/** What to do about an error that a body or handler threw. */
export interface RetryDecision {
  /** `false`: fail at once, attempts left or not. */
  readonly retry: boolean;
  /** Instead of the backoff. */
  readonly delayMs?: number | undefined;
  /** Is recorded in place of what was thrown. */
  readonly error?: unknown;
}

/** How a run ended, for the events it causes. */
export interface RunEnd {
  readonly runId: string;
  readonly functionId: string;
  readonly state: FinalRunState;
  readonly events: readonly RunEvent[];
  /** JSON text. */
  readonly output?: string | undefined;
  readonly error?: SerializedError | undefined;
}

/** All of a function but its code: what decides about its starts, in any process. JSON. */
export interface FunctionDeclaration extends FlowControl {
  /** Unique in the store, stable over deploys. */
  readonly id: string;
  readonly name?: string | undefined;
  readonly triggers: readonly Trigger[];
  /**
   * What happens to the code while all of it waits. "replay": it is forgotten, and starts again from the top when the
   * run goes on. "live": it stays in memory and goes on where it was; it starts from the top only after a crash, a
   * deploy, or when there was no room for it. @default "replay"
   */
  readonly executor?: "replay" | "live" | undefined;
  /**
   * What an attempt is. "step": one try of a step, or of the code since the last finished step. "run": one execution of
   * the whole handler, whatever its steps came to; the next begins with an empty journal but for steps that are done.
   * @default "step"
   */
  readonly attempts?: "step" | "run" | undefined;
  /** Tries after the first, for each step and for the code between steps; of the whole handler with `attempts: "run"`. */
  readonly retries: number;
  /** What its starts say unless they say otherwise: also those of events and ticks, and those by its id alone. */
  readonly defaults?: StartDetails | undefined;
}

/** A function as the engine knows it: what every idiom's own definition becomes. */
export interface FunctionDefinition extends FunctionDeclaration {
  readonly backoff: Backoff;
  readonly handler: (run: RunHandle) => Promise<unknown>;
  /** Bytes of a run's output, as JSON. @default 4 MiB */
  readonly maxOutputBytes?: number | undefined;
  /** @default every error is retried, except catalogued errors that are not retryable */
  readonly decideRetry?: ((error: unknown) => RetryDecision) | undefined;
  /** Events of an idiom's own that the end of a run causes, stored in the same commit. */
  readonly endEvents?: ((end: RunEnd) => readonly EventInput[]) | undefined;
}

/** Options of one step. */
export interface StepOptions {
  readonly retries?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** How the journal calls it. @default "run" */
  readonly kind?: Extract<StepKind, "run" | "send"> | undefined;
  /** What identifies the call besides its id; see {@link JournalEntry.args}. */
  readonly args?: string | undefined;
}

/** What identifies a call of a step besides its id; see {@link JournalEntry.args}. */
export interface CallOptions {
  readonly args?: string | undefined;
}

/** What a handler gets: the run, and the steps it may take. Engine-level; idioms dress it. */
export interface RunHandle {
  readonly id: string;
  readonly functionId: string;
  /** 0 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** When it was first executed, epoch ms. */
  readonly startedAt: number;
  readonly event: RunEvent;
  readonly events: readonly RunEvent[];
  /** Whether finished steps are still being replayed: loggers are silent then. */
  readonly isReplaying: boolean;
  readonly signal: AbortSignal;
  /** What its start said beyond its function. */
  readonly details: StartDetails;
  /** What was known when this execution began, in the order it became known; results of later steps are not in it. */
  readonly journal: readonly JournalEntry[];
  /**
   * Calls back once when this execution ends without the handler having settled: the run is stored as waiting, its
   * lease is lost, it was canceled, or its worker drains. Not while a live run waits in memory.
   */
  onLeave(listener: () => void): void;

  /** Runs `body` once; its result is JSON. Rejects with StepError when out of attempts. */
  run(id: string, body: (attempt: number) => unknown, options?: StepOptions): Promise<unknown>;
  sleepUntil(id: string, dueAt: number, options?: CallOptions): Promise<void>;
  /** Resolves with the event, or null at the time limit. */
  waitForEvent(
    id: string,
    wait: {
      readonly event: string;
      readonly if?: string | undefined;
      readonly match?: string | undefined;
      readonly timeoutMs: number;
    },
  ): Promise<RunEvent | null>;
  waitForSignal(
    id: string,
    wait: {
      readonly signal: string;
      readonly timeoutMs: number;
      readonly onConflict: "fail" | "replace";
    },
  ): Promise<{ readonly signal: string; readonly data: unknown } | null>;
  /** Sends events, once, together with the step's entry. @returns their ids */
  sendEvents(id: string, events: readonly EventInput[]): Promise<readonly string[]>;
  /** Starts a function and waits for its result; rejects with its error. */
  invoke(
    id: string,
    call: {
      readonly functionId: string;
      readonly data?: unknown;
      readonly v?: string | undefined;
      readonly user?: unknown;
      readonly meta?: unknown;
      readonly timeoutMs: number;
    },
  ): Promise<unknown>;
  /**
   * Starts runs, any number in one write with the step's entry. They become children of this run: canceled with it.
   * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION
   */
  start(
    id: string,
    calls: readonly StartCall[],
    options?: CallOptions,
  ): Promise<readonly StartResult[]>;
  /** Starts a run and waits for its end, whatever that is: it does not reject for the child's failure. */
  child(id: string, call: StartCall, options?: CallOptions): Promise<ChildEnd>;
  /** Starts runs, in one write, and waits for the end of all. In the order of the calls. */
  children(
    id: string,
    calls: readonly StartCall[],
    options?: CallOptions,
  ): Promise<readonly ChildEnd[]>;
  /** Waits for the end of runs that were started already, {@link RunHandle.start}ed say. In the order of the ids. */
  waitForRuns(
    id: string,
    runIds: readonly string[],
    options?: CallOptions,
  ): Promise<readonly ChildEnd[]>;
  /** Makes a token, in one write with the step's entry: a replay gets the same. */
  createToken(id: string, request: TokenRequest, options?: CallOptions): Promise<Token>;
  /** Waits until a token is completed, or its time is over. `output` is what it was completed with. */
  waitForToken(id: string, tokenId: string, options?: CallOptions): Promise<TokenEnd>;
  /**
   * A step whose body may take steps itself; their keys are scoped under its own. Its result is journaled. Until it has
   * one, a replay runs the body again, with what its steps came to.
   */
  group(
    id: string,
    body: (attempt: number) => Promise<unknown>,
    options?: StepOptions,
  ): Promise<unknown>;
}

/** What a wait for a token comes to. */
export type TokenEnd = { readonly ok: true; readonly output: unknown } | { readonly ok: false };

/** Thrown at the `await` of a step that is out of attempts, or whose child failed. */
export class StepError extends Error {
  readonly stepId: string;
  /** The code of the error that the step failed with, if it had one. */
  readonly code?: string;

  constructor(stepId: string, error: SerializedError) {
    super(error.message);
    this.name = error.name;
    this.stepId = stepId;
    if (error.code !== undefined) this.code = error.code;
    if (error.stack !== undefined) this.stack = error.stack;
    if (error.cause !== undefined) this.cause = error.cause;
  }
}
