/** Everything that is measured, in the order of the tables. */
import { growthMeasures } from "../growth.ts";
import { addMeasures } from "./add.ts";
import { delayedMeasures } from "./delayed.ts";
import type { Measure } from "./measure.ts";
import { pickUpMeasures } from "./pick-up.ts";
import { processMeasures } from "./process.ts";

export const throughputMeasures: readonly Measure[] = [...addMeasures, ...processMeasures];
export const latencyMeasures: readonly Measure[] = [...pickUpMeasures, ...delayedMeasures];
export const speedMeasures: readonly Measure[] = [...throughputMeasures, ...latencyMeasures];
export { growthMeasures };

export function measureOf(id: string): Measure {
  const found = [...speedMeasures, ...growthMeasures].find((measure) => measure.id === id);
  if (found === undefined) throw new Error(`no measure "${id}"`);
  return found;
}
