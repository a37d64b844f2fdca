/** The tasks: functions in Trigger.dev's idiom, whose code stays in memory while they wait. */
import type { Suite } from "../suite.ts";
import { contestants } from "./contestants.ts";
import { latencyMeasures } from "./latency.ts";
import { memoryMeasure } from "./memory.ts";
import { growthTable } from "./report.ts";
import { targets } from "./targets.ts";
import { throughputMeasures } from "./throughput.ts";

export const tasks: Suite = {
  id: "tasks",
  unit: "run",
  baseline: "longhaul-full",
  contestants,
  growthContestants: contestants.map(({ id }) => id),
  throughput: throughputMeasures,
  latency: latencyMeasures,
  growth: [memoryMeasure],
  targets,
  growthTable,
};
