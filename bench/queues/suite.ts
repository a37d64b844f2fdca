/** The queues: BullMQ's API on Longhaul, Redis and PostgreSQL. */
import type { Suite } from "../suite.ts";
import { BASELINE, contestants } from "./contestants/index.ts";
import { growthMeasures } from "./growth.ts";
import { latencyMeasures, throughputMeasures } from "./measures/index.ts";
import { growthTable } from "./report.ts";
import { targets } from "./targets.ts";

export const queues: Suite = {
  id: "queues",
  unit: "job",
  baseline: BASELINE,
  contestants,
  // PostgreSQL would take an hour.
  growthContestants: ["longhaul-relaxed", "longhaul-full", "redis"],
  throughput: throughputMeasures,
  latency: latencyMeasures,
  growth: growthMeasures,
  targets,
  growthTable,
};
