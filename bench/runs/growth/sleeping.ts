/** Many runs that sleep and many that wait for events of one name, against few. */
import { inFlight } from "../../in-flight.ts";
import { median } from "../../statistics.ts";
import { resumes } from "../measures/waking.ts";
import type { GrowingSystem, GrowthMeasure } from "../system.ts";

/** How often the small and the large take turns; the median counts. */
const TURNS = 3;
const FEW = 10;
const IN_FLIGHT = 50;
/** Events and starts are taken in pieces of this size, until the time of a turn is over. */
const PIECE = 250;
const WAKES = 30;
/** What the first turn compiles, and what caches and buffers grow to, is paid for before it. */
const WARM_UP = 2_000;

const KINDS = ["send", "start", "wake"] as const;
type Speeds = Record<(typeof KINDS)[number], number[]>;

async function start({ ledger, run }: GrowingSystem, runs: number): Promise<void> {
  await inFlight(IN_FLIGHT, runs, async () => {
    const number = ledger.expect(1);
    ledger.ended(number, await run(number, 1));
  });
}

/** How much of it is done in a second. */
async function rate(goalMs: number, work: (count: number) => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const from = performance.now();
  for (let count = PIECE; ; count += PIECE) {
    await work(PIECE);
    const ms = performance.now() - from;
    if (ms >= goalMs) return (count / ms) * 1_000;
  }
}

async function turn(system: GrowingSystem, speeds: Speeds, goalMs: number): Promise<void> {
  speeds.send.push(await rate(goalMs, (events) => system.sendUnheard(events)));
  speeds.start.push(await rate(goalMs, (runs) => start(system, runs)));
  // As a speed, so that more is better here too.
  speeds.wake.push(1_000 / median(await resumes(system, WAKES)));
}

function memory() {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

export const sleepingMeasure: GrowthMeasure = {
  id: "growth-sleeping",
  title: "many sleeping and waiting runs",
  metrics: [
    ...KINDS.map((kind) => ({ field: `${kind}Ratio`, unit: "×", better: "more" }) as const),
    { field: "heapPerRun", unit: "bytes", better: "less" },
    { field: "rssPerRun", unit: "bytes", better: "less" },
  ],
  async run({ newStore, scale: { goalMs, sleepingRuns, waitingRuns } }) {
    const [few, many] = [await newStore(), await newStore()];
    const letWait = (system: GrowingSystem, runs: number) =>
      system.letWait(Array.from({ length: runs }, () => system.ledger.expectWaiting()));
    await letWait(few, FEW);
    for (const system of [few, many]) {
      await start(system, WARM_UP);
      await system.sendUnheard(WARM_UP);
    }
    await many.putToSleep(WARM_UP);
    const before = memory();
    await many.putToSleep(sleepingRuns);
    const after = memory();
    await letWait(many, waitingRuns);

    const speeds = { few: newSpeeds(), many: newSpeeds() };
    for (let turns = 0; turns < TURNS; turns++) {
      await turn(few, speeds.few, goalMs / 2);
      await turn(many, speeds.many, goalMs / 2);
    }
    for (const system of [few, many]) {
      system.ledger.verify({ resumes: TURNS * WAKES });
      await system.drop();
    }
    return {
      ...Object.fromEntries(
        KINDS.flatMap((kind) => {
          const [small, large] = [median(speeds.few[kind]), median(speeds.many[kind])];
          return [
            [`${kind}Few`, small],
            [`${kind}Many`, large],
            [`${kind}Ratio`, large / small],
          ];
        }),
      ),
      heapPerRun: (after.heap - before.heap) / sleepingRuns,
      rssPerRun: (after.rss - before.rss) / sleepingRuns,
      sleeping: sleepingRuns,
      waiting: waitingRuns,
    };
  },
};

const newSpeeds = (): Speeds => ({ send: [], start: [], wake: [] });
