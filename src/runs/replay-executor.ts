import { LonghaulError } from "../core/errors.ts";
import { realSetImmediate } from "../core/real-timers.ts";
import { Alarm } from "./alarm.ts";
import { Bodies } from "./bodies.ts";
import { Attempts } from "./attempts.ts";
import { never, refuse } from "./deferred.ts";
import { Departure } from "./departure.ts";
import type { FunctionDefinition, StepOptions } from "./definition.ts";
import { serializeError, toJsonText } from "./errors.ts";
import { MaxDuration } from "./max-duration.ts";
import { Patience, PATIENCE_MS } from "./patience.ts";
import { Results } from "./results.ts";
import { judge } from "./retry.ts";
import { endBatch, NO_EVENTS } from "./run-end.ts";
import type { ExecutionHost, Leave } from "./execution-host.ts";
import { ExecutionTrace } from "./execution-trace.ts";
import { RunContext, type StepCalls } from "./run-handle.ts";
import { RunWriter } from "./run-writer.ts";
import {
  type Arrival,
  type BodyCall,
  finalEntry,
  isAnswered,
  Step,
  type WaitingStep,
  type WaitPlan,
  type WritePlan,
} from "./step.ts";
import { changeOf } from "./step-change.ts";
import { StepKeys } from "./step-keys.ts";
import type { ClaimedRun, EventBatch, Held, HeldNews } from "./store/run-store.ts";
import { Turns } from "./turns.ts";
import type { JournalEntry, SerializedError, StepKind } from "./types.ts";
import { outcomeOf, SHORT_WAIT_MS, startsRuns, WaitingSteps } from "./waiting-steps.ts";

/** A run may take so many steps. */
export const MAX_STEPS = 10_000;

/**
 * One execution of a run, from its claim until it leaves this worker.
 *
 *   active ──► finished    the handler returned, or failed for good
 *          ──► suspended   every branch waits, or the code between steps is tried again later
 *          ──► released    the worker drains
 *          ──► lost        the lease is another's, or the run was canceled: nothing more is written
 *
 * The handler runs from the top. Steps with a result in the journal get it from there, in its order; others run at once,
 * inline, and go on when their entry is committed. Branches that wait are promises that never settle: when nothing else
 * is left to do, the run is stored as waiting and this object is forgotten.
 *
 * A live run keeps its object and its code when it is suspended: it is parked (live/live-runs.ts), and goes on where it
 * was when this worker claims the run again. What its code does meanwhile takes effect then.
 *
 * Results reach the handler one a turn (turns.ts), and only once they are committed: that, with the order of the
 * journal, is all that a replay needs to take the same way again.
 */
export class RunExecution implements StepCalls {
  #run: ClaimedRun;
  readonly #definition: FunctionDefinition;
  readonly #host: ExecutionHost;
  readonly #results: Results;
  #writer: RunWriter;
  readonly #patience: Patience;
  readonly #alarm: Alarm;
  readonly #bodies = new Bodies(this);
  readonly #keys = new StepKeys();
  readonly #waiting = new WaitingSteps();
  readonly #turns = new Turns(() => this.#endTurn());
  #leave: Leave | undefined;
  readonly #departure = new Departure();
  readonly #trace: ExecutionTrace;
  readonly #attempts: Attempts;
  readonly #isLive: boolean;
  /** Length of the JSON texts of all results that its code has got. */
  seenLength = 0;
  /** What the code of a parked run did. */
  #late: (() => void)[] = [];
  readonly #maxDuration: MaxDuration | undefined;
  #steps = 0;
  #isDraining = false;
  /** Whether the last result led to no call: others have to come, or the handler is busy with something else. */
  #isQuiet = false;
  #isResting = false;

  constructor(
    run: ClaimedRun,
    definition: FunctionDefinition,
    host: ExecutionHost,
    patienceMs = PATIENCE_MS,
  ) {
    this.#run = run;
    this.#definition = definition;
    this.#host = host;
    this.#isLive = definition.executor === "live";
    this.#attempts = new Attempts(definition, run);
    this.#results = new Results(run.journal);
    this.#trace = new ExecutionTrace(host.telemetry);
    this.#writer = this.#createWriter();
    this.#patience = new Patience(patienceMs, () => this.#losePatience());
    this.#alarm = new Alarm(host.clock, () => this.#proceed());
    const limitMs = run.details?.maxDurationMs;
    if (limitMs !== undefined)
      this.#maxDuration = new MaxDuration(host.clock, limitMs, (error) =>
        this.fail(error, "timedOut"),
      );
  }

  get run(): ClaimedRun {
    return this.#run;
  }

  /** Attempts made of the code before this one, since a step last finished. */
  get attempt(): number {
    return this.#attempts.count;
  }

  get maxAttempts(): number {
    return this.#attempts.max;
  }

  get isReplaying(): boolean {
    return this.#results.isReplaying;
  }

  get signal(): AbortSignal {
    return this.#departure.signal(this.#leave === "lost");
  }

  /** How it ended, or is about to. */
  get leave(): Leave | undefined {
    return this.#leave;
  }

  /** Whether there is nothing to do until a time that is near, or news, come. */
  get isResting(): boolean {
    return this.#isResting && this.#leave === undefined;
  }

  /** Whether it has left, and goes on here if its run is claimed again at the next generation. */
  get isParked(): boolean {
    return this.#isLive && this.#leave === "suspended" && !this.#attempts.isOver;
  }

  onLeave(listener: () => void): void {
    this.#departure.onLeave(listener);
  }

  /** The run that was suspended here is claimed again: its code goes on. */
  resume(claimed: ClaimedRun): void {
    this.#run = { ...this.#run, generation: claimed.generation };
    this.#trace.begin(this.#run);
    this.#writer = this.#createWriter();
    this.#leave = undefined;
    this.#isQuiet = false;
    this.#maxDuration?.start();
    for (const entry of claimed.journal)
      if (entry.state === "pending" && isAnswered(entry)) this.#answer(entry);
    for (const action of this.#late.splice(0)) action();
    this.#turns.begin();
  }

  /** Its code is forgotten: there is no room for it, the run has ended, or others have taken it. */
  evict(): void {
    this.#leave = "lost";
    this.#late = [];
    this.#departure.abandon();
  }

  /** Calls the handler. */
  start(): void {
    this.#maxDuration?.start();
    this.#turns.begin();
    this.#trace.begin(this.#run);
    let result: unknown;
    try {
      const handle = new RunContext(this, this.#host);
      result = this.#trace.within(() => this.#definition.handler(handle));
    } catch (error) {
      this.#threw(error);
      return;
    }
    Promise.resolve(result).then(
      (value) => this.#returned(value),
      (error: unknown) => this.#threw(error),
    );
  }

  /** The run has failed, whatever its code makes of it. */
  fail(error: unknown, state: "failed" | "timedOut" = "failed"): void {
    if (this.#leave !== undefined) return;
    this.#finish(state, undefined, serializeError(error));
    this.#departure.abandon();
  }

  /** Takes no further step: what runs is finished, then the run is given back. */
  drain(): void {
    this.#isDraining = true;
    this.#bodies.drain();
    this.#proceed();
  }

  /** Gives the run back now; what its bodies come to is lost, and they run again elsewhere. */
  release(): void {
    if (this.#leave !== undefined) return;
    const fence = this.#writer.fence();
    this.#end("released", () => this.#host.store.release(fence));
    this.#departure.abandon();
  }

  /** The lease is another's, or the run has ended: nothing that happens here counts any more. */
  lose(): void {
    if (this.#leave !== undefined) return;
    this.#leave = "lost";
    this.#trace.end("lost");
    this.#writer.close();
    this.#stopTimers();
    this.#departure.abandon();
    this.#host.lost();
    this.#host.left(this);
  }

  /** Takes in what others did to the run. */
  hear(news: HeldNews): void {
    if (news.generation !== this.run.generation) return;
    if (!news.held) {
      this.lose();
      return;
    }
    for (const entry of news.answered) this.#answer(entry);
    this.#proceed();
  }

  callBody(
    id: string,
    kind: StepKind,
    body: (attempt: number) => unknown,
    options: StepOptions,
  ): Promise<unknown> {
    const step = this.#begin(id, kind, options.args);
    if (step instanceof Promise) return step;
    const call = { step, body: this.#trace.bodyOf(step, this.#run.id, body), options };
    this.#whenHeld(() => {
      const entry = this.#meet(step);
      if (entry === undefined) this.startBody(call, 0);
      else if (entry !== "known") this.#waitForRetry(call, entry.attempt, entry.dueAt ?? 0);
    });
    return step.promise;
  }

  callWait(
    id: string,
    kind: StepKind,
    plan: (key: string) => WaitPlan,
    decode?: (data: unknown) => unknown,
    args?: string,
  ): Promise<unknown> {
    const step = this.#begin(id, kind, args);
    if (step instanceof Promise) return step;
    step.decode = decode;
    this.#whenHeld(() => {
      if (step.scope && this.#waiting.adopt(step)) return;
      const entry = this.#meet(step);
      if (entry === undefined) {
        this.#try(step, () => this.#waiting.add({ step, attempt: 0, ...plan(step.key) }, false));
      } else if (entry !== "known") {
        const { attempt, dueAt = Infinity } = entry;
        const answer = isAnswered(entry) ? entry : undefined;
        this.#waiting.add({ step, attempt, dueAt, answer }, true);
      }
    });
    return step.promise;
  }

  callWrite(id: string, kind: StepKind, prepare: () => WritePlan, args?: string): Promise<unknown> {
    const step = this.#begin(id, kind, args);
    if (step instanceof Promise) return step;
    this.#whenHeld(() => {
      if (this.#meet(step) === "known") return;
      this.#try(step, () => {
        const { data, batch, effect } = prepare();
        // They may be what another branch waits for, or bring it.
        if (this.#waiting.isListeningUnsaved) this.#storeWaits();
        this.#conclude([{ step, entry: this.#done(step, 1, data), effect }], batch);
      });
    });
    return step.promise;
  }

  bodyReturned(call: BodyCall, attempts: number, value: unknown): void {
    if (this.#isTooLate(() => this.bodyReturned(call, attempts, value))) return;
    const { step } = call;
    let data: string;
    try {
      data = toJsonText(value, `The result of step ${step.key}`);
    } catch (error) {
      this.#failStep(step, attempts, error);
      return;
    }
    this.#conclude([{ step, entry: this.#done(step, attempts, data) }]);
  }

  bodyThrew(call: BodyCall, attempts: number, thrown: unknown): void {
    if (this.#isTooLate(() => this.bodyThrew(call, attempts, thrown))) return;
    const { step, options } = call;
    const { delayMs, error } = judge(this.#definition, thrown, attempts, options);
    if (delayMs === undefined) {
      this.#failStep(step, attempts, error);
      return;
    }
    const { key, kind, args } = step;
    const at = this.#host.clock.now();
    const dueAt = at + delayMs;
    const failure = { attempt: attempts, error: serializeError(error), dueAt, at };
    const entry: JournalEntry = { key, kind, args, state: "retry", ...failure };
    this.#writer.append([{ entry }], false, undefined, () =>
      this.#waitForRetry(call, attempts, dueAt),
    );
  }

  get #isBusy(): boolean {
    return this.#bodies.isBusy || this.#writer.pending > 0 || this.#turns.isRunning;
  }

  #createWriter(): RunWriter {
    const { store, clock } = this.#host;
    return new RunWriter(this.#run, {
      store,
      clock,
      keepsAttempt: this.#attempts.isWhole,
      lost: () => this.lose(),
      written: () => this.#proceed(),
      report: (error) => this.#host.report(error),
    });
  }

  /** Does what a call asks for: now, or once the run is held again. */
  #whenHeld(action: () => void): void {
    if (this.#leave === undefined) action();
    else this.#late.push(this.#trace.bind(action));
  }

  /** Whether the code does something that does not count any more, or not yet: then `again` is called in its time. */
  #isTooLate(again: () => void): boolean {
    if (this.#leave === undefined) return false;
    this.#goOnLate();
    if (this.isParked) this.#late.push(again);
    return true;
  }

  #meet(step: Step): JournalEntry | "known" | undefined {
    const entry = step.scope?.known.get(step.key);
    if (entry === undefined) return this.#results.meet(step);
    this.#arrive({ step, entry });
    return "known";
  }

  #answer(entry: JournalEntry): void {
    if (!this.#waiting.answer(entry)) this.#results.update(entry);
  }

  /** A call that cannot be done is a step that failed. */
  #try(step: Step, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failStep(step, 1, error);
    }
  }

  /** Begins a step, or gives what the call has to get instead. */
  #begin(id: string, kind: StepKind, args?: string): Step | Promise<never> {
    if (this.#leave !== undefined || this.#attempts.isOver) {
      this.#goOnLate();
      if (!this.isParked) return never();
    }
    if (this.#bodies.isInside) return refuse(new LonghaulError("RUNS_NESTED_STEP", { step: id }));
    if (++this.#steps > MAX_STEPS) {
      const error = new LonghaulError("RUNS_TOO_MANY_STEPS", { step: id, limit: MAX_STEPS });
      this.#whenHeld(() => this.fail(error));
      return never();
    }
    this.#turns.begin();
    this.#isQuiet = false;
    this.#isResting = false;
    const scope = this.#bodies.group;
    const key = scope ? scope.next(id) : this.#keys.next(id);
    const change = changeOf(this.#results.knownOf(key), kind, args);
    if (change) {
      const error = new LonghaulError("RUNS_STEP_CHANGED", { step: key, ...change });
      this.#whenHeld(() => this.fail(error));
      return never();
    }
    scope?.began();
    return new Step(key, kind, args, scope);
  }

  startBody(call: BodyCall, attempts: number): void {
    if (this.#leave !== undefined) return;
    // What the body does may bring what another branch waits for.
    if (this.#waiting.isListeningUnsaved && !this.#isDraining) this.#storeWaits();
    this.#bodies.start(call, attempts);
  }

  #waitForRetry(call: BodyCall, attempt: number, dueAt: number): void {
    const retry = (): void => this.startBody(call, attempt);
    this.#waiting.add({ step: call.step, attempt, dueAt, retry }, true);
  }

  #failStep(step: Step, attempts: number, error: unknown): void {
    const at = this.#host.clock.now();
    const entry = finalEntry(step, { attempt: attempts, at, error: serializeError(error) });
    this.#conclude([{ step, entry }]);
  }

  #done(step: Step, attempt: number, data?: string): JournalEntry {
    return finalEntry(step, { attempt, at: this.#host.clock.now(), data });
  }

  /** Commits results and then hands them out. */
  #conclude(arrivals: readonly Arrival[], batch?: EventBatch): void {
    const resets = this.#attempts.takeReset();
    this.#writer.append(arrivals, resets, batch, (filled) => {
      if (resets) this.#attempts.wasReset();
      let effects = 0;
      for (const { step, entry, effect } of arrivals)
        this.#arrive({ step, entry: effect ? { ...entry, data: filled[effects++] } : entry });
    });
  }

  #arrive(arrival: Arrival): void {
    if (this.#results.arrive(arrival, !this.#turns.isRunning)) this.#handOut(arrival);
    else this.#turns.begin();
  }

  #handOut({ step, entry }: Arrival): void {
    this.#turns.begin();
    this.#isQuiet = true;
    this.#isResting = false;
    this.#patience.reset();
    if (entry.data !== undefined) this.seenLength += entry.data.length;
    step.settle(entry);
  }

  /** The handler has come to rest: hands out the next result, or sees what there is to wait for. */
  #endTurn(): void {
    if (this.#leave !== undefined) return;
    const next = this.#attempts.isOver ? undefined : this.#results.next();
    if (next === "held back") this.#patience.start();
    else if (next) this.#handOut(next);
    else this.#proceed();
  }

  /** Unless the handler is running: goes on with what is ready, or waits, in memory or in the store. */
  #proceed(): void {
    if (this.#leave !== undefined || this.#turns.isRunning) return;
    this.#isResting = false;
    if (this.#attempts.isOver) {
      if (!this.#isBusy) this.#suspend();
      return;
    }
    const now = this.#host.clock.now();
    if (this.#waiting.isReady(now)) this.#goOn(this.#waiting.takeReady(now));
    else if (this.#isBusy) this.#waitInMemory();
    else if (this.#bodies.isBlocked) this.release();
    else if (this.#waiting.size > 0) realSetImmediate(this.#rest);
  }

  /** Results, and further attempts, of steps whose answer or time has come. */
  #goOn(ready: readonly WaitingStep[]): void {
    const now = this.#host.clock.now();
    const arrivals: Arrival[] = [];
    for (const waiting of ready) {
      if (waiting.retry) waiting.retry();
      else arrivals.push({ step: waiting.step, entry: outcomeOf(waiting, now) });
    }
    if (arrivals.length > 0) this.#conclude(arrivals);
    this.#proceed();
  }

  /** Every branch waits: for a moment, in memory; for longer, in the store. */
  readonly #rest = (): void => {
    if (this.#leave !== undefined || this.#isBusy || this.#waiting.size === 0) return;
    const now = this.#host.clock.now();
    const isShort = this.#waiting.earliest - now < SHORT_WAIT_MS && !this.#isDraining;
    // What live code is busy with goes on when the run is suspended.
    const mayBeBusyElsewhere = (this.#isQuiet && !this.#isLive) || this.#results.hasGap;
    if (this.#attempts.isOver || this.#waiting.isReady(now)) this.#proceed();
    else if (isShort) {
      this.#waitInMemory();
      this.#isResting = !this.#isBusy;
      if (this.#isResting) this.#host.rested();
    } else if (mayBeBusyElsewhere && !this.#patience.isLost) {
      this.#waitInMemory();
      this.#patience.start();
    } else this.#suspend();
  };

  #losePatience(): void {
    if (this.#leave !== undefined) return;
    this.#results.giveUpGap();
    if (!this.#turns.isRunning) this.#endTurn();
  }

  #waitInMemory(): void {
    this.#storeWaits();
    this.#alarm.set(this.#waiting.earliest);
  }

  /** Stores what waits, while the run goes on. */
  #storeWaits(): void {
    const isListening = this.#waiting.isListeningUnsaved;
    const writes = this.#waiting.takeUnsaved(this.#host.clock.now(), "lasting");
    if (writes.length === 0) return;
    if (isListening) this.#bodies.hold();
    this.#writer.append(writes, false, undefined, () => {
      if (isListening) this.#bodies.letGo();
    });
  }

  #returned(value: unknown): void {
    if (this.#isTooLate(() => this.#returned(value))) return;
    let output: string;
    try {
      output = toJsonText(
        value,
        `The output of run ${this.run.id}`,
        this.#definition.maxOutputBytes,
      );
    } catch (error) {
      this.#threw(error);
      return;
    }
    this.#finish("completed", output, undefined);
  }

  #threw(thrown: unknown): void {
    if (this.#isTooLate(() => this.#threw(thrown))) return;
    const end = this.#attempts.threw(thrown, this.#host.clock.now());
    if (end) this.#finish("failed", undefined, serializeError(end.error));
    // Bodies that run finish first: their results count.
    else this.#proceed();
  }

  /** The handler does something after it was thought to wait. */
  #goOnLate(): void {
    if (this.#leave === "suspended" && !this.#attempts.isOver) this.#host.revived(this);
  }

  #finish(
    state: "completed" | "failed" | "timedOut",
    output: string | undefined,
    error: SerializedError | undefined,
  ): void {
    const { id: runId, functionId, events, details } = this.run;
    const end = { runId, functionId, events, state, output, error };
    const batch = this.#trace.within(() => endBatch(this.#definition, end, this.#host));
    const finish = { ...this.#writer.fence(), state, output, error, ...(batch ?? NO_EVENTS) };
    this.#trace.end(state, error);
    const isChild = details?.parentRunId !== undefined;
    this.#end("finished", () => this.#host.store.finish(finish), isChild);
    // Losers of a race need not go on.
    if (this.#bodies.isBusy) this.#departure.abort();
  }

  #suspend(): void {
    const fence = this.#writer.fence();
    const { isOver, isWhole, retryAt, count: attempt } = this.#attempts;
    const endsAttempt = isOver && isWhole;
    const writes = endsAttempt
      ? this.#attempts.endWrites(this.#waiting.takeAll(), fence.now)
      : this.#waiting.takeUnsaved(fence.now, "all");
    const { earliest } = this.#waiting;
    const dueAt = retryAt ?? (earliest === Infinity ? undefined : earliest);
    const suspend = { ...fence, writes, dueAt, attempt };
    this.#end("suspended", () => this.#host.store.suspend(suspend), writes.some(startsRuns));
    if (endsAttempt) this.#departure.abandon();
    else if (!this.#isLive) this.#departure.tell();
  }

  /** Leaves with a last write, which may bring something into the line. */
  #end(how: Leave, write: () => Promise<Held>, bringsWork = false): void {
    this.#leave = how;
    this.#trace.end(how);
    this.#stopTimers();
    this.#writer.end(write, (isHeld) => {
      if (!isHeld && this.isParked) this.evict();
      this.#host.left(this);
    });
    this.#host.leaving(this, bringsWork);
  }

  #stopTimers(): void {
    this.#maxDuration?.stop();
    this.#alarm.set(Infinity);
    this.#patience.reset();
  }
}
