import { isLonghaulError, LonghaulError } from "../core/errors.ts";
import { monotonicNow, realSetTimeout } from "../core/real-timers.ts";
import type { FunctionDefinition } from "./definition.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { LiveRuns, type LiveRunsOptions } from "./live/live-runs.ts";
import { PATIENCE_MS } from "./patience.ts";
import type { ExecutionHost } from "./execution-host.ts";
import { RunExecution } from "./replay-executor.ts";
import type { ClaimedRun, HeldNews, RunKey, RunStore } from "./store/run-store.ts";

/** What a {@link Worker} needs from the engine around it. */
export interface WorkerHost extends Pick<
  ExecutionHost,
  "store" | "clock" | "telemetry" | "batch" | "invocation" | "starts" | "report"
> {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  /** Something began or ended: whoever waits for quiet looks again. */
  changed(): void;
}

/** How a {@link Worker} works. */
export interface WorkerOptions {
  /** How many runs it executes at once. */
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly liveRuns?: LiveRunsOptions | undefined;
}

/** A run that loses its holder so often without finishing a step ends as RUN_CRASHED. */
export const MAX_LOSSES = 3;
/** How long after a claim that the store refused there is another. */
const CLAIM_RETRY_MS = 250;
/** How much longer than it took the last time a handler is given for something that is no step. */
const PATIENCE_FACTOR = 4;
const LEARNED_PATIENCE_MS = 1_000;
const MAX_LEARNED = 10_000;
const CHECK_PARKED_MS = 1_000;
const WAKE_RETRY_MS = 250;

/**
 * Claims runs and holds their executions.
 *
 *   stopped ──► working ──► draining ──► stopped
 *
 * A place is free again as soon as its execution asks for its last write, so that the next claim shares its commit.
 */
export class Worker implements ExecutionHost {
  readonly store: RunStore;
  readonly clock: ExecutionHost["clock"];
  readonly telemetry: ExecutionHost["telemetry"];
  readonly #host: WorkerHost;
  readonly #options: WorkerOptions;
  readonly #leases: LeaseKeeper;
  readonly #held = new Map<RunKey, RunExecution>();
  readonly #live: LiveRuns;
  /** Wake-ups of live runs that are being written. */
  #waking = 0;
  readonly #isWoken = new WeakSet<RunExecution>();
  #cancelCheck: (() => void) | undefined;
  /** Executions that are going on; those in `#held` besides are writing their last. */
  #active = 0;
  #isWorking = false;
  #isClaiming = false;
  #isPumpQueued = false;
  /** Whether the last look at the line was before something came into it. */
  #mayFind = false;
  #isExpecting = false;
  /** News of runs whose claim is committed, and is not known here yet. */
  #early: HeldNews[] = [];
  /** How long handlers were busy with something that is no step, by run, ms. */
  readonly #learned = new Map<RunKey, number>();
  readonly #leftAt = new WeakMap<RunExecution, number>();
  #emptied: (() => void) | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(host: WorkerHost, options: WorkerOptions, leases: LeaseKeeper) {
    this.#host = host;
    this.#options = options;
    this.#leases = leases;
    this.#live = new LiveRuns(options.liveRuns);
    this.store = host.store;
    this.clock = host.clock;
    this.telemetry = host.telemetry;
  }

  /** Whether nothing is claimed, and every run it holds waits for a time or for others. */
  get isQuiet(): boolean {
    if (this.#waking > 0) return false;
    if (this.#isClaiming || (this.#isWorking && this.#mayFind && this.#free > 0)) return false;
    for (const execution of this.#held.values()) if (!execution.isResting) return false;
    return true;
  }

  start(): void {
    this.#isWorking = true;
    this.look();
  }

  /** Something may have come into the line. Claims in this turn of the event loop, if there is a place free. */
  look(): void {
    this.#mayFind = true;
    this.#pumpSoon();
  }

  /** A write that was asked for in this turn brings something into the line: claims it in the same commit. */
  expect(): void {
    this.#isExpecting = true;
    this.look();
  }

  /** Its places for runs, and how many of them are taken. */
  get slots(): { readonly busy: number; readonly total: number } {
    return { busy: this.#active, total: this.#options.concurrency };
  }

  /** How many live runs wait in memory. */
  get parkedCount(): number {
    return this.#live.size;
  }

  /** Runs have ended, by whoever's will. */
  ended(runIds: Iterable<string>): void {
    this.#live.ended(runIds);
  }

  /** Other processes have committed: live runs that wait here may be theirs, or over. Looks soon. */
  checkParked(): void {
    if (this.#live.size === 0 || !this.#isWorking) return;
    this.#cancelCheck ??= this.clock.after(CHECK_PARKED_MS, () => {
      this.#cancelCheck = undefined;
      this.#live.check(this.store).catch(this.report);
    });
  }

  /** Tells executions what others did to their runs. */
  hear(news: readonly HeldNews[]): void {
    for (const item of news) {
      const execution = this.#held.get(item.run);
      if (execution) execution.hear(item);
      if (this.#isClaiming) this.#early.push(item);
    }
  }

  /**
   * Claims nothing more, and resolves when nothing is held: bodies that run are finished, their runs given back. After
   * `timeoutMs` they are given back as they are.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#isWorking = false;
    this.#cancelCheck?.();
    this.#live.close();
    clearTimeout(this.#retryTimer);
    for (const execution of [...this.#held.values()]) execution.drain();
    if (this.#isEmpty) return;
    const cancel = this.clock.after(timeoutMs, () => {
      for (const execution of [...this.#held.values()]) execution.release();
    });
    await new Promise<void>((resolve) => (this.#emptied = resolve));
    cancel();
  }

  batch: ExecutionHost["batch"] = (events) => this.#host.batch(events);
  invocation: ExecutionHost["invocation"] = (...args) => this.#host.invocation(...args);
  starts: ExecutionHost["starts"] = (...args) => this.#host.starts(...args);
  report: ExecutionHost["report"] = (error) => this.#host.report(error);

  leaving(execution: RunExecution, bringsWork: boolean): void {
    this.#active--;
    if (bringsWork && this.#isWorking) this.expect();
    if (execution.isParked) this.#live.park(execution);
    else if (execution.leave === "suspended") this.#leftAt.set(execution, monotonicNow());
    this.#pumpSoon();
  }

  left(execution: RunExecution): void {
    const { key } = execution.run;
    if (execution.leave === "lost") this.#live.drop(execution);
    if (execution.leave === "finished") this.#learned.delete(key);
    this.#leases.remove(execution);
    // It may be held again, by another execution.
    if (this.#held.get(key) === execution) this.#held.delete(key);
    if (execution.isParked && this.#isWoken.has(execution)) this.#wake(execution);
    this.#pumpSoon();
    this.#host.changed();
    if (this.#isEmpty) this.#emptied?.();
  }

  lost(): void {
    this.#active--;
  }

  rested(): void {
    this.#host.changed();
  }

  revived(execution: RunExecution): void {
    if (!execution.isParked) this.#learn(execution);
    else if (!this.#isWoken.has(execution)) {
      this.#isWoken.add(execution);
      // Its suspension may have to be written again, and must be there first.
      if (this.#held.get(execution.run.key) !== execution) this.#wake(execution);
    }
  }

  /** A run that went on beside its waits is claimed again as soon as there is a place. */
  #wake({ run: { key: run, generation } }: RunExecution): void {
    this.#waking++;
    const settled = (): void => {
      this.#waking--;
      this.#host.changed();
    };
    const wake = (): void =>
      void this.store.wake({ now: this.clock.now(), run, generation }).then(settled, (error) => {
        if (isLonghaulError(error) && error.retryable) realSetTimeout(wake, WAKE_RETRY_MS);
        else {
          this.report(error);
          settled();
        }
      });
    wake();
  }

  #learn(execution: RunExecution): void {
    const leftAt = this.#leftAt.get(execution);
    if (leftAt === undefined) return;
    this.#leftAt.delete(execution);
    const { key: run, generation } = execution.run;
    if (this.#learned.size >= MAX_LEARNED) this.#learned.clear();
    const tookMs = PATIENCE_MS + monotonicNow() - leftAt;
    this.#learned.set(run, Math.max(LEARNED_PATIENCE_MS, tookMs * PATIENCE_FACTOR));
    this.store.wake({ now: this.clock.now(), run, generation }).catch(this.report);
  }

  get #free(): number {
    return this.#options.concurrency - this.#active;
  }

  get #isEmpty(): boolean {
    return this.#held.size === 0 && !this.#isClaiming;
  }

  /** Late in this turn, so that one claim fills all places that come free in it. */
  #pumpSoon(): void {
    if (this.#isPumpQueued || !this.#isWorking || !this.#mayFind) return;
    this.#isPumpQueued = true;
    process.nextTick(this.#pump);
  }

  readonly #pump = (): void => {
    this.#isPumpQueued = false;
    if (!this.#isWorking || !this.#mayFind || this.#isClaiming) return;
    const limit = this.#free;
    if (limit <= 0) return;
    const functionIds = [...this.#host.functions.keys()];
    if (functionIds.length === 0) {
      // Whoever registers some looks again.
      this.#mayFind = false;
      return;
    }
    const isExpected = this.#isExpecting;
    this.#isClaiming = true;
    this.#mayFind = false;
    this.#isExpecting = false;
    const { leaseMs } = this.#options;
    const isParked = this.#live.size > 0 ? this.#live.reserve : undefined;
    const claim = { now: this.clock.now(), functionIds, limit, leaseMs, isExpected, isParked };
    this.store.claim(claim).then(
      (runs) => {
        this.#isClaiming = false;
        if (runs.length === limit) this.#mayFind = true;
        this.#take(runs);
      },
      (error: unknown) => {
        this.#isClaiming = false;
        this.#early = [];
        this.#live.unreserve();
        this.report(error);
        this.#lookAgain();
        this.#host.changed();
        if (this.#isEmpty) this.#emptied?.();
      },
    );
  };

  /** What is in the line was announced already, and may be the last to be announced for long. */
  #lookAgain(): void {
    if (!this.#isWorking) return;
    this.#mayFind = true;
    this.#retryTimer ??= realSetTimeout(() => {
      this.#retryTimer = undefined;
      this.#pumpSoon();
    }, CLAIM_RETRY_MS);
  }

  #take(runs: readonly ClaimedRun[]): void {
    const early = this.#early;
    if (early.length > 0) this.#early = [];
    for (const run of runs) this.#execute(run);
    if (early.length > 0) this.hear(early);
    this.#pumpSoon();
    this.#host.changed();
    if (this.#isEmpty) this.#emptied?.();
  }

  #execute(run: ClaimedRun): void {
    // Its lease was lost without our hearing of it, and is ours again.
    this.#held.get(run.key)?.lose();
    const parked = this.#live.take(run);
    if (parked === "over") return;
    if (parked) {
      this.#hold(parked);
      this.#isWoken.delete(parked);
      parked.resume(run);
      return;
    }
    const definition = this.#host.functions.get(run.functionId);
    const execution = new RunExecution(run, definition ?? GONE, this, this.#learned.get(run.key));
    this.#hold(execution);
    if (!this.#isWorking || !definition) execution.release();
    else if (run.losses >= MAX_LOSSES) {
      execution.fail(new LonghaulError("RUN_CRASHED", { run: run.id, losses: run.losses }));
    } else execution.start();
  }

  #hold(execution: RunExecution): void {
    this.#held.set(execution.run.key, execution);
    this.#leases.add(execution);
    this.#active++;
  }
}

/** Stands for a function that was taken away between the claim and its answer. */
const GONE: FunctionDefinition = {
  id: "",
  triggers: [],
  retries: 0,
  backoff: () => 0,
  handler: () => Promise.reject(new LonghaulError("RUNS_UNKNOWN_FUNCTION", { function: "" })),
};
