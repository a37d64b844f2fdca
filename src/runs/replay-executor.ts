import type { Clock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";
import { realSetImmediate } from "../core/real-timers.ts";
import { Alarm } from "./alarm.ts";
import { Bodies } from "./bodies.ts";
import { never } from "./deferred.ts";
import { type FunctionDefinition, StepError, type StepOptions } from "./definition.ts";
import { serializeError, toJsonText } from "./errors.ts";
import { Patience, PATIENCE_MS } from "./patience.ts";
import { Results } from "./results.ts";
import { retryDelayMs } from "./retry.ts";
import { endBatch } from "./run-end.ts";
import { RunContext, type StepCalls, type StepHost } from "./run-handle.ts";
import { RunWriter } from "./run-writer.ts";
import { type Arrival, type BodyCall, Step, type WaitingStep, type WaitPlan } from "./step.ts";
import { StepKeys } from "./step-keys.ts";
import type { ClaimedRun, EventBatch, Held, HeldNews, RunStore } from "./store/run-store.ts";
import { Turns } from "./turns.ts";
import type { JournalEntry, SerializedError, StepKind } from "./types.ts";
import { SHORT_WAIT_MS, WaitingSteps } from "./waiting-steps.ts";

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
 * Results reach the handler one a turn (turns.ts), and only once they are committed: that, with the order of the
 * journal, is all that a replay needs to take the same way again.
 */
export type Leave = "finished" | "suspended" | "released" | "lost";

/** What an execution needs from the worker around it. */
export interface ExecutionHost extends StepHost {
  readonly store: RunStore;
  readonly clock: Clock;
  /** The execution ends with the write it has just asked for: its place may be given away in the same commit. */
  leaving(execution: RunExecution): void;
  /** That write is committed, or the lease was lost. */
  left(execution: RunExecution): void;
  /** Nothing is left to do until a time that is near. */
  rested(): void;
  /** The handler of a suspended run went on: it was busy with something that is no step. */
  revived(execution: RunExecution): void;
  /** Takes what failed and has no other place to show. */
  report(error: unknown): void;
}

/** A run may take so many steps. */
export const MAX_STEPS = 10_000;
const NO_EVENTS: EventBatch = { events: [], starts: [], matches: () => false };

/** Runs the handler of one claimed run. */
export class RunExecution implements StepCalls {
  readonly run: ClaimedRun;
  readonly #definition: FunctionDefinition;
  readonly #host: ExecutionHost;
  readonly #results: Results;
  readonly #writer: RunWriter;
  readonly #patience: Patience;
  readonly #alarm: Alarm;
  readonly #bodies = new Bodies(this);
  readonly #keys = new StepKeys();
  readonly #waiting = new WaitingSteps();
  readonly #turns = new Turns(() => this.#endTurn());
  #leave: Leave | undefined;
  readonly #leaveListeners: (() => void)[] = [];
  #abort: AbortController | undefined;
  #attempt: number;
  #resetsAttempt: boolean;
  /** When a handler that has thrown is tried again. */
  #retryAt: number | undefined;
  #steps = 0;
  #isDraining = false;
  /** Bodies that were not started because of draining. */
  #blocked = 0;
  /** Waits for events and signals that are being stored, and bodies that hold back until they are. */
  #listening = 0;
  #heldBack: (() => void)[] = [];
  /** Whether the last result led to no call: others have to come, or the handler is busy with something else. */
  #isQuiet = false;
  #isResting = false;

  constructor(
    run: ClaimedRun,
    definition: FunctionDefinition,
    host: ExecutionHost,
    patienceMs = PATIENCE_MS,
  ) {
    this.run = run;
    this.#definition = definition;
    this.#host = host;
    this.#results = new Results(run.journal);
    this.#writer = new RunWriter(run, {
      store: host.store,
      clock: host.clock,
      lost: () => this.lose(),
      written: () => this.#proceed(),
      report: (error) => host.report(error),
    });
    this.#patience = new Patience(patienceMs, () => this.#losePatience());
    this.#alarm = new Alarm(host.clock, () => this.#proceed());
    this.#attempt = run.attempt;
    this.#resetsAttempt = run.attempt > 0 || run.losses > 0;
  }

  /** Attempts made of the code before this one, since a step last finished. */
  get attempt(): number {
    return this.#attempt;
  }

  get maxAttempts(): number {
    return this.#definition.retries + 1;
  }

  get isReplaying(): boolean {
    return this.#results.isReplaying;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#leave === "lost") this.#abort.abort();
    return this.#abort.signal;
  }

  /** How it ended, or is about to. */
  get leave(): Leave | undefined {
    return this.#leave;
  }

  /** Whether there is nothing to do until a time that is near, or news, come. */
  get isResting(): boolean {
    return this.#isResting && this.#leave === undefined;
  }

  onLeave(listener: () => void): void {
    this.#leaveListeners.push(listener);
  }

  /** Calls the handler. */
  start(): void {
    this.#turns.begin();
    let result: unknown;
    try {
      result = this.#definition.handler(new RunContext(this, this.#host));
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
  fail(error: unknown): void {
    if (this.#leave !== undefined) return;
    this.#finish("failed", undefined, serializeError(error));
    this.#abandon();
  }

  /** Takes no further step: what runs is finished, then the run is given back. */
  drain(): void {
    this.#isDraining = true;
    this.#proceed();
  }

  /** Gives the run back now; what its bodies come to is lost, and they run again elsewhere. */
  release(): void {
    if (this.#leave !== undefined) return;
    const fence = this.#writer.fence();
    this.#end("released", () => this.#host.store.release(fence));
    this.#abandon();
  }

  /** The lease is another's, or the run has ended: nothing that happens here counts any more. */
  lose(): void {
    if (this.#leave !== undefined) return;
    this.#leave = "lost";
    this.#writer.close();
    this.#stopTimers();
    this.#abandon();
    this.#host.left(this);
  }

  /** Takes in what others did to the run. */
  hear(news: HeldNews): void {
    if (news.generation !== this.run.generation) return;
    if (!news.held) {
      this.lose();
      return;
    }
    for (const entry of news.answered)
      if (!this.#waiting.answer(entry)) this.#results.update(entry);
    this.#proceed();
  }

  callBody(
    id: string,
    kind: StepKind,
    body: (attempt: number) => unknown,
    options: StepOptions,
  ): Promise<unknown> {
    const step = this.#begin(id, kind);
    if (step instanceof Promise) return step;
    const call: BodyCall = { step, body, options };
    const entry = this.#results.meet(step);
    if (entry === undefined) this.#startBody(call, 0);
    else if (entry !== "known") this.#waitForRetry(call, entry.attempt, entry.dueAt ?? 0);
    return step.promise;
  }

  callWait(
    id: string,
    kind: StepKind,
    plan: (key: string) => WaitPlan,
    decode?: (data: unknown) => unknown,
  ): Promise<unknown> {
    const step = this.#begin(id, kind);
    if (step instanceof Promise) return step;
    step.decode = decode;
    const entry = this.#results.meet(step);
    if (entry === undefined) {
      try {
        this.#waiting.add({ step, attempt: 0, ...plan(step.key) }, false);
      } catch (error) {
        this.#failStep(step, 1, error);
      }
    } else if (entry !== "known") {
      const { attempt, dueAt = Infinity, data, error } = entry;
      const answer = data === undefined && error === undefined ? undefined : entry;
      this.#waiting.add({ step, attempt, dueAt, answer }, true);
    }
    return step.promise;
  }

  callSend(id: string, prepare: () => EventBatch): Promise<unknown> {
    const step = this.#begin(id, "send");
    if (step instanceof Promise) return step;
    if (this.#results.meet(step) !== "known") {
      try {
        const batch = prepare();
        // They may be what another branch waits for.
        if (this.#waiting.isListeningUnsaved) this.#storeWaits();
        const data = JSON.stringify(batch.events.map((event) => event.id));
        this.#conclude([{ step, entry: this.#final(step, 1, data) }], batch);
      } catch (error) {
        this.#failStep(step, 1, error);
      }
    }
    return step.promise;
  }

  bodyReturned({ step }: BodyCall, attempts: number, value: unknown): void {
    if (this.#leave !== undefined) return;
    let data: string;
    try {
      data = toJsonText(value, `The result of step ${step.key}`);
    } catch (error) {
      this.#failStep(step, attempts, error);
      return;
    }
    this.#conclude([{ step, entry: this.#final(step, attempts, data) }]);
  }

  bodyThrew(call: BodyCall, attempts: number, error: unknown): void {
    if (this.#leave !== undefined) return;
    const { step, options } = call;
    const delayMs = retryDelayMs(this.#definition, error, attempts, options);
    if (delayMs === undefined) {
      this.#failStep(step, attempts, error);
      return;
    }
    const { key, kind } = step;
    const at = this.#host.clock.now();
    const dueAt = at + delayMs;
    const failure = { attempt: attempts, error: serializeError(error), dueAt, at };
    const entry: JournalEntry = { key, kind, state: "retry", ...failure };
    this.#writer.append([{ entry }], false, undefined, () =>
      this.#waitForRetry(call, attempts, dueAt),
    );
  }

  get #isBusy(): boolean {
    return this.#bodies.running > 0 || this.#writer.pending > 0 || this.#turns.isRunning;
  }

  /** Begins a step, or gives what the call has to get instead. */
  #begin(id: string, kind: StepKind): Step | Promise<never> {
    if (this.#leave !== undefined || this.#retryAt !== undefined) {
      this.#goOnLate();
      return never();
    }
    if (this.#bodies.isInside) return refuse(new LonghaulError("RUNS_NESTED_STEP", { step: id }));
    if (++this.#steps > MAX_STEPS) {
      this.fail(new LonghaulError("RUNS_TOO_MANY_STEPS", { step: id, limit: MAX_STEPS }));
      return never();
    }
    this.#turns.begin();
    this.#isQuiet = false;
    this.#isResting = false;
    const key = this.#keys.next(id);
    const known = this.#results.kindOf(key);
    if (known !== undefined && known !== kind) {
      this.fail(new LonghaulError("RUNS_STEP_CHANGED", { step: key, known, kind }));
      return never();
    }
    return new Step(key, kind);
  }

  #startBody(call: BodyCall, attempts: number): void {
    if (this.#leave !== undefined) return;
    if (this.#isDraining) {
      this.#blocked++;
      return;
    }
    // What the body does may bring what another branch waits for.
    if (this.#waiting.isListeningUnsaved) this.#storeWaits();
    if (this.#listening > 0) this.#heldBack.push(() => this.#startBody(call, attempts));
    else this.#bodies.run(call, attempts);
  }

  #waitForRetry(call: BodyCall, attempt: number, dueAt: number): void {
    const retry = (): void => this.#startBody(call, attempt);
    this.#waiting.add({ step: call.step, attempt, dueAt, retry }, true);
  }

  #failStep(step: Step, attempts: number, error: unknown): void {
    const entry = this.#final(step, attempts, undefined, serializeError(error));
    this.#conclude([{ step, entry }]);
  }

  #final(
    { key, kind }: Step,
    attempt: number,
    data?: string,
    error?: SerializedError,
  ): JournalEntry {
    const at = this.#host.clock.now();
    return { key, kind, state: error === undefined ? "done" : "failed", attempt, at, data, error };
  }

  /** Commits results and then hands them out. */
  #conclude(arrivals: readonly Arrival[], batch?: EventBatch): void {
    const resetsAttempt = this.#resetsAttempt;
    this.#resetsAttempt = false;
    this.#writer.append(arrivals, resetsAttempt, batch, () => {
      if (resetsAttempt) this.#attempt = 0;
      for (const arrival of arrivals) this.#arrive(arrival);
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
    if (entry.state === "failed") step.reject(new StepError(step.key, entry.error!));
    else if (entry.data === undefined) step.resolve(step.kind === "sleep" ? undefined : null);
    else {
      const data = JSON.parse(entry.data) as unknown;
      step.resolve(step.decode ? step.decode(data) : data);
    }
  }

  /** The handler has come to rest: hands out the next result, or sees what there is to wait for. */
  #endTurn(): void {
    if (this.#leave !== undefined) return;
    const next = this.#retryAt === undefined ? this.#results.next() : undefined;
    if (next === "held back") this.#patience.start();
    else if (next) this.#handOut(next);
    else this.#proceed();
  }

  /** Unless the handler is running: goes on with what is ready, or waits, in memory or in the store. */
  #proceed(): void {
    if (this.#leave !== undefined || this.#turns.isRunning) return;
    this.#isResting = false;
    if (this.#retryAt !== undefined) {
      if (!this.#isBusy) this.#suspend();
      return;
    }
    const now = this.#host.clock.now();
    if (this.#waiting.isReady(now)) this.#goOn(this.#waiting.takeReady(now));
    else if (this.#isBusy) this.#waitInMemory();
    else if (this.#blocked > 0) this.release();
    else if (this.#waiting.size > 0) realSetImmediate(this.#rest);
  }

  /** Results, and further attempts, of steps whose answer or time has come. */
  #goOn(ready: readonly WaitingStep[]): void {
    const arrivals: Arrival[] = [];
    for (const waiting of ready) {
      if (waiting.retry) waiting.retry();
      else arrivals.push({ step: waiting.step, entry: this.#outcome(waiting) });
    }
    if (arrivals.length > 0) this.#conclude(arrivals);
    this.#proceed();
  }

  /** What a wait came to: its answer, or nothing within its time. */
  #outcome({ step, answer }: WaitingStep): JournalEntry {
    if (answer) return this.#final(step, 1, answer.data, answer.error);
    if (step.kind !== "invoke") return this.#final(step, 1);
    const error = new LonghaulError("RUNS_INVOKE_TIMEOUT", { step: step.key });
    return this.#final(step, 1, undefined, serializeError(error));
  }

  /** Every branch waits: for a moment, in memory; for longer, in the store. */
  readonly #rest = (): void => {
    if (this.#leave !== undefined || this.#isBusy || this.#waiting.size === 0) return;
    const now = this.#host.clock.now();
    const isShort = this.#waiting.earliest - now < SHORT_WAIT_MS && !this.#isDraining;
    const mayBeBusyElsewhere = this.#isQuiet || this.#results.hasGap;
    if (this.#retryAt !== undefined || this.#waiting.isReady(now)) this.#proceed();
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
    if (isListening) this.#listening++;
    this.#writer.append(writes, false, undefined, () => {
      if (!isListening || --this.#listening > 0) return;
      const bodies = this.#heldBack;
      this.#heldBack = [];
      for (const start of bodies) start();
    });
  }

  #returned(value: unknown): void {
    if (this.#leave !== undefined) {
      this.#goOnLate();
      return;
    }
    let output: string;
    try {
      output = toJsonText(value, `The output of run ${this.run.id}`);
    } catch (error) {
      this.#threw(error);
      return;
    }
    this.#finish("completed", output, undefined);
  }

  #threw(error: unknown): void {
    if (this.#leave !== undefined) {
      this.#goOnLate();
      return;
    }
    // A step has had its own attempts.
    const attempts = this.#attempt + 1;
    const isFinal = error instanceof StepError;
    const delayMs = isFinal ? undefined : retryDelayMs(this.#definition, error, attempts);
    if (delayMs === undefined) {
      this.#finish("failed", undefined, serializeError(error));
      return;
    }
    this.#attempt = attempts;
    this.#retryAt = this.#host.clock.now() + delayMs;
    // Bodies that run finish first: their results count.
    this.#proceed();
  }

  /** The handler does something after it was thought to wait. */
  #goOnLate(): void {
    if (this.#leave === "suspended" && this.#retryAt === undefined) this.#host.revived(this);
  }

  #finish(
    state: "completed" | "failed",
    output: string | undefined,
    error: SerializedError | undefined,
  ): void {
    const { id: runId, functionId, events } = this.run;
    const end = { runId, functionId, events, state, output, error };
    const batch = endBatch(this.#definition, end, this.#host) ?? NO_EVENTS;
    const finish = { ...this.#writer.fence(), state, output, error, ...batch };
    this.#end("finished", () => this.#host.store.finish(finish));
    // Losers of a race need not go on.
    if (this.#bodies.running > 0) this.#abort?.abort();
  }

  #suspend(): void {
    const fence = this.#writer.fence();
    const writes = this.#waiting.takeUnsaved(fence.now, "all");
    const { earliest } = this.#waiting;
    const dueAt = this.#retryAt ?? (earliest === Infinity ? undefined : earliest);
    const suspend = { ...fence, writes, dueAt, attempt: this.#attempt };
    this.#end("suspended", () => this.#host.store.suspend(suspend));
    for (const listener of this.#leaveListeners) listener();
  }

  /** Leaves with a last write. */
  #end(how: Leave, write: () => Promise<Held>): void {
    this.#leave = how;
    this.#stopTimers();
    this.#writer.end(write, () => this.#host.left(this));
    this.#host.leaving(this);
  }

  #abandon(): void {
    this.#abort?.abort();
    for (const listener of this.#leaveListeners) listener();
  }

  #stopTimers(): void {
    this.#alarm.set(Infinity);
    this.#patience.reset();
  }
}

function refuse(error: Error): Promise<never> {
  const refused = Promise.reject(error);
  refused.catch(() => {});
  return refused;
}
