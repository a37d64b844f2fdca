/** Many delayed jobs that become due at one instant. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fineClock } from "../../clock.ts";
import { verifyCounts } from "../measures/drain.ts";
import { follow } from "../measures/follow.ts";
import type { QueueContext, QueueMeasure } from "../contestants/store.ts";
import type { Sample } from "../../measure.ts";
import { payload } from "../../payload.ts";
import { median } from "../../statistics.ts";
import { newSubject } from "./subject.ts";

const CONCURRENCY = 100;
const BULK = 1_000;
/** The event loop is watched from so long before the instant. */
const LEAD_MS = 200;
/** How long adding may take at first; who needs longer gets it in another try. */
const ADDING_MS = 5_000;

export const stormMeasure: QueueMeasure = {
  id: "growth-storm",
  title: "many delayed jobs due at one instant",
  metrics: [
    { field: "first", unit: "ms", better: "less" },
    { field: "median", unit: "ms", better: "less" },
    { field: "last", unit: "ms", better: "less" },
    { field: "longestBlock", unit: "ms", better: "less" },
    { field: "early", unit: "jobs", better: "less" },
  ],
  async run(context) {
    for (let addingMs = ADDING_MS; ; addingMs *= 3) {
      const sample = await storm(context, addingMs);
      if (sample !== undefined) return sample;
    }
  },
};

async function storm(context: QueueContext, addingMs: number): Promise<Sample | undefined> {
  const { store, queue, name, ledger, end } = await newSubject(context);
  const jobs = context.scale.stormJobs;
  const now = fineClock();
  const due = Date.now() + addingMs;
  for (let left = jobs; left > 0; left -= BULK) {
    const timestamp = Date.now();
    if (timestamp > due - 2 * LEAD_MS) {
      await end();
      return undefined;
    }
    for (const id of await queue.addBulk(Math.min(left, BULK), payload, {
      timestamp,
      delay: due - timestamp,
    }))
      ledger.added.push(id);
  }

  const lateness: number[] = [];
  const onStart = () => lateness.push(now() - due);
  const follower = await follow({ store, name, concurrency: CONCURRENCY, ledger, onStart });
  await sleep(Math.max(0, due - LEAD_MS - Date.now()));
  globalThis.gc?.();
  const blocks = watchEventLoop();
  await follower.reach(jobs);
  const { monitorMax, monitorP99, ownMax } = blocks.stop();
  await verifyCounts(queue, ledger);
  await follower.close();
  await end();
  return {
    first: lateness.reduce((a, b) => Math.min(a, b)),
    median: median(lateness),
    last: lateness.reduce((a, b) => Math.max(a, b)),
    longestBlock: Math.max(monitorMax, ownMax),
    monitorMax,
    monitorP99,
    ownMax,
    early: lateness.filter((ms) => ms < 0).length,
    jobs,
  };
}

/** Node's own monitor, and a plain timer beside it, as the monitor leaves out what happens within its first beat. */
function watchEventLoop() {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  let ownMax = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    ownMax = Math.max(ownMax, now - last);
    last = now;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      monitor.disable();
      return {
        monitorMax: monitor.max / 1e6,
        monitorP99: monitor.percentile(99) / 1e6,
        ownMax: Math.max(ownMax, performance.now() - last),
      };
    },
  };
}
