/** Adding and processing with many jobs waiting, against few. */
import { addInFlight } from "../measures/add.ts";
import { fill, verifyCounts } from "../measures/drain.ts";
import { follow } from "../measures/follow.ts";
import type { QueueMeasure } from "../contestants/store.ts";
import { timed } from "../../timing.ts";
import { median } from "../../statistics.ts";
import { newSubject, type Subject, TURNS } from "./subject.ts";

const FEW = 1_000;
const IN_FLIGHT = 100;
const CONCURRENCY = 100;
/** The backlog is refilled in bulks of this size, so that it stays what it is while it is worked on. */
const REFILL = 500;
/** Few must stay few: no turn adds more than this. */
const MOST_ADDED = 20_000;

/** Jobs added in a second. */
async function addRate({ queue, ledger }: Subject, goalMs: number): Promise<number> {
  const before = ledger.added.length;
  const added = () => ledger.added.length - before;
  const { ms } = await timed(undefined, async () => {
    const end = performance.now() + goalMs;
    while (added() < MOST_ADDED && performance.now() < end)
      await addInFlight(IN_FLIGHT)(queue, FEW, ledger);
  });
  return (added() / ms) * 1_000;
}

/** Jobs completed in a second while the backlog is kept at its size. */
async function processRate(
  { store, queue, name, ledger }: Subject,
  goalMs: number,
): Promise<number> {
  const before = ledger.completed.length;
  let refills = Promise.resolve();
  let open = true;
  const onCompleted = () => {
    if (open && (ledger.completed.length - before) % REFILL === 0)
      refills = refills.then(() => fill(queue, REFILL, ledger));
  };
  const follower = await follow({ store, name, concurrency: CONCURRENCY, ledger, onCompleted });
  await follower.reach(before + 2 * REFILL);
  const start = { at: performance.now(), completed: ledger.completed.length };
  while (performance.now() < start.at + goalMs) await follower.reach(ledger.completed.length + 100);
  const rate =
    ((ledger.completed.length - start.completed) / (performance.now() - start.at)) * 1_000;
  open = false;
  await follower.close();
  await refills;
  await verifyCounts(queue, ledger);
  return rate;
}

export const waitingMeasure: QueueMeasure = {
  id: "growth-waiting",
  title: "many jobs waiting",
  metrics: [
    { field: "addRatio", unit: "×", better: "more" },
    { field: "processRatio", unit: "×", better: "more" },
  ],
  async run(context) {
    const { goalMs, growthJobs } = context.scale;
    const many = await newSubject(context);
    await fill(many.queue, growthJobs, many.ledger);
    const rates = {
      addFew: [] as number[],
      addMany: [] as number[],
      processFew: [] as number[],
      processMany: [] as number[],
    };
    for (let turn = 0; turn < TURNS; turn++) {
      const few = await newSubject(context);
      await fill(few.queue, FEW, few.ledger);
      // Processing leaves as many as it found, so adding comes last.
      rates.processFew.push(await processRate(few, goalMs));
      rates.processMany.push(await processRate(many, goalMs));
      rates.addFew.push(await addRate(few, goalMs));
      rates.addMany.push(await addRate(many, goalMs));
      await few.end();
    }
    const { waiting } = await many.queue.counts();
    await many.end();
    const [addFew, addMany, processFew, processMany] = [
      rates.addFew,
      rates.addMany,
      rates.processFew,
      rates.processMany,
    ].map(median) as [number, number, number, number];
    return {
      addRatio: addMany / addFew,
      processRatio: processMany / processFew,
      addFew,
      addMany,
      processFew,
      processMany,
      waiting,
    };
  },
};
