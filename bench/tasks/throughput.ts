/** How fast tasks go whose code does nothing: triggered one by one, and in batches. */
import { inFlight } from "../in-flight.ts";
import type { Sample } from "../measure.ts";
import { jobsFor, rateOf, timed } from "../timing.ts";
import type { TaskContext, TaskMeasure, TaskSystem } from "./system.ts";

const IN_FLIGHT = 100;
const BATCH = 1_000;

const metrics = [{ field: "rate", unit: "/s", better: "more" }] as const;

/** Does so many runs, and enters into `ids` what they are called. */
type Work = (system: TaskSystem, runs: readonly number[], ids: string[]) => Promise<void>;

/** From the first call until the end of the last run is announced. */
async function many(
  { newStore, serverPid }: TaskContext,
  count: number,
  work: Work,
): Promise<Sample> {
  const system = await newStore();
  const runs = Array.from({ length: count }, () => system.ledger.expect(1));
  const ids: string[] = [];
  const time = await timed(serverPid, () => work(system, runs, ids));
  await system.enter(runs, ids);
  system.ledger.verify();
  await system.drop();
  return rateOf(count, time);
}

function measureOf(id: string, title: string, step: number, work: Work): TaskMeasure {
  return {
    id,
    title,
    metrics,
    async run(context) {
      const time = async (runs: number) => (await many(context, runs, work)).ms ?? 0;
      return many(context, await jobsFor(context.scale.goalMs, step, time), work);
    },
  };
}

export const throughputMeasures: readonly TaskMeasure[] = [
  measureOf(
    "trigger-100",
    `trigger, ${IN_FLIGHT} in flight`,
    IN_FLIGHT,
    async (system, runs, ids) => {
      let next = 0;
      await inFlight(IN_FLIGHT, runs.length, async () => {
        const index = next++;
        const { id, end } = await system.trigger(runs[index]!);
        ids[index] = id;
        await end;
      });
    },
  ),
  measureOf("batches", `batchTrigger of ${BATCH}`, BATCH, async (system, runs, ids) => {
    for (let first = 0; first < runs.length; first += BATCH)
      ids.push(...(await system.runBatch(runs.slice(first, first + BATCH))));
  }),
];
