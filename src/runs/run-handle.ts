import type { Clock } from "../core/clock.ts";
import type { CallOptions, RunHandle, StepOptions, TokenEnd } from "./definition.ts";
import { planWait } from "./matching.ts";
import type { WaitPlan, WritePlan } from "./step.ts";
import type { ClaimedRun, EventBatch, StartRequest, StepWait } from "./store/run-store.ts";
import type { ChildEnd, StartCall, StartDetails, StartResult } from "./store/start-details.ts";
import type { Token, TokenRequest } from "./store/token-store.ts";
import type { EventInput, JournalEntry, RunEvent, StepKind } from "./types.ts";

/** What the steps of a run need from the engine. */
export interface StepHost {
  readonly clock: Clock;
  batch(events: readonly EventInput[]): EventBatch;
  /** @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION */
  invocation(
    functionId: string,
    call: { readonly data?: unknown; readonly v?: string | undefined; readonly meta?: unknown },
    invokedBy: NonNullable<StartRequest["invokedBy"]>,
  ): StartRequest;
  /**
   * Starts, as asked for by a run.
   * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_NOT_JSON, RUNS_TOO_LARGE
   */
  starts(calls: readonly StartCall[], parent: ClaimedRun): StartRequest[];
}

/** The execution behind a handle. */
export interface StepCalls {
  readonly run: ClaimedRun;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly isReplaying: boolean;
  readonly signal: AbortSignal;
  onLeave(listener: () => void): void;
  /** A step with a body. */
  callBody(
    id: string,
    kind: StepKind,
    body: (attempt: number) => unknown,
    options: StepOptions,
  ): Promise<unknown>;
  /** A step that waits, as `plan` says when it is called for the first time. */
  callWait(
    id: string,
    kind: StepKind,
    plan: (key: string) => WaitPlan,
    decode?: (data: unknown) => unknown,
    args?: string,
  ): Promise<unknown>;
  /** A step that is done by the write of its entry, and by what is stored with it. */
  callWrite(id: string, kind: StepKind, prepare: () => WritePlan, args?: string): Promise<unknown>;
}

const NO_OPTIONS: StepOptions = {};
const NO_DETAILS: StartDetails = {};

/** The face that an execution shows to its handler. */
export class RunContext implements RunHandle {
  readonly #execution: StepCalls;
  readonly #host: StepHost;

  constructor(execution: StepCalls, host: StepHost) {
    this.#execution = execution;
    this.#host = host;
  }

  get id(): string {
    return this.#execution.run.id;
  }

  get functionId(): string {
    return this.#execution.run.functionId;
  }

  get attempt(): number {
    return this.#execution.attempt;
  }

  get maxAttempts(): number {
    return this.#execution.maxAttempts;
  }

  get startedAt(): number {
    return this.#execution.run.startedAt;
  }

  get event(): RunEvent {
    return this.events[0]!;
  }

  get events(): readonly RunEvent[] {
    return this.#execution.run.events;
  }

  get isReplaying(): boolean {
    return this.#execution.isReplaying;
  }

  get signal(): AbortSignal {
    return this.#execution.signal;
  }

  get details(): StartDetails {
    return this.#execution.run.details ?? NO_DETAILS;
  }

  get journal(): readonly JournalEntry[] {
    return this.#execution.run.journal;
  }

  onLeave(listener: () => void): void {
    this.#execution.onLeave(listener);
  }

  run(
    id: string,
    body: (attempt: number) => unknown,
    options: StepOptions = NO_OPTIONS,
  ): Promise<unknown> {
    return this.#execution.callBody(id, options.kind ?? "run", body, options);
  }

  sleepUntil(id: string, dueAt: number, { args }: CallOptions = NO_OPTIONS): Promise<void> {
    const plan = (): WaitPlan => ({ dueAt });
    return this.#execution.callWait(id, "sleep", plan, undefined, args) as Promise<void>;
  }

  waitForEvent(
    id: string,
    wait: Parameters<RunHandle["waitForEvent"]>[1],
  ): Promise<RunEvent | null> {
    const plan = (): WaitPlan => {
      const now = this.#host.clock.now();
      const dueAt = now + wait.timeoutMs;
      return { dueAt, wait: { kind: "event", wait: planWait(wait, this.event, dueAt, now) } };
    };
    return this.#execution.callWait(id, "event", plan) as Promise<RunEvent | null>;
  }

  waitForSignal(
    id: string,
    { signal, onConflict, timeoutMs }: Parameters<RunHandle["waitForSignal"]>[1],
  ): Promise<{ readonly signal: string; readonly data: unknown } | null> {
    const plan = (): WaitPlan => ({
      dueAt: this.#host.clock.now() + timeoutMs,
      wait: { kind: "signal", signal, onConflict },
    });
    const decode = (data: unknown) => ({ signal, data });
    return this.#execution.callWait(id, "signal", plan, decode) as Promise<ReturnType<
      typeof decode
    > | null>;
  }

  sendEvents(id: string, events: readonly EventInput[]): Promise<readonly string[]> {
    const prepare = (): WritePlan => {
      const batch = this.#host.batch(events);
      return { batch, data: JSON.stringify(batch.events.map((event) => event.id)) };
    };
    return this.#execution.callWrite(id, "send", prepare) as Promise<readonly string[]>;
  }

  invoke(id: string, call: Parameters<RunHandle["invoke"]>[1]): Promise<unknown> {
    return this.#execution.callWait(id, "invoke", (stepKey) => {
      const invokedBy = { run: this.#execution.run.key, stepKey };
      const start = this.#host.invocation(call.functionId, call, invokedBy);
      return { dueAt: this.#host.clock.now() + call.timeoutMs, wait: { kind: "invoke", start } };
    });
  }

  start(
    id: string,
    calls: readonly StartCall[],
    { args }: CallOptions = NO_OPTIONS,
  ): Promise<readonly StartResult[]> {
    const prepare = (): WritePlan => ({ effect: { kind: "start", starts: this.#starts(calls) } });
    return this.#execution.callWrite(id, "start", prepare, args) as Promise<StartResult[]>;
  }

  child(id: string, call: StartCall, { args }: CallOptions = NO_OPTIONS): Promise<ChildEnd> {
    const plan = (): WaitPlan => forEver({ kind: "children", starts: this.#starts([call]) });
    const decode = (ends: unknown) => (ends as ChildEnd[])[0]!;
    return this.#execution.callWait(id, "child", plan, decode, args) as Promise<ChildEnd>;
  }

  children(
    id: string,
    calls: readonly StartCall[],
    { args }: CallOptions = NO_OPTIONS,
  ): Promise<readonly ChildEnd[]> {
    const plan = (): WaitPlan => forEver({ kind: "children", starts: this.#starts(calls) });
    return this.#execution.callWait(id, "child", plan, undefined, args) as Promise<ChildEnd[]>;
  }

  waitForRuns(
    id: string,
    runIds: readonly string[],
    { args }: CallOptions = NO_OPTIONS,
  ): Promise<readonly ChildEnd[]> {
    const plan = (): WaitPlan => forEver({ kind: "runs", runIds });
    return this.#execution.callWait(id, "child", plan, undefined, args) as Promise<ChildEnd[]>;
  }

  createToken(
    id: string,
    request: TokenRequest,
    { args }: CallOptions = NO_OPTIONS,
  ): Promise<Token> {
    const prepare = (): WritePlan => ({
      effect: { kind: "createToken", token: { runId: this.id, ...request } },
    });
    return this.#execution.callWrite(id, "createToken", prepare, args) as Promise<Token>;
  }

  waitForToken(id: string, tokenId: string, { args }: CallOptions = NO_OPTIONS): Promise<TokenEnd> {
    const plan = (): WaitPlan => forEver({ kind: "token", tokenId });
    return this.#execution.callWait(id, "token", plan, undefined, args) as Promise<TokenEnd>;
  }

  group(
    id: string,
    body: (attempt: number) => Promise<unknown>,
    options: StepOptions = NO_OPTIONS,
  ): Promise<unknown> {
    return this.#execution.callBody(id, "group", body, options);
  }

  #starts(calls: readonly StartCall[]): StartRequest[] {
    return this.#host.starts(calls, this.#execution.run);
  }
}

const forEver = (wait: StepWait): WaitPlan => ({ dueAt: Infinity, wait });
