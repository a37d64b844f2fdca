import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import type { FunctionDefinition, RunHandle } from "../../src/runs/definition.ts";
import { RunEngine, type RunEngineOptions } from "../../src/runs/engine.ts";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";

/** A function for tests: one attempt more than `retries`, and a second between them. */
export function define(
  id: string,
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return {
    id,
    triggers: [{ event: `start/${id}` }],
    retries: 0,
    backoff: () => 5_000,
    handler,
    ...options,
  };
}

/** Options of the engine, and its clock. */
export interface KitOptions extends Partial<Omit<RunEngineOptions, "clock" | "store">> {
  readonly clock?: VirtualClock | undefined;
}

/** An engine in memory, on a clock that stands still until it is moved. */
export class EngineKit {
  readonly clock: VirtualClock;
  readonly sqlite: SqliteStore;
  readonly store: SqliteRunStore;
  readonly errors: unknown[] = [];
  readonly engine: RunEngine;

  private constructor(
    definitions: readonly FunctionDefinition[],
    { clock = new VirtualClock(), ...options }: KitOptions,
  ) {
    this.clock = clock;
    this.sqlite = SqliteStore.open({ path: ":memory:", clock });
    this.store = new SqliteRunStore(this.sqlite);
    const onError = (error: unknown): void => void this.errors.push(error);
    this.engine = new RunEngine({
      store: this.store,
      clock,
      retention: false,
      onError,
      ...options,
    });
    this.engine.register(definitions);
  }

  static open(definitions: readonly FunctionDefinition[], options: KitOptions = {}): EngineKit {
    return new EngineKit(definitions, options);
  }

  static async start(
    definitions: readonly FunctionDefinition[],
    options: KitOptions = {},
  ): Promise<EngineKit> {
    const kit = EngineKit.open(definitions, options);
    await kit.engine.start();
    return kit;
  }

  /** Sends what starts the function, and gives the id of its run. */
  async begin(functionId: string, data: unknown = {}): Promise<string> {
    const [eventId] = await this.engine.send([{ name: `start/${functionId}`, data }]);
    const runs = await this.store.runsOfEvent(eventId!);
    return runs[0]!.id;
  }

  /** Moves the clock, with all that happens on the way. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => this.engine.whenQuiet());
  }

  /** A run once nothing is left to do at this time. */
  async run(runId: string) {
    await this.engine.whenQuiet();
    return (await this.store.getRun(runId))!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
    await this.store.close();
    await this.sqlite.close();
  }
}
