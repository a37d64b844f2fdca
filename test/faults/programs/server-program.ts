/**
 * A process with a server, a worker of one queue and a function that waits. Jobs are held until the process is told to
 * end, and done then. It keeps the ledger.
 */
import type { Job } from "bullmq";
import { Worker } from "../../../src/bullmq/index.ts";
import { createLonghaul, systemClock } from "../../../src/index.ts";
import { Inngest } from "../../../src/inngest/index.ts";
import { createServer } from "../../../src/server/index.ts";
import { closeOnSignals, serve } from "../../../src/server/mounts/node.ts";
import { Ledger } from "../queue-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What a server process is told. */
export interface ServerSetting {
  readonly url: string;
  readonly ledger: string;
  /** Its name in the ledger. */
  readonly name: string;
  /** How many jobs it takes at a time; 0: no worker. */
  readonly concurrency: number;
  readonly graceMs: number;
  /** Whether jobs never end. */
  readonly isStuck?: boolean;
  /** How far its clock is ahead, in ms. @default 0 */
  readonly aheadMs?: number;
}

const given = setting<ServerSetting>();
const { url, ledger: folder, name, concurrency, graceMs, isStuck = false, aheadMs = 0 } = given;
const ledger = new Ledger(folder, name);
let release: () => void = () => {};
const released = new Promise<void>((resolve) => (release = resolve));

async function handle(job: Job<{ key: string }>): Promise<void> {
  ledger.write("started", job.data.key);
  tell("started", { key: job.data.key });
  await released;
  ledger.write("returned", job.data.key);
}

const app = new Inngest({ id: "app" });
const waiter = app.createFunction({ id: "waiter" }, { event: "wait" }, async ({ step }) => {
  tell("waiting");
  await step.sleep("long", "1d");
});
const longhaul = createLonghaul({
  url,
  functions: [waiter],
  workers: concurrency === 0 ? [] : [makeWorker],
  clock: { ...systemClock, now: () => Date.now() + aheadMs },
});
const server = createServer(longhaul, {
  auth: { authorize: () => ({ name: "test", role: "admin" }) },
});

function makeWorker({ connection }: { connection: string }): Worker {
  const worker = new Worker<{ key: string }>("work", handle, { connection, concurrency });
  worker.on("completed", (job) => ledger.write("completed", job.data.key));
  return worker;
}

await longhaul.start();
const served = await serve(server, { port: 0 });
closeOnSignals(longhaul, served, { graceMs });
process.once("SIGTERM", () => tell("told"));
// When nobody can ask any more, and the runtime has been told to close as well.
served.http.once("close", () => !isStuck && setImmediate(release));
obey({});
tell("ready", { url: served.url });
