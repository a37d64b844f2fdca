/** How fast steps go when many runs are under way, and when there is one. */
import { inFlight } from "../../in-flight.ts";
import type { Sample } from "../../measure.ts";
import { median, percentile } from "../../statistics.ts";
import { jobsFor, rateOf, timed } from "../../timing.ts";
import type { RunContext, RunMeasure, RunSystem } from "../system.ts";

/** Steps of a short run. */
const STEPS = 10;
const RUNS_IN_FLIGHT = 50;
const WARM_UP = 100;
/** Short runs that the long one is compared with. */
const COMPARED = 50;

/** One run, entered into the ledger; its time in ms. */
async function timedRun({ ledger, run }: RunSystem, steps: number): Promise<number> {
  const number = ledger.expect(steps);
  const start = performance.now();
  const output = await run(number, steps);
  const ms = performance.now() - start;
  ledger.ended(number, output);
  return ms;
}

async function many({ newStore, serverPid }: RunContext, runs: number): Promise<Sample> {
  const system = await newStore();
  const work = () => timedRun(system, STEPS);
  await inFlight(RUNS_IN_FLIGHT, WARM_UP, work);
  const time = await timed(serverPid, () => inFlight(RUNS_IN_FLIGHT, runs, work));
  system.ledger.verify();
  await system.drop();
  return rateOf(runs * STEPS, time);
}

/** Of a long run, medians in ms, so that a stall of the disk is not taken for growth: of as many steps as a short run has, and of single steps. */
interface LongRun {
  readonly slice: number;
  readonly firstTenth: number;
  readonly lastTenth: number;
}

async function long(system: RunSystem, steps: number): Promise<LongRun> {
  const at: number[] = [];
  system.ledger.onStep = () => void at.push(performance.now());
  await timedRun(system, steps);
  system.ledger.onStep = undefined;
  const between = (every: number) => {
    const times = at.filter((_, index) => index % every === 0);
    return times.slice(1).map((time, index) => time - times[index]!);
  };
  const took = between(1);
  const tenth = Math.floor(steps / 10);
  return {
    slice: median(between(STEPS)),
    firstTenth: median(took.slice(0, tenth)),
    lastTenth: median(took.slice(-tenth)),
  };
}

export const throughputMeasures: readonly RunMeasure[] = [
  {
    id: "steps-50",
    title: `${STEPS}-step runs, ${RUNS_IN_FLIGHT} in flight`,
    metrics: [{ field: "rate", unit: "/s", better: "more" }],
    async run(context) {
      const runs = await jobsFor(
        context.scale.goalMs,
        RUNS_IN_FLIGHT,
        async (runs) => (await many(context, runs)).ms ?? 0,
      );
      return many(context, runs);
    },
  },
  {
    id: "long-run",
    title: "one long run",
    metrics: [
      { field: "rate", unit: "/s", better: "more" },
      { field: "ratio", unit: "×", better: "less" },
      { field: "lastToFirst", unit: "×", better: "less" },
    ],
    async run({ newStore, serverPid, scale: { longSteps } }) {
      const system = await newStore();
      const short: number[] = [];
      const compare = async () => {
        for (let runs = 0; runs < COMPARED; runs++) short.push(await timedRun(system, STEPS));
      };
      await compare();
      short.length = 0;
      await compare();
      let run: LongRun | undefined;
      const time = await timed(serverPid, async () => {
        run = await long(system, longSteps);
      });
      await compare();
      system.ledger.verify();
      await system.drop();
      return {
        ...rateOf(longSteps, time),
        ratio: run!.slice / median(short),
        lastToFirst: run!.lastTenth / run!.firstTenth,
      };
    },
  },
];

export const singleMeasure: RunMeasure = {
  id: "single",
  title: `one ${STEPS}-step run at a time`,
  metrics: [
    { field: "p50", unit: "ms", better: "less" },
    { field: "p99", unit: "ms", better: "less" },
    { field: "mean", unit: "ms", better: "less" },
  ],
  async run({ newStore, scale: { singleRuns } }) {
    const system = await newStore();
    for (let runs = 0; runs < WARM_UP; runs++) await timedRun(system, STEPS);
    globalThis.gc?.();
    const ms: number[] = [];
    for (let runs = 0; runs < singleRuns; runs++) ms.push(await timedRun(system, STEPS));
    system.ledger.verify();
    await system.drop();
    return {
      p50: percentile(ms, 0.5),
      p99: percentile(ms, 0.99),
      mean: ms.reduce((a, b) => a + b) / ms.length,
      runs: singleRuns,
    };
  },
};
