import { deserializeError } from "../runs/errors.ts";
import { INVOKED_EVENT } from "../runs/engine.ts";
import type { EventInput } from "../runs/types.ts";
import type { FunctionSource } from "../runtime/hosted-functions.ts";
import { STOPPED, type StepMocks } from "./step-mocks.ts";
import type { TestRun, TestStep } from "./test-run.ts";
import { TestRuntime } from "./test-runtime.ts";

/** What a {@link TestEngine} takes, for all executions or for one. */
export interface ExecuteOptions {
  /** What starts the run; several are a batch. @default an `inngest/function.invoked` without data */
  readonly events?: readonly EventInput[] | undefined;
  /** Steps that do something else than the function says. */
  readonly steps?: StepMocks | undefined;
  /** Results of steps that are done already, by key: they do not run. */
  readonly state?: Readonly<Record<string, unknown>> | undefined;
  /** When the run begins: epoch ms, a Date or ISO text. @default 2026-01-01T00:00:00Z */
  readonly now?: number | Date | string | undefined;
}

/** How to make a {@link TestEngine}. */
export interface TestEngineOptions extends ExecuteOptions {
  readonly function: FunctionSource;
  /** Functions that it invokes, or that its events start. */
  readonly functions?: readonly FunctionSource[] | undefined;
}

/** What came of an execution. */
export interface Execution {
  /** What the function returned, or the step that was asked for. */
  readonly result: unknown;
  /** What it failed with. */
  readonly error: Error | undefined;
  /** The results of its steps: promises that resolve, or reject with the error of the step. */
  readonly state: Readonly<Record<string, Promise<unknown>>>;
  readonly run: TestRun;
}

/**
 * Runs one function from beginning to end, through all its sleeps, retries and time limits, in no time.
 *
 * Every execution has a store and a clock of its own. What waits for an event that nobody sends runs out of time; give
 * such a step a mock, or use a runtime (`createTestRuntime`) and send the event.
 *
 * @example
 * const engine = new TestEngine({ function: processOrder, events: [orderPlaced] });
 * const { result } = await engine.execute({ steps: { "check-inventory": { available: false } } });
 */
export class TestEngine {
  readonly #options: TestEngineOptions;

  constructor(options: TestEngineOptions) {
    this.#options = options;
  }

  /** Runs the function until it is over. */
  async execute(options: ExecuteOptions = {}): Promise<Execution> {
    const run = await this.#run(options, undefined);
    return { result: run.output, error: errorOf(run), state: stateOf(run), run };
  }

  /**
   * Runs the function until a step has its result, and no further.
   * @param key the step's id; `id:1` for the second of that id
   */
  async executeStep(
    key: string,
    options: ExecuteOptions = {},
  ): Promise<Execution & { readonly step: TestStep }> {
    const run = await this.#run(options, key);
    const step = run.step(key);
    return { result: step.data, error: errorOf(step), state: stateOf(run), run, step };
  }

  /** A copy, with other options in place of its own. */
  clone(options: Partial<TestEngineOptions> = {}): TestEngine {
    return new TestEngine({ ...this.#options, ...options });
  }

  async #run(options: ExecuteOptions, stopAfter: string | undefined): Promise<TestRun> {
    const all = { ...this.#options, ...options };
    const { events = [{ name: INVOKED_EVENT }], functions = [], state = {}, steps, now } = all;
    const target = this.#options.function;
    const changes = { done: Object.keys(state), stopAfter };
    const runtime = new TestRuntime({ functions: [target, ...functions], steps, now }, changes);
    try {
      const runId = await runtime.place(target, events, state);
      await runtime.start();
      if (stopAfter === undefined) return await runtime.finish(runId);
      const isReached = (run: TestRun) => run.hasStep(STOPPED) || isSettled(run, stopAfter);
      return await runtime.advanceUntil(runId, isReached);
    } finally {
      await runtime.close();
    }
  }
}

const isSettled = (run: TestRun, key: string): boolean =>
  run.journal.some(
    (step) => step.key === key && (step.state === "done" || step.state === "failed"),
  );

const errorOf = ({ error }: TestRun | TestStep): Error | undefined =>
  error && deserializeError(error);

function stateOf(run: TestRun): Record<string, Promise<unknown>> {
  const state: Record<string, Promise<unknown>> = {};
  for (const { key, state: how, data, error } of run.journal) {
    if (how === "done") state[key] = Promise.resolve(data);
    if (how !== "failed" || !error) continue;
    const rejected = Promise.reject(deserializeError(error));
    // Nobody has to look at it.
    rejected.catch(() => {});
    state[key] = rejected;
  }
  return state;
}
