import { LonghaulError } from "../core/errors.ts";
import { realSetTimeout } from "../core/real-timers.ts";
import { RunEngine, type TriggerInput } from "../runs/engine.ts";
import type { RunRecord } from "../runs/store/run-store.ts";
import { SqliteRunStore } from "../runs/store/sqlite/sqlite-run-store.ts";
import type { EventInput, FinalRunState } from "../runs/types.ts";
import { openShared, type SharedStore } from "../storage/shared-stores.ts";
import { parseStoreUrl } from "../storage/url.ts";
import { attachFunctions, type FunctionSource, type HostedFunctions } from "./hosted-functions.ts";
import { HostedWorkers } from "./hosted-workers.ts";
import type { LonghaulOptions } from "./options.ts";
import { setParts } from "./parts.ts";

/** How a runtime is. */
export interface Health {
  /** Whether it works: it is started, and the store takes writes. */
  readonly ok: boolean;
  readonly state: "open" | "started" | "closing" | "closed";
  /** The file, or ":memory:". */
  readonly store: string;
  /** Ids of the functions that this process executes. */
  readonly functions: readonly string[];
  /** How many workers are open. */
  readonly workers: number;
  /** The last thing that failed in the background, if anything did. */
  readonly lastError?: { readonly at: number; readonly message: string };
  /** Why the store takes no writes, if it does not. */
  readonly storeError?: string;
}

/** How long {@link Longhaul.health} waits for the store. */
const HEALTH_TIMEOUT_MS = 2_000;
const DEFAULT_DRAIN_MS = 30_000;

/**
 * One runtime: a store, the functions and workers that this process executes, and the way to send to them.
 *
 *   open ──► started ──► closing ──► closed
 *     └────────────────────▲
 *
 * Open, it sends; started, it executes. Made by {@link createLonghaul}.
 */
export class Longhaul {
  readonly #options: LonghaulOptions;
  readonly #shared: SharedStore;
  readonly #runs: SqliteRunStore;
  readonly #engine: RunEngine;
  readonly #functions: HostedFunctions;
  readonly #workers: HostedWorkers;
  #state: Health["state"] = "open";
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #lastError: Health["lastError"];

  /** @internal Use {@link createLonghaul}. */
  constructor(options: LonghaulOptions) {
    const {
      url,
      functions = [],
      tasks = [],
      config,
      workers = [],
      durability,
      migrate,
      busyTimeoutMs,
    } = options;
    const { allowNetworkFilesystem, clock, concurrency, leaseMs, liveRuns } = options;
    const { retention, telemetry } = options;
    const onError = (error: unknown): void => this.#report(error);
    this.#options = options;
    this.#workers = new HostedWorkers(workers, onError);
    this.#shared = openShared(url, {
      ...{ durability, migrate, busyTimeoutMs, allowNetworkFilesystem, clock },
    });
    this.#runs = new SqliteRunStore(this.#shared.store);
    const runs = { concurrency, leaseMs, liveRuns, retention, telemetry };
    const engine = { store: this.#runs, clock, ...runs, onError };
    this.#engine = new RunEngine(engine);
    setParts(this, {
      store: this.#shared.store,
      runs: this.#runs,
      engine: this.#engine,
      clock: this.#engine.clock,
      connection: this.#connection,
    });
    try {
      // What tasks become depends on the configuration.
      const sources = [...(config === undefined ? [] : [config]), ...functions, ...tasks];
      this.#functions = attachFunctions(this.#engine, sources);
    } catch (error) {
      void this.#shared.release();
      throw error;
    }
  }

  /** Begins to execute: what is due, what waits in line, and what is sent from now on. Idempotent. */
  start(): Promise<void> {
    if (this.#closing) return Promise.reject(new LonghaulError("STORE_CLOSED"));
    return (this.#starting ??= this.#start());
  }

  /**
   * Stops taking work, lets what is being done finish, and closes the store. What waits stays in the store for the next
   * start, here or in another process. Idempotent.
   *
   * @param options.timeoutMs after which it no longer waits; what is not finished then is done again. @default 30_000
   */
  close({ timeoutMs = DEFAULT_DRAIN_MS }: { timeoutMs?: number | undefined } = {}): Promise<void> {
    return (this.#closing ??= this.#close(timeoutMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Stores events and starts what they trigger. Resolves with their ids once that is committed. */
  send(events: EventInput | readonly EventInput[]): Promise<readonly string[]> {
    return this.#engine.send(Array.isArray(events) ? events : [events as EventInput]);
  }

  /**
   * Runs a function and waits for its result; if this process does not survive that, the run goes on all the same.
   *
   * @param target a function of this runtime, or the id of one
   * @throws the error that the run failed with; {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_START_REFUSED,
   *   RUNS_NOT_COMPLETED
   */
  invoke(
    target: FunctionSource | string,
    input?: TriggerInput,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return this.#engine.invoke(this.#idOf(target), input, signal);
  }

  /** Starts a run of a function. Resolves with the run's id. */
  trigger(target: FunctionSource | string, input?: TriggerInput): Promise<string> {
    return this.#engine.trigger(this.#idOf(target), input);
  }

  /** Sends a signal. Resolves with the id of the run that waited for it, if one did. */
  signal(signal: string, data?: unknown): Promise<string | undefined> {
    return this.#engine.signal(signal, data);
  }

  /** Cancels a run. Resolves with whether it could still be canceled. */
  cancel(runId: string, reason?: string): Promise<boolean> {
    return this.#engine.cancel(runId, reason);
  }

  /** A run with its journal. */
  getRun(runId: string): Promise<RunRecord | undefined> {
    return this.#engine.getRun(runId);
  }

  /** Resolves with how a run ended, once it has; rejects when `signal` is aborted before. */
  waitForEnd(runId: string, signal?: AbortSignal): Promise<FinalRunState> {
    return this.#runs.waitForEnd(runId, signal);
  }

  /** The runs that an event started, without their journals. */
  runsOfEvent(eventId: string): Promise<readonly RunRecord[]> {
    return this.#runs.runsOfEvent(eventId);
  }

  /** The newest runs, of a function or in a state if given, without their journals. */
  listRuns(
    filter: Partial<Parameters<SqliteRunStore["listRuns"]>[0]> = {},
  ): Promise<readonly RunRecord[]> {
    return this.#runs.listRuns({ limit: 100, ...filter });
  }

  /** How it is; for a health check of a load balancer or a supervisor. Never rejects. */
  async health(): Promise<Health> {
    const storeError = await this.#storeError();
    return {
      ok: this.#state === "started" && storeError === undefined,
      state: this.#state,
      store: this.#shared.store.path,
      functions: this.#functions.ids,
      workers: this.#workers.size,
      ...(this.#lastError && { lastError: this.#lastError }),
      ...(storeError !== undefined && { storeError }),
    };
  }

  async #start(): Promise<void> {
    try {
      await this.#engine.start();
      await this.#workers.start({ connection: this.#connection });
      if (!this.#closing) this.#state = "started";
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#state = "closing";
    const drained = Promise.all([this.#engine.close({ timeoutMs }), this.#workers.close()]);
    await within(drained, timeoutMs + 1_000);
    this.#functions.detach();
    await this.#runs.close();
    await this.#shared.release();
    this.#state = "closed";
  }

  /** What a queue has to be given to be on this store. */
  get #connection(): string {
    const parsed = parseStoreUrl(this.#options.url);
    return parsed.kind === "sqlite" && parsed.path !== ":memory:"
      ? `file:${parsed.path}`
      : ":memory:";
  }

  #idOf(target: FunctionSource | string): string {
    if (typeof target === "string") return target;
    const [id] = this.#functions.idsOf(target);
    if (id !== undefined) return id;
    throw new LonghaulError("RUNS_UNKNOWN_FUNCTION", { function: "that was given" });
  }

  /** Asks for a transaction: another process may hold the lock, the disk may be full. */
  async #storeError(): Promise<string | undefined> {
    const asked = this.#shared.store.write("runtime:health", () => undefined);
    const answer = asked.then(
      () => undefined,
      (error: Error) => error.message,
    );
    return within(answer, HEALTH_TIMEOUT_MS, `no answer within ${HEALTH_TIMEOUT_MS} ms`);
  }

  #report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#lastError = { at: this.#engine.now(), message };
    const { onError } = this.#options;
    if (onError) onError(error);
    // oxlint-disable-next-line no-console -- nobody said where else to, and silence would hide a full disk
    else console.error("longhaul:", error);
  }
}

/**
 * Opens a store, and hosts functions and workers on it.
 *
 * @throws {LonghaulError} what opening the store throws, RUNTIME_BAD_FUNCTION, RUNTIME_DUPLICATE_FUNCTION,
 *   RUNTIME_BAD_WORKER
 *
 * @example
 * await using longhaul = createLonghaul({ url: "file:app.db", functions: [sendWelcomeEmail] });
 * await longhaul.start();
 * await inngest.send({ name: "user/created", data: { email: "ada@example.com" } });
 */
export const createLonghaul = (options: LonghaulOptions = {}): Longhaul => new Longhaul(options);

/** What `work` comes to, or `otherwise` when that takes too long. */
async function within<T, U = undefined>(
  work: Promise<T>,
  timeMs: number,
  otherwise?: U,
): Promise<T | U> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<U>((resolve) => {
    timer = realSetTimeout(() => resolve(otherwise as U), timeMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
