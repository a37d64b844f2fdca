import { RunEngine, type RunEngineOptions } from "../../src/runs/engine.ts";
import { attach, type Attachable } from "../../src/runs/hosting.ts";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import type { RunRecord } from "../../src/runs/store/run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { defineConfig, type TriggerConfig } from "../../src/trigger/config/define-config.ts";
import { unpackText } from "../../src/trigger/payload.ts";
import type { AnyTask } from "../../src/trigger/types/task.ts";

/** How a {@link TriggerKit} is made. */
export interface TriggerKitOptions extends Partial<RunEngineOptions> {
  readonly path?: string;
  readonly config?: Partial<TriggerConfig>;
}

/** An engine with tasks, on a clock that stands still until it is moved. */
export class TriggerKit {
  readonly clock: VirtualClock;
  readonly errors: unknown[] = [];
  readonly sqlite: SqliteStore;
  readonly store: SqliteRunStore;
  readonly engine: RunEngine;
  readonly #detach: (() => void)[] = [];

  private constructor({ path = ":memory:", config, ...options }: TriggerKitOptions) {
    this.clock = (options.clock as VirtualClock | undefined) ?? new VirtualClock();
    const { clock } = this;
    this.sqlite = SqliteStore.open({ path, clock });
    this.store = new SqliteRunStore(this.sqlite);
    const onError = (error: unknown): void => void this.errors.push(error);
    const { store } = this;
    this.engine = new RunEngine({ store, retention: false, onError, ...options, clock });
    const quiet = { project: "test", enableConsoleLogging: false, ...config };
    this.add(defineConfig(quiet));
  }

  /** Has nothing executed yet. */
  static open(tasks: readonly AnyTask[], options: TriggerKitOptions = {}): TriggerKit {
    const kit = new TriggerKit(options);
    for (const task of tasks) kit.add(task);
    return kit;
  }

  static async start(
    tasks: readonly AnyTask[],
    options: TriggerKitOptions = {},
  ): Promise<TriggerKit> {
    const kit = TriggerKit.open(tasks, options);
    await kit.engine.start();
    return kit;
  }

  add(source: Attachable): void {
    this.#detach.push(source[attach](this.engine));
  }

  /** Moves the clock, with all that happens on the way. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => this.engine.whenQuiet());
  }

  /** A run, once nothing is left to do at this time. */
  async run(runId: string): Promise<RunRecord> {
    await this.engine.whenQuiet();
    return (await this.store.getRun(runId))!;
  }

  /** A run when it is over, after however long. */
  async finish(runId: string): Promise<RunRecord> {
    for (;;) {
      const run = await this.run(runId);
      if (run.finishedAt !== undefined || !this.clock.fireNext()) return run;
    }
  }

  /** What a run returned; throws if it has not completed. */
  async output(runId: string): Promise<unknown> {
    const { state, output, error, functionId } = await this.finish(runId);
    if (state !== "completed") throw new Error(`${functionId} is ${state}: ${error?.message}`);
    return unpackText(output);
  }

  /** The runs of a task, oldest first. */
  async runs(functionId: string): Promise<readonly RunRecord[]> {
    await this.engine.whenQuiet();
    return (await this.store.listRuns({ functionId, limit: 10_000 })).toReversed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const detach of this.#detach) detach();
    await this.engine.close();
    await this.store.close();
    await this.sqlite.close();
  }
}
