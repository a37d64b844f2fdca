/** How fast a pre-filled queue is worked off. */
import { DeliveryLedger } from "../delivery.ts";
import { drain, fill, verifyCounts } from "./drain.ts";
import type { QueueContext, QueueMeasure } from "../contestants/store.ts";
import type { Sample } from "../../measure.ts";
import { jobsFor, rateOf } from "../../timing.ts";

const NAME = "process";

function processMeasure(concurrency: number): QueueMeasure {
  return {
    id: `process-${concurrency}`,
    title: `process c=${concurrency}`,
    metrics: [{ field: "rate", unit: "/s", better: "more" }],
    async run(context) {
      const jobs = await jobsFor(
        context.scale.goalMs,
        100,
        async (jobs) => (await work(context, concurrency, jobs)).ms ?? 0,
      );
      return work(context, concurrency, jobs);
    },
  };
}

async function work(
  { newStore, serverPid }: QueueContext,
  concurrency: number,
  jobs: number,
): Promise<Sample> {
  const store = await newStore();
  const queue = store.queue(NAME);
  const ledger = new DeliveryLedger();
  await fill(queue, jobs, ledger);
  const time = await drain({ store, queue, name: NAME, concurrency, ledger, serverPid });
  await verifyCounts(queue, ledger);
  await queue.close();
  await store.drop();
  return rateOf(jobs, time);
}

export const processMeasures: readonly QueueMeasure[] = [1, 10, 100].map(processMeasure);
