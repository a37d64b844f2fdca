import type { FunctionDefinition } from "./definition.ts";
import type { RunRecord } from "./store/run-store.ts";
import type { RunStores } from "./store/run-stores.ts";
import type { StartCall, StartResult } from "./store/start-details.ts";
import type { EventInput } from "./types.ts";

/**
 * How the function objects of an idiom and the engine that runs them come together.
 *
 * A runtime gives itself to each function it is asked to serve (`fn[attach](host)`); the function registers its
 * definitions and remembers the host, so that what belongs to it (an Inngest client, say) sends to the same store.
 */

/** The engine, as the idioms see it. */
export interface RunHost {
  /** Epoch ms, by the clock of the engine. */
  now(): number;
  /** Adds functions, before or after the start; one of the same id takes the place of the older. */
  register(definitions: readonly FunctionDefinition[]): void;
  /** Resolves with the ids of the events once they and all they start are committed. */
  send(events: readonly EventInput[]): Promise<readonly string[]>;
  /**
   * Does the same inside the caller's open transaction on the same database: both commit, or neither. Synchronous.
   * @param handle the caller's own connection (a better-sqlite3 `Database`)
   */
  sendWithin?(handle: unknown, events: readonly EventInput[]): readonly string[];
  /** Resolves with the id of the run that waited for the signal, if one did. `data` is JSON. */
  signal(signal: string, data: unknown): Promise<string | undefined>;
  /**
   * Starts runs of functions, triggers or not, all in one commit, and resolves once it is made.
   * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_NOT_JSON, RUNS_TOO_LARGE: nothing is started then
   */
  startRuns(calls: readonly StartCall[]): Promise<readonly StartResult[]>;
  /** Cancels a run and its unfinished children, theirs too. Resolves with whether the run could still be canceled. */
  cancel(runId: string, reason?: string): Promise<boolean>;
  /** Whether a function of this id is registered here. */
  hasFunction(id: string): boolean;
  /** What is kept beside runs: tokens, tags, metadata, queues, schedules, streams, logs, batches. */
  readonly stores: RunStores;
  getRun(runId: string): Promise<RunRecord | undefined>;
  /** The runs that an event is part of, oldest first; by the event's id or its sender's. */
  runsOfEvent(eventId: string): Promise<readonly RunRecord[]>;
  /** The HTTP server of this runtime, if it has one. */
  readonly server?: ServerLink | undefined;
}

/** What an HTTP server on the same runtime adds to it. */
export interface ServerLink {
  /** Where it is reached from outside, its base path included: `https://example.com/jobs`. */
  readonly publicUrl?: string | undefined;
  /**
   * Makes a token for browsers: for single things, such as `read:run:run_01…`.
   * @throws {LonghaulError} AUTH_BAD_SCOPE, AUTH_BAD_EXPIRY
   */
  createPublicToken(options: {
    readonly scopes: readonly string[];
    readonly expiresInMs?: number | undefined;
    readonly singleUse?: boolean | undefined;
  }): Promise<string>;
}

/** The method by which a runtime takes a function in. A registered symbol: two copies of the package understand each other. */
export const attach: unique symbol = Symbol.for("longhaul.attach");

/** A function object of an idiom. */
export interface Attachable {
  /** Registers the function with `host` and binds what belongs to it. Returns a function that unbinds it again. */
  [attach](host: RunHost): () => void;
}

/** Whether something can be given to a runtime as a function. */
export function isAttachable(value: unknown): value is Attachable {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    attach in value &&
    typeof value[attach] === "function"
  );
}
