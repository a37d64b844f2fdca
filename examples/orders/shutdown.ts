import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "longhaul/bullmq";
import type { Print } from "./monitor.ts";

/** Something with connections or timers of its own. */
interface Closable {
  close(): Promise<unknown>;
}

/** All that runs and has to stop. */
export interface Running {
  readonly server: Server;
  readonly workers: readonly Worker[];
  /** What the workers need until their last job is done. */
  readonly others: readonly Closable[];
  readonly graceMs: number;
  /** Aborted when the grace time is over. */
  readonly stopping: AbortController;
  readonly print: Print;
}

/** How long handlers get to stop; what hangs even then is cut off with the process. */
const HAND_BACK_MS = 2000;

/**
 * Resolves when a SIGTERM or SIGINT has come and everything has stopped:
 * no new order, no new job; running jobs finish, or after the grace time are handed back.
 */
export async function runUntilStopped(running: Running): Promise<void> {
  const { server, workers, others, graceMs, stopping, print } = running;
  const [signal] = (await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")])) as [
    string,
  ];
  // Once more, and it is over at once; the store does not mind.
  process.once("SIGINT", () => process.exit(130));
  print(`${signal}: finishing what runs, for up to ${graceMs} ms`);

  const serverClosed = once(server, "close");
  server.close();
  const closing = Promise.all(workers.map((worker) => worker.close()));
  const isDone = await withinTime(closing, graceMs);
  if (!isDone) {
    stopping.abort();
    if (!(await withinTime(closing, HAND_BACK_MS))) {
      print("Some handler does not stop; its job will run again at the next start");
      process.exit(0);
    }
    print("The jobs that were running are handed back");
  }
  await Promise.all(others.map((closable) => closable.close()));
  server.closeAllConnections();
  await serverClosed;
  print("Stopped");
}

async function withinTime(work: Promise<unknown>, timeMs: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(timeMs, false, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}
