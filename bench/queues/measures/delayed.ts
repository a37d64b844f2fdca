/** How late delayed jobs start, with an idle worker waiting for them. */
import { fineClock } from "../../clock.ts";
import { DeliveryLedger } from "../delivery.ts";
import { payload } from "../../payload.ts";
import { percentile } from "../../statistics.ts";
import { verifyCounts } from "./drain.ts";
import { follow } from "./follow.ts";
import type { QueueMeasure } from "../contestants/store.ts";
import { SHORTEST_DELAY_MS } from "../../measure.ts";

const NAME = "delayed";

export const delayedMeasures: readonly QueueMeasure[] = [
  {
    id: "delayed",
    title: "delayed jobs late",
    metrics: [
      { field: "p50", unit: "ms", better: "less" },
      { field: "p99", unit: "ms", better: "less" },
    ],
    async run({ newStore, scale }) {
      const store = await newStore();
      const queue = store.queue(NAME);
      const ledger = new DeliveryLedger();
      const dueAt = new Map<string, number>();
      const startedAt = new Map<string, number>();
      const now = fineClock();
      const onStart = (id: string) => void startedAt.set(id, now());
      const follower = await follow({ store, name: NAME, concurrency: 1, ledger, onStart });
      for (let job = 0; job < scale.delayedJobs; job++) {
        const share = job / (scale.delayedJobs - 1);
        const delay = Math.round(
          SHORTEST_DELAY_MS + share * (scale.longestDelayMs - SHORTEST_DELAY_MS),
        );
        const timestamp = Date.now();
        const id = await queue.add(payload, { timestamp, delay });
        ledger.added.push(id);
        dueAt.set(id, timestamp + delay);
      }
      await follower.reach(scale.delayedJobs);
      await verifyCounts(queue, ledger);
      await follower.close();
      await queue.close();
      await store.drop();
      const lateness = [...dueAt].map(([id, due]) => (startedAt.get(id) ?? Number.NaN) - due);
      const early = lateness.filter((ms) => ms < 0).length;
      return {
        p50: percentile(lateness, 0.5),
        p99: percentile(lateness, 0.99),
        max: Math.max(...lateness),
        early,
        jobs: lateness.length,
      };
    },
  },
];
