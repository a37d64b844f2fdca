/** What size does to speed: the measures of the flag `--growth`. Each is taken once, and compares a store with itself. */
import type { QueueMeasure } from "./contestants/store.ts";
import { historyMeasure } from "./growth/history.ts";
import { stormMeasure } from "./growth/storm.ts";
import { waitingMeasure } from "./growth/waiting.ts";

export const growthMeasures: readonly QueueMeasure[] = [
  waitingMeasure,
  historyMeasure,
  stormMeasure,
];
