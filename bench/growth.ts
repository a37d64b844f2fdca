/** What size does to speed: the measures of the flag `--growth`. Each is taken once, and compares a store with itself. */
import { historyMeasure } from "./growth/history.ts";
import { stormMeasure } from "./growth/storm.ts";
import { waitingMeasure } from "./growth/waiting.ts";
import type { Measure } from "./measures/measure.ts";

export const growthMeasures: readonly Measure[] = [waitingMeasure, historyMeasure, stormMeasure];
