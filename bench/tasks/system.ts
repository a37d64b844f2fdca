/** Tasks in Trigger.dev's idiom on one SQLite file, all options their defaults. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLonghaul, type Longhaul } from "longhaul";
import { defineConfig, task, wait } from "longhaul/trigger";
import type { Adapter, Contestant, Site } from "../contestant.ts";
import type { Measure, MeasureContext } from "../measure.ts";
import { RunLedger } from "../runs/ledger.ts";

export type TaskMeasure = Measure<TaskSystem>;
export type TaskContext = MeasureContext<TaskSystem>;
export type TaskContestant = Contestant<TaskAdapter>;

export interface TaskAdapter extends Adapter {
  create(site: Site): Promise<TaskSystem>;
}

/** How often it is looked whether all runs have come to rest. */
const LOOK_MS = 50;

export function adapterOf(durability: "relaxed" | "full"): TaskAdapter {
  let stores = 0;
  return {
    async create({ folder }) {
      const system = new TaskSystem(join(folder, `tasks-${++stores}.db`), durability);
      await system.start();
      return system;
    },
  };
}

/** Runs are named by the numbers that the ledger gave them. A trivial task tells the ledger and returns a number. */
export class TaskSystem {
  readonly ledger = new RunLedger();
  readonly #path: string;
  readonly #longhaul: Longhaul;
  readonly #tasks: ReturnType<typeof tasksOf>;

  constructor(path: string, durability: "relaxed" | "full") {
    this.#path = path;
    this.#tasks = tasksOf(this.ledger);
    this.#longhaul = createLonghaul({
      url: `file:${path}`,
      durability,
      config: defineConfig({ project: "bench" }),
      tasks: Object.values(this.#tasks),
    });
  }

  start(): Promise<void> {
    return this.#longhaul.start();
  }

  /** Triggers a trivial task. @returns what resolves once it has ended, and has no further cost */
  async trigger(run: number): Promise<{ readonly end: Promise<unknown>; readonly id: string }> {
    const { id } = await this.#tasks.trivial.trigger(run);
    return { end: this.#longhaul.waitForEnd(id), id };
  }

  /** Triggers trivial tasks as one batch. Resolves with their ids once all have ended. */
  async runBatch(runs: readonly number[]): Promise<readonly string[]> {
    const handles = await this.#tasks.trivial.batchTrigger(runs.map((payload) => ({ payload })));
    const ids = handles.map(({ id }) => id);
    await Promise.all(ids.map((id) => this.#longhaul.waitForEnd(id)));
    return ids;
  }

  /** Enters what runs have returned into the ledger. */
  async enter(runs: readonly number[], ids: readonly string[]): Promise<void> {
    for (const [index, run] of runs.entries()) {
      const { output } = (await this.#longhaul.getRun(ids[index]!)) ?? {};
      this.ledger.ended(run, Number(output));
    }
  }

  /** Runs a task that waits for so many trivial children as one batch. */
  async runParent(children: readonly number[]): Promise<void> {
    const { id } = await this.#tasks.parent.trigger([...children]);
    await this.#longhaul.waitForEnd(id);
  }

  /** Runs a task that waits for a token. Resolves once it waits, with what completes the token. */
  async startWaiting(run: number): Promise<{ wake(): Promise<unknown>; end: Promise<unknown> }> {
    const token = await wait.createToken({ timeout: "1h" });
    const { id } = await this.#tasks.waiting.trigger({ run, token: token.id });
    while ((await this.#longhaul.getRun(id))?.state !== "waiting") await sleep(1);
    return {
      wake: () => wait.completeToken(token, run),
      end: this.#longhaul.waitForEnd(id),
    };
  }

  /** Runs tasks that wait for a day. Resolves when all do. */
  async letSleep(runs: readonly number[]): Promise<void> {
    await this.#tasks.sleeping.batchTrigger(runs.map((payload) => ({ payload })));
    for (const state of ["queued", "running", "queued"] as const)
      while ((await this.#longhaul.listRuns({ state, limit: 1 })).length > 0) await sleep(LOOK_MS);
  }

  /** Stops, and removes the store with all its data. */
  async drop(): Promise<void> {
    await this.#longhaul.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.#path + suffix, { force: true });
  }
}

function tasksOf(ledger: RunLedger) {
  const trivial = task({ id: "trivial", run: async (run: number) => ledger.step(run, 0) });
  return {
    trivial,
    parent: task({
      id: "parent",
      run: async (children: number[]) => {
        const items = children.map((payload) => ({ payload }));
        const { runs } = await trivial.batchTriggerAndWait(items);
        for (const [index, run] of runs.entries())
          if (run.ok) ledger.ended(children[index]!, run.output);
      },
    }),
    waiting: task({
      id: "waiting",
      run: async ({ run, token }: { run: number; token: string }) => {
        const before = ledger.step(run, 0);
        const number = await wait.forToken<number>(token).unwrap();
        ledger.resumed(number);
        ledger.ended(run, before);
      },
    }),
    sleeping: task({
      id: "sleeping",
      run: async (run: number) => {
        ledger.step(run, 0);
        await wait.for({ days: 1 });
        ledger.resumed(run);
      },
    }),
  };
}
