/** How fast jobs come in. What was added is worked off after the clock has stopped, to check that all of it is there. */
import type { JobQueue, QueueContext, QueueMeasure } from "../contestants/store.ts";
import { DeliveryLedger } from "../delivery.ts";
import { payload } from "../../payload.ts";
import { drain, verifyCounts } from "./drain.ts";
import type { Sample } from "../../measure.ts";
import { jobsFor, rateOf, timed } from "../../timing.ts";

const NAME = "add";
const WARM_UP = 200;
const CHECKING_CONCURRENCY = 100;

export type Adding = (queue: JobQueue, jobs: number, ledger: DeliveryLedger) => Promise<void>;

/** Adds with `inFlight` calls under way at any time. */
export function addInFlight(inFlight: number): Adding {
  return async (queue, jobs, { added }) => {
    let left = jobs;
    const lane = async () => {
      while (left-- > 0) added.push(await queue.add(payload));
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  };
}

export function addBulkOf(size: number): Adding {
  return async (queue, jobs, { added }) => {
    for (let left = jobs; left > 0; left -= size) {
      for (const id of await queue.addBulk(size, payload)) added.push(id);
    }
  };
}

function addMeasure(id: string, title: string, step: number, add: Adding): QueueMeasure {
  return {
    id,
    title,
    metrics: [{ field: "rate", unit: "/s", better: "more" }],
    async run(context) {
      const jobs = await jobsFor(
        context.scale.goalMs,
        step,
        async (jobs) => (await addTo(context, add, jobs, false)).ms ?? 0,
      );
      return addTo(context, add, jobs, true);
    },
  };
}

async function addTo(
  { newStore, serverPid }: QueueContext,
  add: Adding,
  jobs: number,
  check: boolean,
): Promise<Sample> {
  const store = await newStore();
  const queue = store.queue(NAME);
  const ledger = new DeliveryLedger();
  // Opens the connections of those who have some.
  await addInFlight(100)(queue, WARM_UP, ledger);
  const time = await timed(serverPid, () => add(queue, jobs, ledger));
  if (check) {
    await drain({ store, queue, name: NAME, concurrency: CHECKING_CONCURRENCY, ledger });
    await verifyCounts(queue, ledger);
  }
  await queue.close();
  await store.drop();
  return rateOf(jobs, time);
}

export const addMeasures: readonly QueueMeasure[] = [
  addMeasure("add-100", "add, 100 in flight", 100, addInFlight(100)),
  addMeasure("add-1", "add 1 by 1", 1, addInFlight(1)),
  addMeasure("add-bulk", "addBulk 1000", 1_000, addBulkOf(1_000)),
];
