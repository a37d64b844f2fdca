/** Longhaul: functions in Inngest's idiom on one SQLite file, all options their defaults. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLonghaul, type Longhaul } from "longhaul";
import { Inngest } from "longhaul/inngest";
import { RunLedger } from "../ledger.ts";
import type { GrowingSystem, RunAdapter } from "../system.ts";

const BULK = 1_000;
/** Runs that are never to execute a step. */
const NOBODY = -1;
/** How often it is looked whether all runs have come to rest. */
const LOOK_MS = 50;

interface Data {
  readonly run: number;
  readonly steps: number;
  readonly key: string;
}

export function longhaul(durability: "relaxed" | "full"): RunAdapter {
  let stores = 0;
  return {
    async create({ folder }): Promise<GrowingSystem> {
      const path = join(folder, `runs-${++stores}.db`);
      const ledger = new RunLedger();
      // What occupies a key does so until the end.
      let [held, free] = [() => {}, () => {}];
      const holding = new Promise<void>((resolve) => (held = resolve));
      const freed = new Promise<void>((resolve) => (free = resolve));
      const hold = () => {
        held();
        return freed;
      };
      const functions = functionsOf(ledger, hold);
      const runtime = createLonghaul({
        url: `file:${path}`,
        durability,
        functions: Object.values(functions),
      });
      await runtime.start();
      return {
        ledger,
        run: async (run, steps) =>
          (await runtime.invoke(functions.steps, { data: { run, steps } })) as number,
        async start(run) {
          const [event = ""] = await runtime.send({ name: "bench/start", data: { run, steps: 1 } });
          return { output: () => outputOf(runtime, event) };
        },
        async startWaiting(run) {
          const [event = ""] = await runtime.send({ name: "bench/wait", data: { run } });
          // What is sent before it waits does not wake it.
          while ((await runtime.runsOfEvent(event))[0]?.state !== "waiting") await sleep(1);
          return { output: () => outputOf(runtime, event) };
        },
        wake: async (run) => void (await runtime.send({ name: "bench/wake", data: { run } })),
        async drop() {
          free();
          await runtime.close();
          for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
        },

        async putToSleep(runs) {
          await sendAll(
            runtime,
            "bench/sleep",
            Array.from({ length: runs }, () => ({})),
          );
          await rest(runtime);
        },
        async letWait(runs) {
          await sendAll(
            runtime,
            "bench/wait",
            runs.map((run) => ({ run })),
          );
          await rest(runtime);
        },
        async sendUnheard(events) {
          for (let event = 1; event <= events; event++)
            await runtime.send({ name: "bench/wake", data: { run: -event } });
        },
        runKeyed: async (run, key) =>
          (await runtime.invoke(functions.keyed, { data: { run, key } })) as number,
        async park(key, runs) {
          await runtime.send({ name: "bench/occupy", data: { key } });
          await holding;
          await sendAll(
            runtime,
            "bench/keyed",
            Array.from({ length: runs }, () => ({ run: NOBODY, key })),
          );
        },
      };
    },
  };
}

function functionsOf(ledger: RunLedger, hold: () => Promise<void>) {
  const inngest = new Inngest({ id: "bench" });
  const concurrency = { key: "event.data.key", limit: 1, scope: "env" } as const;
  return {
    steps: inngest.createFunction(
      { id: "steps", triggers: [{ event: "bench/start" }] },
      async ({ event, step }) => {
        const { run, steps } = event.data as Data;
        let sum = 0;
        for (let index = 0; index < steps; index++)
          sum += await step.run(`step-${index}`, () => ledger.step(run, index));
        return sum;
      },
    ),
    waiting: inngest.createFunction(
      { id: "waiting", triggers: [{ event: "bench/wait" }] },
      async ({ event, step }) => {
        const { run } = event.data as Data;
        const before = await step.run("before", () => ledger.step(run, 0));
        await step.waitForEvent("wake", { event: "bench/wake", timeout: "1h", match: "data.run" });
        ledger.resumed(run);
        const output = before + (await step.run("after", () => ledger.step(run, 1)));
        ledger.ended(run, output);
        return output;
      },
    ),
    sleeping: inngest.createFunction(
      { id: "sleeping", triggers: [{ event: "bench/sleep" }] },
      async ({ step }) => step.sleep("a day", "1d"),
    ),
    keyed: inngest.createFunction(
      { id: "keyed", triggers: [{ event: "bench/keyed" }], concurrency },
      async ({ event, step }) => {
        const { run } = event.data as Data;
        const output = await step.run("step", () => ledger.step(run, 0));
        ledger.ended(run, output);
        return output;
      },
    ),
    occupying: inngest.createFunction(
      { id: "occupying", triggers: [{ event: "bench/occupy" }], concurrency },
      async ({ step }) => step.run("hold", hold),
    ),
  };
}

async function sendAll(
  runtime: Longhaul,
  name: string,
  data: readonly Partial<Data>[],
): Promise<void> {
  for (let first = 0; first < data.length; first += BULK)
    await runtime.send(data.slice(first, first + BULK).map((data) => ({ name, data })));
}

/** Resolves when no run is queued or running. */
async function rest(runtime: Longhaul): Promise<void> {
  for (const state of ["queued", "running", "queued"] as const)
    while ((await runtime.listRuns({ state, limit: 1 })).length > 0) await sleep(LOOK_MS);
}

async function outputOf(runtime: Longhaul, event: string): Promise<number> {
  const [run] = await runtime.runsOfEvent(event);
  await runtime.waitForEnd(run?.id ?? "");
  return Number((await runtime.getRun(run?.id ?? ""))?.output);
}
