import assert from "node:assert/strict";
import { onTestFinished } from "vitest";
import { createEventId, createRunId } from "../../../src/runs/ids.ts";
import type {
  Appended,
  ClaimedRun,
  EventBatch,
  HeldNews,
  JournalWrite,
  RunStore,
  StartOutcome,
  StartRequest,
  WaitSpec,
  Work,
} from "../../../src/runs/store/run-store.ts";
import type { JournalEntry, RunEvent, RunState, StepKind } from "../../../src/runs/types.ts";

/** A store that the conformance suite can be run on. */
export interface RunStoreKind {
  /** Opens an empty store that is closed when the test ends. */
  readonly open: () => RunStore;
  /** Opens two stores on the same data, as two processes would; undefined if that cannot be. */
  readonly openTwo?: (() => readonly [RunStore, RunStore]) | undefined;
}

/** When tests begin. */
export const T0 = Date.UTC(2030, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const LEASE_MS = 10 * SECOND;

/** Expressions of tests are names of these. */
const expressions: Record<string, (original: RunEvent, event: RunEvent) => boolean> = {
  never: () => false,
  always: () => true,
  moreThanOriginal: (original, event) =>
    (event.data as { n: number }).n > (original.data as { n: number }).n,
};

const matches: EventBatch["matches"] = ({ expression, originalEvent }, event) =>
  expressions[expression]!(originalEvent, event);

/** A store, a clock that tests set, and short words for what a run's holder does. */
export class RunKit {
  readonly store: RunStore;
  now = T0;

  constructor(store: RunStore) {
    this.store = store;
  }

  event(name = "test/event", data: unknown = {}, more: Partial<RunEvent> = {}): RunEvent {
    return { id: createEventId(this.now), name, data, ts: this.now, ...more };
  }

  request(more: Partial<StartRequest> = {}): StartRequest {
    return {
      functionId: "fn",
      runId: createRunId(this.now),
      events: [this.event()],
      slots: [],
      prioritySeconds: 0,
      cancelOn: [],
      ...more,
    };
  }

  batch(events: readonly RunEvent[], starts: readonly StartRequest[] = []): EventBatch {
    return { events, starts, matches };
  }

  /** Sends an event that starts nothing. */
  async send(name: string, data: unknown = {}, more: Partial<RunEvent> = {}): Promise<RunEvent> {
    const event = this.event(name, data, more);
    await this.store.ingest({ now: this.now, ...this.batch([event]) });
    return event;
  }

  /** Starts a run, with an event of its own unless one is given. */
  async start(more: Partial<StartRequest> = {}): Promise<StartOutcome> {
    const request = this.request(more);
    const batch = this.batch(request.events, [request]);
    const [outcome] = await this.store.ingest({ now: this.now, ...batch });
    return outcome!;
  }

  /** Starts a run. @returns its id */
  async started(more: Partial<StartRequest> = {}): Promise<string> {
    const outcome = await this.start(more);
    assert.equal(outcome.outcome, "started");
    return (outcome as { runId: string }).runId;
  }

  claim(limit = 100, functionIds: readonly string[] = ["fn"]): Promise<readonly ClaimedRun[]> {
    return this.store.claim({ now: this.now, functionIds, limit, leaseMs: LEASE_MS });
  }

  /** Claims the only run that is ready. */
  async claimOne(functionId = "fn"): Promise<ClaimedRun> {
    const [run, ...others] = await this.claim(100, [functionId]);
    assert.deepEqual(others, []);
    return found(run);
  }

  /** Ids of the runs that can be claimed now. */
  async claimedIds(limit?: number, functionIds?: readonly string[]): Promise<string[]> {
    return (await this.claim(limit, functionIds)).map(({ id }) => id);
  }

  /** Claims what is ready and ends it. @returns the ids */
  async ended(limit?: number): Promise<string[]> {
    const runs = await this.claim(limit);
    for (const run of runs) await this.finish(run);
    return runs.map(({ id }) => id);
  }

  /** Starts a run and claims it. */
  async running(more: Partial<StartRequest> = {}): Promise<ClaimedRun> {
    const id = await this.started(more);
    const run = (await this.claim(100, [more.functionId ?? "fn"])).find((run) => run.id === id);
    return found(run);
  }

  append(
    run: ClaimedRun,
    writes: readonly JournalWrite[],
    more: { readonly resetAttempt?: boolean; readonly batch?: EventBatch } = {},
  ): Promise<Appended> {
    const { key, generation } = run;
    const { resetAttempt = true, batch } = more;
    return this.store.append({ now: this.now, run: key, generation, writes, resetAttempt, batch });
  }

  suspend(
    { key, generation, attempt }: ClaimedRun,
    more: { writes?: readonly JournalWrite[]; dueAt?: number; attempt?: number } = {},
  ): Promise<boolean> {
    return this.store.suspend({
      now: this.now,
      run: key,
      generation,
      writes: [],
      attempt,
      ...more,
    });
  }

  finish({ key, generation }: ClaimedRun, output = "null"): Promise<boolean> {
    const batch = this.batch([]);
    return this.store.finish({
      now: this.now,
      run: key,
      generation,
      state: "completed",
      output,
      ...batch,
    });
  }

  fail({ key, generation }: ClaimedRun, message = "boom"): Promise<boolean> {
    const error = { name: "Error", message };
    const batch = this.batch([]);
    return this.store.finish({
      now: this.now,
      run: key,
      generation,
      state: "failed",
      error,
      ...batch,
    });
  }

  /** Sets the clock and does all that is due. @returns when the next thing is */
  async advanceTo(now: number): Promise<number> {
    this.now = now;
    for (let bites = 0; bites < 1000; bites++) {
      const next = await this.store.advance({ now });
      if (next > now) return next;
    }
    throw new Error("what is due stays due");
  }

  async state(runId: string): Promise<RunState | undefined> {
    return (await this.store.getRun(runId))?.state;
  }

  /** A run that waits at a step `wait`. */
  async waiting(
    wait: JournalWrite["wait"],
    more: Partial<StartRequest> & { readonly until?: number } = {},
  ): Promise<ClaimedRun> {
    const { until = this.now + HOUR, ...request } = more;
    const run = await this.running(request);
    const writes = [pending("wait", this.now, until, wait)];
    assert.ok(await this.suspend(run, { writes, dueAt: until }));
    return run;
  }

  /** The step `wait` of a run, as a replay would find it. */
  async waitEntry(run: ClaimedRun | string): Promise<JournalEntry | undefined> {
    const record = await this.store.getRun(typeof run === "string" ? run : run.id);
    return record?.journal.find(({ key }) => key === "wait");
  }

  /** What the store says about work, from now on. */
  listen(): { readonly work: (Work | undefined)[]; readonly news: HeldNews[] } {
    const work: (Work | undefined)[] = [];
    const news: HeldNews[] = [];
    onTestFinished(this.store.onWork((item) => work.push(item)));
    onTestFinished(this.store.onHeldNews((items) => news.push(...items)));
    return { work, news };
  }
}

function found(run: ClaimedRun | undefined): ClaimedRun {
  assert.ok(run, "no run could be claimed");
  return run;
}

/** A finished step. */
export const done = (key: string, data = "null", kind: StepKind = "run"): JournalWrite => ({
  entry: { key, kind, state: "done", attempt: 1, data, at: T0 },
});

/** A step that waits. */
export function pending(
  key: string,
  at: number,
  dueAt: number,
  wait?: JournalWrite["wait"],
): JournalWrite {
  const isForRuns = wait?.kind === "children" || wait?.kind === "runs";
  const kind = isForRuns ? "child" : (wait?.kind ?? "sleep");
  return { entry: { key, kind, state: "pending", attempt: 0, dueAt, at }, wait };
}

/** A wait for an event. Values are given as they are in the event. */
export function forEvent(
  event: string,
  equals: Readonly<Record<string, unknown>> = {},
  more: Partial<WaitSpec> = {},
): { readonly kind: "event"; readonly wait: WaitSpec } {
  return { kind: "event", wait: waitSpec(event, equals, more) };
}

export const waitSpec = (
  event: string,
  equals: Readonly<Record<string, unknown>> = {},
  more: Partial<WaitSpec> = {},
): WaitSpec => ({
  event,
  equals: Object.entries(equals).map(([path, value]) => ({ path, value: JSON.stringify(value) })),
  until: T0 + HOUR,
  ...more,
});
