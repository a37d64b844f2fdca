/** Filling a queue and working it off: the ground of every measure that processes jobs. */
import type { JobQueue, Store } from "../contestants/store.ts";
import { cpuSince, cpuTime } from "../../cpu.ts";
import type { DeliveryLedger } from "../delivery.ts";
import { payload } from "../../payload.ts";
import { follow } from "./follow.ts";
import type { Timed } from "../../timing.ts";

const BULK = 1_000;

export async function fill(queue: JobQueue, jobs: number, ledger: DeliveryLedger): Promise<void> {
  for (let left = jobs; left > 0; left -= BULK) {
    for (const id of await queue.addBulk(Math.min(left, BULK), payload)) ledger.added.push(id);
  }
}

export interface DrainOptions {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly name: string;
  readonly concurrency: number;
  /** Holds what was added. All of it that is not yet completed is worked off. */
  readonly ledger: DeliveryLedger;
  readonly serverPid?: number | undefined;
}

/**
 * Works off a queue with a new consumer: timed from the first start of a handler until every completion was
 * announced and the store has no active job.
 */
export async function drain({
  store,
  queue,
  name,
  concurrency,
  ledger,
  serverPid,
}: DrainOptions): Promise<Timed> {
  globalThis.gc?.();
  let start = 0;
  const cpu = cpuTime(serverPid);
  const onStart = () => {
    if (start === 0) start = performance.now();
  };
  const follower = await follow({ store, name, concurrency, ledger, onStart });
  await follower.reach(ledger.added.length);
  while ((await queue.counts()).active > 0);
  const time = { ms: performance.now() - start, ...cpuSince(cpu, serverPid) };
  await follower.close();
  return time;
}

/** @throws when the store does not agree with what was seen, or when that was not each job once */
export async function verifyCounts(queue: JobQueue, ledger: DeliveryLedger): Promise<void> {
  const { waiting, delayed, active, completed } = await queue.counts();
  const left = ledger.added.length - ledger.completed.length;
  ledger.verify(left);
  if (waiting + delayed !== left || active !== 0 || completed !== ledger.completed.length) {
    ledger.fail(
      `the store counts ${waiting} waiting, ${delayed} delayed, ${active} active and ${completed} completed, ` +
        `but ${ledger.completed.length} completions were seen`,
    );
  }
}
