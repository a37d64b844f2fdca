import { RunEngine, type RunEngineOptions } from "../../src/runs/engine.ts";
import { attach } from "../../src/runs/hosting.ts";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import type { RunRecord } from "../../src/runs/store/run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import type { InngestFunction } from "../../src/inngest/function.ts";
import type { Logger } from "../../src/inngest/logger.ts";

/** A line that was logged. */
export type LogLine = readonly [level: string, ...args: unknown[]];

/** A logger that keeps what it is given. */
export class MemoryLogger implements Logger {
  readonly lines: LogLine[] = [];
  readonly debug = (...args: unknown[]): void => void this.lines.push(["debug", ...args]);
  readonly info = (...args: unknown[]): void => void this.lines.push(["info", ...args]);
  readonly warn = (...args: unknown[]): void => void this.lines.push(["warn", ...args]);
  readonly error = (...args: unknown[]): void => void this.lines.push(["error", ...args]);
}

/** A logger that keeps nothing. */
export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** An engine with functions of the Inngest idiom, on a clock that stands still until it is moved. */
export class InngestKit {
  readonly clock = new VirtualClock();
  readonly errors: unknown[] = [];
  readonly sqlite: SqliteStore;
  readonly store: SqliteRunStore;
  readonly engine: RunEngine;
  readonly #detach: (() => void)[] = [];

  private constructor(path: string, options: Partial<RunEngineOptions>) {
    const { clock } = this;
    this.sqlite = SqliteStore.open({ path, clock });
    this.store = new SqliteRunStore(this.sqlite);
    const onError = (error: unknown): void => void this.errors.push(error);
    const { store } = this;
    this.engine = new RunEngine({ store, clock, retention: false, onError, ...options });
  }

  static async start(
    functions: readonly InngestFunction[],
    { path = ":memory:", ...options }: Partial<RunEngineOptions> & { path?: string } = {},
  ): Promise<InngestKit> {
    const kit = new InngestKit(path, options);
    for (const fn of functions) kit.#detach.push(fn[attach](kit.engine));
    await kit.engine.start();
    return kit;
  }

  /** Moves the clock, with all that happens on the way. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => this.engine.whenQuiet());
  }

  /** The runs of a function, oldest first, once nothing is left to do at this time. */
  async runs(functionId: string): Promise<readonly RunRecord[]> {
    await this.engine.whenQuiet();
    return (await this.store.listRuns({ functionId, limit: 100 })).toReversed();
  }

  /** The newest run of a function. */
  async run(functionId: string): Promise<RunRecord> {
    const run = (await this.runs(functionId)).at(-1);
    if (run === undefined) throw new Error(`${functionId} has no runs`);
    return (await this.store.getRun(run.id))!;
  }

  /** The output of the newest run of a function; throws if it has not completed. */
  async output(functionId: string): Promise<unknown> {
    const { state, output, error } = await this.run(functionId);
    if (state !== "completed") throw new Error(`${functionId} is ${state}: ${error?.message}`);
    return JSON.parse(output ?? "null") as unknown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const detach of this.#detach) detach();
    await this.engine.close();
    await this.store.close();
    await this.sqlite.close();
  }
}
