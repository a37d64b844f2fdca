/** The runs: functions made of steps on Longhaul, Restate and DBOS, beside a loop that only appends to a journal. */
import type { Suite } from "../suite.ts";
import { BASELINE, contestants } from "./contestants/index.ts";
import { parkedMeasure } from "./growth/parked.ts";
import { sleepingMeasure } from "./growth/sleeping.ts";
import { singleMeasure, throughputMeasures } from "./measures/steps.ts";
import { wakingMeasures } from "./measures/waking.ts";
import { growthTable } from "./report.ts";
import { targets } from "./targets.ts";

export const runs: Suite = {
  id: "runs",
  unit: "step",
  baseline: BASELINE,
  contestants,
  growthContestants: ["longhaul-relaxed", "longhaul-full"],
  throughput: throughputMeasures,
  latency: [singleMeasure, ...wakingMeasures],
  growth: [sleepingMeasure, parkedMeasure],
  targets,
  growthTable,
};
