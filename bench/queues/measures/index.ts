/** Everything that is measured, in the order of the tables. */
import { addMeasures } from "./add.ts";
import { delayedMeasures } from "./delayed.ts";
import type { QueueMeasure } from "../contestants/store.ts";
import { pickUpMeasures } from "./pick-up.ts";
import { processMeasures } from "./process.ts";

export const throughputMeasures: readonly QueueMeasure[] = [...addMeasures, ...processMeasures];
export const latencyMeasures: readonly QueueMeasure[] = [...pickUpMeasures, ...delayedMeasures];
