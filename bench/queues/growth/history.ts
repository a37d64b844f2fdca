/** Processing with a long history of completed jobs, against none. */
import { drain, fill, verifyCounts } from "../measures/drain.ts";
import type { QueueMeasure } from "../contestants/store.ts";
import { jobsFor, rateOf } from "../../timing.ts";
import { median } from "../../statistics.ts";
import { newSubject, type Subject, TURNS } from "./subject.ts";

const CONCURRENCY = 100;
/** A history is made in pieces, so that it does not also measure a long backlog. */
const PIECE = 20_000;

async function work(subject: Subject, jobs: number): Promise<{ rate: number; ms: number }> {
  await fill(subject.queue, jobs, subject.ledger);
  const time = await drain({ ...subject, concurrency: CONCURRENCY });
  return { rate: rateOf(jobs, time).rate ?? Number.NaN, ms: time.ms };
}

export const historyMeasure: QueueMeasure = {
  id: "growth-history",
  title: "long history of completed jobs",
  metrics: [{ field: "ratio", unit: "×", better: "more" }],
  async run(context) {
    const { goalMs, growthJobs } = context.scale;
    const long = await newSubject(context);
    for (let made = 0; made < growthJobs; made += PIECE)
      await work(long, Math.min(PIECE, growthJobs - made));

    const fresh = async (jobs: number) => {
      const subject = await newSubject(context);
      const result = await work(subject, jobs);
      await subject.end();
      return result;
    };
    const jobs = await jobsFor(goalMs, 100, async (jobs) => (await fresh(jobs)).ms);
    const empty: number[] = [];
    const grown: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      empty.push((await fresh(jobs)).rate);
      grown.push((await work(long, jobs)).rate);
    }
    await verifyCounts(long.queue, long.ledger);
    const history = long.ledger.completed.length;
    await long.end();
    return {
      ratio: median(grown) / median(empty),
      empty: median(empty),
      grown: median(grown),
      history,
    };
  },
};
