/** A concurrency key with many runs behind it, against few: how fast the runs of other keys go. */
import { inFlight } from "../../in-flight.ts";
import { median } from "../../statistics.ts";
import type { GrowingSystem, GrowthMeasure } from "../system.ts";

const TURNS = 3;
const FEW = 100;
const IN_FLIGHT = 50;
const RUNS = 2_000;
const BUSY = "busy";

async function rate({ ledger, runKeyed }: GrowingSystem): Promise<number> {
  let key = 0;
  const work = async () => {
    const run = ledger.expect(1);
    ledger.ended(run, await runKeyed(run, `key-${key++ % IN_FLIGHT}`));
  };
  globalThis.gc?.();
  const start = performance.now();
  await inFlight(IN_FLIGHT, RUNS, work);
  return (RUNS / (performance.now() - start)) * 1_000;
}

export const parkedMeasure: GrowthMeasure = {
  id: "growth-parked",
  title: "many runs parked under one concurrency key",
  metrics: [{ field: "ratio", unit: "×", better: "more" }],
  async run({ newStore, scale: { parkedRuns } }) {
    const [few, many] = [await newStore(), await newStore()];
    await few.park(BUSY, FEW);
    await many.park(BUSY, parkedRuns);
    await rate(few);
    await rate(many);
    const rates = { few: [] as number[], many: [] as number[] };
    for (let turn = 0; turn < TURNS; turn++) {
      rates.few.push(await rate(few));
      rates.many.push(await rate(many));
    }
    for (const system of [few, many]) {
      system.ledger.verify();
      await system.drop();
    }
    return {
      ratio: median(rates.many) / median(rates.few),
      few: median(rates.few),
      many: median(rates.many),
      parked: parkedRuns,
    };
  },
};
