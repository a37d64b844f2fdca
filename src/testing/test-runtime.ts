import { durationMs, timeMs } from "../inngest/durations.ts";
import type { FunctionDefinition } from "../runs/definition.ts";
import { RunEngine, type TriggerInput } from "../runs/engine.ts";
import { toRunEvent } from "../runs/incoming-events.ts";
import { createStartRequest } from "../runs/start-request.ts";
import { SqliteRunStore } from "../runs/store/sqlite/sqlite-run-store.ts";
import {
  attachFunctions,
  type FunctionSource,
  type HostedFunctions,
} from "../runtime/hosted-functions.ts";
import type { EventInput, JournalEntry, RunEvent, RunState } from "../runs/types.ts";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { changeSteps, type StepChanges, type StepMocks } from "./step-mocks.ts";
import { TestRun } from "./test-run.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** How to make a {@link TestRuntime}. */
export interface TestRuntimeOptions {
  readonly functions: readonly FunctionSource[];
  /** Steps that do something else than their function says. */
  readonly steps?: StepMocks | undefined;
  /** When it begins: epoch ms, a Date or ISO text. @default 2026-01-01T00:00:00Z */
  readonly now?: number | Date | string | undefined;
}

/** What runs to look at. */
export interface RunFilter {
  readonly function?: FunctionSource | string | undefined;
  readonly state?: RunState | undefined;
}

/** Longer than any run may take. */
const ALL_TIME_MS = 10 * 366 * 24 * 3_600_000;
/** More than that many at once in a test is a mistake. */
const MAX_RUNS = 100_000;

/**
 * The run engine in memory, on a clock that moves only when it is told to. Each runtime has a store of its own.
 *
 * Whatever is called here resolves when nothing is left to do at the time the clock shows.
 *
 * @example
 * await using runtime = await createTestRuntime({ functions: [sendFollowUp] });
 * await runtime.send({ name: "user/signed-up", data: { userId: "u1" } });
 * await runtime.advance("3d");
 * const [run] = await runtime.runs();
 * expect(run.state).toBe("completed");
 */
export class TestRuntime {
  readonly clock: VirtualClock;
  /** What failed in the background; empty unless something is wrong with the runtime itself. */
  readonly errors: readonly unknown[];
  readonly #sqlite: SqliteStore;
  readonly #store: SqliteRunStore;
  readonly #engine: RunEngine;
  readonly #functions: HostedFunctions;
  readonly #definitions = new Map<string, FunctionDefinition>();
  #closing: Promise<void> | undefined;

  /** @internal Use {@link createTestRuntime}. */
  constructor({ functions, steps, now }: TestRuntimeOptions, changes: StepChanges = {}) {
    const errors: unknown[] = [];
    this.errors = errors;
    this.clock = new VirtualClock(typeof now === "string" ? timeMs(now, "now") : now);
    this.#sqlite = SqliteStore.open({ path: ":memory:", durability: "relaxed", clock: this.clock });
    this.#store = new SqliteRunStore(this.#sqlite);
    this.#engine = new RunEngine({
      store: this.#store,
      clock: this.clock,
      // It would wake the clock every minute of the days a test skips.
      retention: false,
      onError: (error) => errors.push(error),
    });
    this.#functions = attachFunctions(this.#engine, functions, (definition) => {
      this.#definitions.set(definition.id, definition);
      return changeSteps(definition, { ...changes, mocks: steps });
    });
  }

  /** @internal */
  start(): Promise<void> {
    return this.#engine.start();
  }

  /**
   * Puts a run in line as if these events had started it, whatever the function's triggers and limits, and with these
   * steps behind it. Before the start.
   * @internal
   */
  async place(
    target: FunctionSource,
    inputs: readonly EventInput[],
    done: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const { now } = this;
    const definition = this.#definitions.get(this.#idOf(target))!;
    const events = inputs.map((input) => toRunEvent(input, now)) as [RunEvent, ...RunEvent[]];
    const start = createStartRequest(withoutGates(definition), events, { now, notBefore: now });
    const causes = { events: [], starts: [start], matches: () => false };
    await this.#store.ingest({ now, ...causes });
    const entries = Object.entries(done).map(([key, value]): JournalEntry => {
      const data = JSON.stringify(value) ?? "null";
      return { key, kind: "run", state: "done", attempt: 1, data, at: now };
    });
    if (entries.length === 0) return start.runId;
    const functionIds = [definition.id];
    const [run] = await this.#store.claim({ now, functionIds, limit: 1, leaseMs: 1_000 });
    const fence = { now, run: run!.key, generation: run!.generation };
    const writes = entries.map((entry) => ({ entry }));
    await this.#store.append({ ...fence, writes, resetAttempt: true });
    await this.#store.release(fence);
    return start.runId;
  }

  /** Epoch ms, by the clock. */
  get now(): number {
    return this.clock.now();
  }

  /** Sends events, and lets happen what they cause. @returns their ids */
  async send(events: EventInput | readonly EventInput[]): Promise<readonly string[]> {
    const list = Array.isArray(events) ? (events as readonly EventInput[]) : [events as EventInput];
    const ids = await this.#engine.send(list);
    await this.drain();
    return ids;
  }

  /** Starts a run of a function, triggers or not. @returns the run, as far as it came */
  async invoke(target: FunctionSource | string, input: TriggerInput = {}): Promise<TestRun> {
    const id = await this.#engine.trigger(this.#idOf(target), input);
    await this.drain();
    return (await this.run(id))!;
  }

  /** Sends a signal. @returns the id of the run that waited for it, if one did */
  async signal(signal: string, data?: unknown): Promise<string | undefined> {
    const runId = await this.#engine.signal(signal, data);
    await this.drain();
    return runId;
  }

  /** Cancels a run. @returns whether it could still be canceled */
  async cancel(runId: string, reason?: string): Promise<boolean> {
    const wasCanceled = await this.#engine.cancel(runId, reason);
    await this.drain();
    return wasCanceled;
  }

  /** Resolves when nothing is left to do at this time: bodies that run are done, and every run waits or has ended. */
  drain(): Promise<void> {
    return this.#engine.whenQuiet();
  }

  /**
   * Moves the clock, with all that happens on the way: timers, retries, schedules.
   * @param duration ms, or text such as `"3d"` or `"1h30m"`
   */
  advance(duration: number | string): Promise<void> {
    return this.clock.advance(durationMs(duration, "advance"), () => this.drain());
  }

  /** Moves the clock to a time: epoch ms, a Date or ISO text. */
  advanceTo(time: number | Date | string): Promise<void> {
    const at = typeof time === "number" ? time : timeMs(time, "advanceTo");
    return this.advance(at - this.now);
  }

  /**
   * Moves the clock until a run is over, or nothing is left that could bring it on.
   * @param within at most so far. @default ten years
   */
  async finish(runId: string, within: number | string = ALL_TIME_MS): Promise<TestRun> {
    return this.advanceUntil(runId, (run) => run.isOver, within);
  }

  /**
   * Moves the clock until a run is as wanted, or nothing is left that could bring it on.
   * @param within at most so far. @default ten years
   */
  async advanceUntil(
    runId: string,
    isWanted: (run: TestRun) => boolean,
    within: number | string = ALL_TIME_MS,
  ): Promise<TestRun> {
    const end = this.now + durationMs(within, "within");
    for (;;) {
      await this.drain();
      const run = await this.run(runId);
      if (!run) throw new Error(`There is no run ${runId}`);
      if (run.isOver || isWanted(run) || !this.clock.fireNext(end)) return run;
    }
  }

  /** Runs, oldest first. */
  async runs(filter: RunFilter = {}): Promise<TestRun[]> {
    const records = await this.#store.listRuns({
      functionId: filter.function === undefined ? undefined : this.#idOf(filter.function),
      state: filter.state,
      limit: MAX_RUNS,
    });
    const runs = await Promise.all(records.map(({ id }) => this.run(id)));
    return runs.filter((run) => run !== undefined).reverse();
  }

  async run(runId: string): Promise<TestRun | undefined> {
    const record = await this.#store.getRun(runId);
    return record && new TestRun(record);
  }

  /** Ends it. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#engine.close();
    this.#functions.detach();
    await this.#store.close();
    await this.#sqlite.close();
  }

  #idOf(target: FunctionSource | string): string {
    if (typeof target === "string")
      return this.#functions.ids.find((id) => id === target || id.endsWith(`-${target}`)) ?? target;
    return this.#functions.idsOf(target)[0] ?? "";
  }
}

/** A function as it is when nothing keeps a run of it from starting. */
const withoutGates = (definition: FunctionDefinition): FunctionDefinition => ({
  ...definition,
  batchEvents: undefined,
  debounce: undefined,
  idempotency: undefined,
  rateLimit: undefined,
  singleton: undefined,
  throttle: undefined,
});

/** Opens a {@link TestRuntime} and starts it. Close it at the end of the test, or declare it with `await using`. */
export async function createTestRuntime(options: TestRuntimeOptions): Promise<TestRuntime> {
  const runtime = new TestRuntime(options);
  await runtime.start();
  return runtime;
}
