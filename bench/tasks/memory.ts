/** What a task that waits costs while its code stays in memory. */
import type { TaskMeasure } from "./system.ts";

/** So that code, caches and buffers have the size that they keep. */
const WARM_UP = 500;

function memory() {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

export const memoryMeasure: TaskMeasure = {
  id: "growth-waiting",
  title: "memory of waiting tasks",
  metrics: [
    { field: "heapPerRun", unit: "bytes", better: "less" },
    { field: "rssPerRun", unit: "bytes", better: "less" },
  ],
  async run({ newStore, scale: { waitingRuns } }) {
    const system = await newStore();
    const letSleep = (count: number) =>
      system.letSleep(Array.from({ length: count }, () => system.ledger.expectWaiting()));
    await letSleep(WARM_UP);
    const before = memory();
    // No more than are kept at most, with those before.
    const waiting = waitingRuns - WARM_UP;
    await letSleep(waiting);
    const after = memory();
    system.ledger.verify();
    await system.drop();
    return {
      heapPerRun: (after.heap - before.heap) / waiting,
      rssPerRun: (after.rss - before.rss) / waiting,
      waiting,
    };
  },
};
