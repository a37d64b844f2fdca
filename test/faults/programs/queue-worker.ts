/**
 * A process with one BullMQ worker. It starts when told to `go`, and keeps the ledger.
 *
 * Handlers:  quick   done at once
 *            work    done after 0 to 3 ms
 *            hold    done when told to `finish`
 *            deadly  kills its own process
 */
import { setTimeout as pause } from "node:timers/promises";
import { withBackend, type Job, type WorkerOptions } from "bullmq";
import { createSqliteBackend } from "../../../src/queue/index.ts";
import { Ledger } from "../queue-ledger.ts";
import { realNow, replaceClock } from "./fixed-clock.ts";
import { obey, setting, tell } from "./program.ts";

/** What a worker process is told. */
export interface WorkerSetting {
  readonly connection: string | { url: string; durability: "full" | "relaxed" };
  readonly ledger: string;
  readonly queue: string;
  /** Its name in the ledger and in `processedBy`. */
  readonly name: string;
  readonly handler: "quick" | "work" | "hold" | "deadly";
  readonly options?: Omit<WorkerOptions, "connection">;
  /** How far its clock is off, in ms. @default 0 */
  readonly clockOffset?: number;
  /** Whether to tell of each start, end and error. */
  readonly isTalkative?: boolean;
}

const { Worker } = withBackend(createSqliteBackend);
const {
  connection,
  ledger: folder,
  queue,
  name,
  handler,
  options,
  isTalkative,
  clockOffset,
} = setting<WorkerSetting>();
if (clockOffset !== undefined) replaceClock(() => realNow() + clockOffset);
const ledger = new Ledger(folder, name);
let finish: () => void = () => {};
const finished = new Promise<void>((resolve) => (finish = resolve));

// Times of all processes of this machine, in ms, to be compared with each other.
const now = () => performance.timeOrigin + performance.now();
let claims = 0;
let lastAt = 0;
let worstWaitMs = 0;

const handlers = {
  quick: () => undefined,
  work: () => pause(Math.random() * 3),
  hold: () => finished,
  deadly: () => process.kill(process.pid, "SIGKILL"),
};

async function handle(job: Job): Promise<string> {
  const at = now();
  worstWaitMs = Math.max(worstWaitMs, at - lastAt);
  lastAt = at;
  claims++;
  const key = (job.data as { key: string }).key;
  ledger.write("started", key);
  if (isTalkative || claims === 1)
    tell("started", { key, at, attemptsStarted: job.attemptsStarted });
  await handlers[handler]();
  ledger.write("returned", key);
  return name;
}

const openingAt = now();
const worker = new Worker(queue, handle, { ...options, connection, name, autorun: false });
worker.on("completed", (job: Job) => {
  const key = (job.data as { key: string }).key;
  ledger.write("completed", key);
  if (isTalkative) tell("completed", { key, at: now() });
});
worker.on("failed", (job, error) => {
  const key = (job?.data as { key: string } | undefined)?.key ?? "";
  ledger.write("failed", key);
  if (isTalkative) tell("failed", { key, reason: error.message });
});
worker.on("stalled", (id) => isTalkative && tell("stalled", { id }));
worker.on(
  "error",
  (error) =>
    isTalkative &&
    tell("error", { message: error.message, code: (error as { code?: unknown }).code }),
);

obey({
  go: () => {
    lastAt = now();
    void worker.run();
  },
  finish: () => finish(),
  stats: () => ({ claims, lastAt, worstWaitMs }),
  close: async () => {
    await worker.close();
    return {};
  },
  "give-up": async () => {
    await worker.close(true);
    tell("give-up");
    process.disconnect();
    process.exit();
  },
});
await worker.waitUntilReady();
tell("ready", { openingAt });
