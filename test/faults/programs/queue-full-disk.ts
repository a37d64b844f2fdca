/**
 * A process with a queue and a worker on a disk that fills up. Told to `add`, it adds jobs and tells what became of
 * each; told to `fill`, it adds until the store refuses.
 */
import { setTimeout as pause } from "node:timers/promises";
import { withBackend, type Job, type WorkerOptions } from "bullmq";
import { createSqliteBackend } from "../../../src/queue/index.ts";
import { Ledger } from "../queue-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface FullDiskSetting {
  readonly connection: string;
  readonly ledger: string;
  readonly queue: string;
  readonly options?: Omit<WorkerOptions, "connection">;
}

const { Queue, Worker } = withBackend(createSqliteBackend);
const { connection, ledger: folder, queue: queueName, options } = setting<FullDiskSetting>();
const ledger = new Ledger(folder, "all");
const queue = new Queue(queueName, { connection });
const keyOf = (job: Job) => (job.data as { key: string }).key;
const codeOf = (error: unknown) => (error as { code?: string }).code ?? (error as Error).message;
let count = 0;
const errors: string[] = [];
let errorCount = 0;

const worker = new Worker(
  queueName,
  async (job: Job) => {
    ledger.write("started", keyOf(job));
    await pause(1);
    ledger.write("returned", keyOf(job));
    return "z".repeat(1000);
  },
  { ...options, connection, name: "all", autorun: false },
);
worker.on("completed", (job: Job) => ledger.write("completed", keyOf(job)));
worker.on("failed", (job) => job && ledger.write("failed", keyOf(job)));
worker.on("error", (error) => {
  errorCount++;
  const code = codeOf(error);
  if (!errors.includes(code)) errors.push(code);
});

/** Adds one job. @returns the code it was refused with */
async function add(bytes: number): Promise<string | undefined> {
  const key = `job-${++count}`;
  ledger.write("adding", key);
  try {
    await queue.add("job", { key, filler: "y".repeat(bytes) });
    ledger.write("added", key);
    return undefined;
  } catch (error) {
    ledger.write("rejected", key);
    return codeOf(error);
  }
}

async function addMany(many: number, bytes: number): Promise<(string | undefined)[]> {
  return Promise.all(Array.from({ length: many }, () => add(bytes)));
}

obey({
  go: () => void worker.run(),
  add: async ({ many, bytes }) => {
    const outcomes = await addMany(many as number, bytes as number);
    return { refused: outcomes.filter((code) => code !== undefined) };
  },
  fill: async ({ bytes }) => {
    const refused = new Set<string>();
    for (let failures = 0; failures < 20;) {
      for (const code of await addMany(10, bytes as number)) {
        if (code === undefined) continue;
        failures++;
        refused.add(code);
      }
    }
    return { refused: [...refused] };
  },
  errors: () => ({ codes: errors, count: errorCount }),
  close: async () => {
    await worker.close();
    await queue.close();
    return {};
  },
});
await worker.waitUntilReady();
tell("ready");
