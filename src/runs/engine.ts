import { type Clock, systemClock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";
import { realClearInterval, realSetInterval } from "../core/real-timers.ts";
import type { FunctionDefinition, RunEnd } from "./definition.ts";
import { DueTimes } from "./due-times.ts";
import { deserializeError, toJsonText } from "./errors.ts";
import type { RunHost, ServerLink } from "./hosting.ts";
import { toRunEvent } from "./incoming-events.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { KnownFunctions } from "./known-functions.ts";
import { matchesWait } from "./matching.ts";
import { type Retention, type RetentionPolicy, startRetention } from "./retention.ts";
import { endBatch, type EndHost, NO_EVENTS } from "./run-end.ts";
import type { LiveRunsOptions } from "./live/live-runs.ts";
import { type CallHost, startsOfCalls } from "./start-calls.ts";
import type { RunTelemetry } from "./run-telemetry.ts";
import type { RunStores } from "./store/run-stores.ts";
import { toStartResult } from "./store/start-results.ts";
import type { StartCall, StartResult } from "./store/start-details.ts";
import { ScheduleKeeper } from "./schedule-keeper.ts";
import { createStartRequest, startsOf } from "./start-request.ts";
import type {
  EventBatch,
  RunRecord,
  RunStore,
  StartOutcome,
  StartRequest,
  TransactionalRunStore,
  Work,
} from "./store/run-store.ts";
import type { EventInput, RunEvent } from "./types.ts";
import { Worker } from "./worker.ts";

/** How to make a {@link RunEngine}. */
export interface RunEngineOptions {
  /** Stays the caller's to close. */
  readonly store: RunStore;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** How many runs this process executes at once. @default 100 */
  readonly concurrency?: number | undefined;
  /** How long a run stays a dead holder's before others take it; deaths on the same machine are noticed at once. @default 10_000 */
  readonly leaseMs?: number | undefined;
  /** How much is kept in memory of live runs that wait; others are replayed when they go on. @default 10,000 runs */
  readonly liveRuns?: LiveRunsOptions | undefined;
  /** What is kept of runs and events that are over; `false` keeps all. @default 30 days, a million runs */
  readonly retention?: Partial<RetentionPolicy> | false | undefined;
  /** Makes spans of what is sent and executed: `openTelemetry()` of `longhaul/telemetry`. @default none */
  readonly telemetry?: RunTelemetry | undefined;
  /** Takes what fails in the background. @default ignores it: the engine tries again */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What to start a run with. */
export interface TriggerInput {
  readonly data?: unknown;
  readonly v?: string | undefined;
  readonly meta?: unknown;
}

/** The event that a run gets which no event started. */
export const INVOKED_EVENT = "inngest/function.invoked";

const DEFAULT_CONCURRENCY = 100;
const DEFAULT_LEASE_MS = 10_000;
/** Leases are renewed this often within their time. */
const RENEWALS = 10 / 3;
const DEFAULT_DRAIN_MS = 30_000;
/** Timers stand still while the machine sleeps, and know nothing of a clock that is set forward. */
const LOOK_EVERY_MS = 10_000;
const PUBLISH_EVERY_MS = 24 * 60 * 60 * 1000;

/**
 * Functions and the store of their runs, brought together: takes events, executes runs, keeps time.
 *
 *   open ──► started ──► closed
 *
 * Events may be sent before the start; they are stored, and their runs are executed by whoever has started.
 *
 * @example
 * const engine = new RunEngine({ store: new SqliteRunStore(SqliteStore.open({ path: "jobs.db" })) });
 * engine.register([definition]);
 * await engine.start();
 * await engine.send([{ name: "user/created", data: { userId: "u1" } }]);
 * await engine.close();
 */
export class RunEngine implements RunHost {
  readonly store: RunStore;
  readonly clock: Clock;
  /** Set by the server. */
  server: ServerLink | undefined;
  readonly #options: RunEngineOptions;
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #known: KnownFunctions;
  readonly #callHost: CallHost = {
    now: () => this.now(),
    find: (id) => this.#known.get(id),
    trace: () => this.#options.telemetry?.carrier(),
  };
  readonly #endHost: EndHost;
  readonly #leases: LeaseKeeper;
  readonly #worker: Worker;
  readonly #dueTimes: DueTimes;
  readonly #schedules: ScheduleKeeper;
  #retention: Retention | undefined;
  #unlisten: () => void = () => {};
  #cancelPublication: () => void = () => {};
  #state: "open" | "started" | "closed" = "open";
  #closing: Promise<void> | undefined;
  #writes = 0;
  #quietListeners: (() => void)[] = [];

  constructor(options: RunEngineOptions) {
    const { store, clock = systemClock, leaseMs = DEFAULT_LEASE_MS } = options;
    this.store = store;
    this.clock = clock;
    this.#options = options;
    this.#known = new KnownFunctions(store, this.#functions);
    const report = (error: unknown): void => this.#report(error);
    const batch = (events: readonly EventInput[]): EventBatch => this.#batch(events);
    this.#endHost = { batch, report };
    this.#leases = new LeaseKeeper({ store, clock, report }, leaseMs, leaseMs / RENEWALS);
    this.#worker = new Worker(
      {
        store,
        clock,
        report,
        batch,
        telemetry: options.telemetry,
        functions: this.#functions,
        invocation: (...args) => this.#invocation(...args),
        starts: (calls, parent) => startsOfCalls(calls, this.#callHost, parent),
        changed: () => this.#noticeQuiet(),
      },
      {
        concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
        leaseMs,
        liveRuns: options.liveRuns,
      },
      this.#leases,
    );
    this.#schedules = new ScheduleKeeper(store);
    store.setEndEffects((end) => this.#endEffects(end));
    this.#dueTimes = new DueTimes({
      clock,
      report,
      advance: (now) => this.#advance(now),
      advanced: () => this.#noticeQuiet(),
    });
  }

  now(): number {
    return this.clock.now();
  }

  /** Adds functions, before or after the start; one of the same id takes the place of the older. */
  register(definitions: readonly FunctionDefinition[]): void {
    for (const definition of definitions) this.#functions.set(definition.id, definition);
    this.#known.changed();
    if (this.#state !== "started") return;
    this.#setSchedules().catch((error: unknown) => this.#report(error));
    this.#publish().catch((error: unknown) => this.#report(error));
    this.#worker.look();
  }

  /** Begins to execute runs. Resolves when what was due is under way. */
  async start(): Promise<void> {
    if (this.#state === "closed") throw new LonghaulError("STORE_CLOSED");
    if (this.#state === "started") return;
    this.#state = "started";
    // It also keeps the process alive: what the store listens with does not.
    const lookOut = realSetInterval(() => this.#dueTimes.look(), LOOK_EVERY_MS);
    const unlistenWork = this.store.onWork((work) => this.#onWork(work));
    const unlistenNews = this.store.onHeldNews((news) => this.#worker.hear(news));
    const unlistenEnds = this.store.onEnds((runIds) => this.#worker.ended(runIds));
    this.#unlisten = () => {
      unlistenEnds();
      unlistenWork();
      unlistenNews();
      realClearInterval(lookOut);
    };
    await Promise.all([this.#setSchedules(), this.#publish()]);
    await this.#dueTimes.advance();
    this.#worker.start();
    if (this.#options.retention === false) return;
    this.#retention = startRetention({
      store: this.store,
      clock: this.clock,
      policy: this.#options.retention,
      onError: (error) => this.#report(error),
    });
  }

  /**
   * Stores events with all they start. Resolves once they are committed.
   *
   * @returns their ids, in order
   * @throws {LonghaulError} RUNS_BAD_EVENT, RUNS_NOT_JSON, RUNS_TOO_LARGE: nothing is stored then
   */
  async send(events: readonly EventInput[]): Promise<readonly string[]> {
    if (events.length === 0) return [];
    return this.#traced(
      "send",
      () => events.map(({ name }) => name),
      async () => {
        const batch = this.#batch(events);
        await this.#counted(this.#ingest(batch));
        return batch.events.map(({ id }) => id);
      },
    );
  }

  /**
   * Does the same inside the caller's open transaction on the same database: both commit, or neither. Synchronous.
   *
   * @param handle the caller's own connection (a better-sqlite3 `Database`)
   * @throws {LonghaulError} STORE_BAD_TRANSACTION, and what `send` throws
   */
  sendWithin(handle: unknown, events: readonly EventInput[]): readonly string[] {
    if (!isTransactional(this.store))
      throw new LonghaulError("STORE_BAD_TRANSACTION", {
        reason: "the store is in no SQLite file",
      });
    if (events.length === 0) return [];
    const batch = this.#batch(events);
    this.store.ingestWithin(handle, { now: this.now(), ...batch });
    return batch.events.map(({ id }) => id);
  }

  /**
   * Starts a run of a function, triggers or not.
   *
   * @returns its id; that of the run that was started before, or instead, where flow control says so
   * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_START_REFUSED
   */
  async trigger(functionId: string, input: TriggerInput = {}): Promise<string> {
    const [outcome] = await this.#traced(
      "start",
      () => [functionId],
      async () => {
        const start = this.#invocation(functionId, input);
        return this.#counted(this.#ingest({ ...NO_EVENTS, starts: [start] }));
      },
    );
    if (outcome && "runId" in outcome && outcome.outcome !== "skipped") return outcome.runId;
    throw new LonghaulError("RUNS_START_REFUSED", {
      function: functionId,
      reason: outcome?.outcome === "skipped" ? "another run of it is going on" : "its rate limit",
    });
  }

  /**
   * Starts a run of a function and waits for its end.
   *
   * @returns its output
   * @throws the error that the run failed with; {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_START_REFUSED,
   *   RUNS_NOT_COMPLETED if it was canceled, say
   */
  async invoke(
    functionId: string,
    input: TriggerInput = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    const runId = await this.trigger(functionId, input);
    const state = await this.store.waitForEnd(runId, signal);
    const run = await this.store.outcome(runId);
    if (state === "completed") return JSON.parse(run?.output ?? "null") as unknown;
    if (run?.error) throw deserializeError(run.error);
    throw new LonghaulError("RUNS_NOT_COMPLETED", { run: runId, state });
  }

  /**
   * Starts runs of functions, triggers or not, all in one commit, and resolves once it is made.
   *
   * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_NOT_JSON, RUNS_TOO_LARGE: nothing is started then
   */
  async startRuns(calls: readonly StartCall[]): Promise<readonly StartResult[]> {
    if (calls.length === 0) return [];
    const targets = (): string[] => calls.map(({ functionId }) => functionId);
    return this.#traced("start", targets, async () => {
      const starts = startsOfCalls(calls, this.#callHost);
      const outcomes = await this.#counted(this.#ingest({ ...NO_EVENTS, starts }));
      return outcomes.map((outcome, index) => toStartResult(starts[index]!.runId, outcome));
    });
  }

  /** Whether a function of this id is registered here. */
  hasFunction(id: string): boolean {
    return this.#functions.has(id);
  }

  /** What is kept beside runs. */
  get stores(): RunStores {
    return this.store.stores;
  }

  /** Sends a signal. Resolves with the id of the run that waited for it, if one did. */
  signal(signal: string, data: unknown): Promise<string | undefined> {
    const text = toJsonText(data, `The signal ${signal}`);
    const sent = this.store.signal({ now: this.now(), signal, data: text });
    this.#worker.expect();
    return this.#counted(sent);
  }

  /** Cancels a run. Resolves with whether it could still be canceled. */
  cancel(runId: string, reason = "canceled"): Promise<boolean> {
    return this.#counted(this.store.cancel({ now: this.now(), runId, reason }));
  }

  getRun(runId: string): Promise<RunRecord | undefined> {
    return this.store.getRun(runId);
  }

  /** The runs that an event is part of, oldest first; by the event's id or its sender's. */
  runsOfEvent(eventId: string): Promise<readonly RunRecord[]> {
    return this.store.runsOfEvent(eventId);
  }

  /** The places for runs in this process, and how many of them are taken. */
  get slots(): { readonly busy: number; readonly total: number } {
    return this.#worker.slots;
  }

  /** How many live runs wait in this process's memory. */
  get parkedRuns(): number {
    return this.#worker.parkedCount;
  }

  /** Resolves when nothing is left to do before a later time, an event or a call: for tests that turn the clock. */
  async whenQuiet(): Promise<void> {
    while (!this.#isQuiet) await new Promise<void>((resolve) => this.#quietListeners.push(resolve));
  }

  /**
   * Stops: nothing more is claimed, bodies that run are finished, and their runs given back for the next start or
   * another process. Idempotent.
   *
   * @param options.timeoutMs after which runs are given back as they are. @default 30_000
   */
  close({ timeoutMs = DEFAULT_DRAIN_MS }: { timeoutMs?: number | undefined } = {}): Promise<void> {
    return (this.#closing ??= this.#close(timeoutMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#state = "closed";
    this.#cancelPublication();
    const advanced = this.#dueTimes.stop();
    await Promise.all([advanced, this.#retention?.close(), this.#worker.drain(timeoutMs)]);
    this.#unlisten();
    this.#leases.stop();
  }

  #onWork(work: Work | undefined): void {
    if (work === undefined) {
      void this.#dueTimes.advance();
      this.#worker.checkParked();
    } else this.#dueTimes.lower(work.dueAt);
    if (work?.claimable !== false) this.#worker.look();
    this.#noticeQuiet();
  }

  /** Does what is due. What it makes ready is claimed in the same commit. */
  async #advance(now: number): Promise<number> {
    this.#leases.renewIfDue();
    const [dueAt, hasTicked] = await Promise.all([
      this.store.advance({ now }),
      this.#schedules.tick(now),
    ]);
    // Ticks move their schedules on.
    return hasTicked ? this.store.advance({ now }) : dueAt;
  }

  #setSchedules(): Promise<void> {
    return this.#counted(this.#schedules.set(this.#functions.values(), this.now()));
  }

  /** Tells other processes which functions this one executes, now and once a day. */
  #publish(): Promise<void> {
    this.#cancelPublication();
    const again = (): void => void this.#publish().catch((error: unknown) => this.#report(error));
    this.#cancelPublication = this.clock.after(PUBLISH_EVERY_MS, again);
    return this.#counted(this.#known.publish(this.now()));
  }

  /** What an end causes that the store itself brings about. */
  #endEffects(end: RunEnd): EventBatch | undefined {
    const definition = this.#functions.get(end.functionId);
    return definition && endBatch(definition, end, this.#endHost);
  }

  #batch(inputs: readonly EventInput[]): EventBatch {
    const now = this.now();
    const trace = this.#options.telemetry?.carrier();
    const events = inputs.map((input) => toRunEvent(input, now, trace));
    const starts = events.flatMap((event) => startsOf(this.#known.triggers, event, now));
    return { events, starts, matches: (candidate, event) => matchesWait(candidate, event, now) };
  }

  /** Does what sends or starts something, in a span if there is telemetry. */
  #traced<T>(
    what: "send" | "start",
    targets: () => readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    const { telemetry } = this.#options;
    return telemetry === undefined ? work() : telemetry.sending(what, targets(), work);
  }

  #ingest(batch: EventBatch): Promise<readonly StartOutcome[]> {
    const ingested = this.store.ingest({ now: this.now(), ...batch });
    // Events may also wake runs, which only the store knows; to look for none in its commit costs next to nothing.
    this.#worker.expect();
    return ingested;
  }

  #invocation(
    functionId: string,
    { data, v, meta }: TriggerInput,
    invokedBy?: StartRequest["invokedBy"],
  ): StartRequest {
    const definition = this.#known.get(functionId);
    if (!definition) throw new LonghaulError("RUNS_UNKNOWN_FUNCTION", { function: functionId });
    const now = this.now();
    const trace = this.#options.telemetry?.carrier();
    const event: RunEvent = toRunEvent({ name: INVOKED_EVENT, data, v, meta }, now, trace);
    return createStartRequest(definition, [event], { now, invokedBy });
  }

  get #isQuiet(): boolean {
    return this.#writes === 0 && this.#worker.isQuiet && this.#dueTimes.isQuiet;
  }

  #noticeQuiet(): void {
    if (this.#quietListeners.length === 0 || !this.#isQuiet) return;
    const listeners = this.#quietListeners;
    this.#quietListeners = [];
    for (const listener of listeners) listener();
  }

  /** Counts a write among what has to end before it is quiet. */
  async #counted<T>(write: Promise<T>): Promise<T> {
    this.#writes++;
    try {
      return await write;
    } finally {
      this.#writes--;
      this.#noticeQuiet();
    }
  }

  #report(error: unknown): void {
    this.#options.onError?.(error);
  }
}

const isTransactional = (store: RunStore): store is TransactionalRunStore =>
  "ingestWithin" in store;
