import { z } from "zod";
import { readConnections } from "../../../queue/browse/connections.ts";
import { jobStates } from "../../../queue/browse/job-states.ts";
import { readQueueRows } from "../../../queue/browse/queue-summary.ts";
import { addMinutes, readThroughput } from "../../../queue/browse/throughput.ts";
import { readRunTotals } from "../../../runs/search/run-totals.ts";
import { route } from "../../route.ts";
import { stateCounts as runCounts } from "../runs/fields.ts";
import { iso, time } from "./fields.ts";
import { minute, minutesQuery, showMinute, stateCounts } from "./queues.ts";

/** Everything at a glance. */

/** Queues that are added up; nobody has more. */
const MAX_QUEUES = 2_000;

export const overview = route({
  id: "stats.overview",
  summary: "How everything stands, in one request",
  role: "viewer",
  query: z.strictObject({ minutes: minutesQuery }),
  answer: z.object({
    at: time,
    queues: z.object({ total: z.int(), paused: z.int(), withoutWorkers: z.int() }),
    workers: z.int(),
    /** Over all queues. */
    jobs: stateCounts,
    /** Over all functions. */
    runs: runCounts,
    /** What all queues finished in each of the last minutes; the last one is not over. */
    throughput: z.array(minute),
  }),
  handler: async ({ query: { minutes }, host }) => {
    const { store, clock } = host.parts;
    const now = clock.now();
    const [queues, connections, runs] = await Promise.all([
      readQueueRows(store, { limit: MAX_QUEUES }, now),
      readConnections(store),
      readRunTotals(store),
    ]);
    const workers = connections.filter(({ kind }) => kind === "worker");
    const served = new Set(workers.map(({ queue }) => queue));
    const points = await Promise.all(
      queues.map(({ key }) => readThroughput(store, key, { minutes, now })),
    );
    const totals = jobStates.map((state) => {
      const total = queues.reduce((sum, { counts }) => sum + counts[state], 0);
      return [state, total] as const;
    });
    return {
      at: iso(now),
      queues: {
        total: queues.length,
        paused: queues.filter(({ isPaused }) => isPaused).length,
        withoutWorkers: queues.filter(({ name }) => !served.has(name)).length,
      },
      workers: workers.length,
      jobs: Object.fromEntries(totals) as z.input<typeof stateCounts>,
      runs,
      throughput: addMinutes(points).map(showMinute),
    };
  },
});
