/** What one call compares: who takes part, what is measured, and what must be reached. `--suite` chooses one. */
import type { Contestant } from "./contestant.ts";
import type { Measure } from "./measure.ts";
import type { Report } from "./report.ts";
import type { Target } from "./verdicts.ts";

export interface Suite {
  readonly id: string;
  /** What its throughput is counted in. */
  readonly unit: "job" | "step" | "run";
  /** Ratios are to this contestant. */
  readonly baseline: string;
  /** In the order of the tables. */
  readonly contestants: readonly Contestant[];
  /** Ids of those that growth is measured of, unless one says who: the others are not what growth is about. */
  readonly growthContestants: readonly string[];
  /** Measures whose samples have a `rate`. */
  readonly throughput: readonly Measure[];
  /** Measures whose samples have a `p50` and a `p99`. */
  readonly latency: readonly Measure[];
  /** Measures that compare a store with itself; each is taken once. */
  readonly growth: readonly Measure[];
  readonly targets: readonly Target[];
  growthTable(report: Report): string;
}

export const speedMeasures = ({ throughput, latency }: Suite): readonly Measure[] => [
  ...throughput,
  ...latency,
];

export const allMeasures = (suite: Suite): readonly Measure[] => [
  ...speedMeasures(suite),
  ...suite.growth,
];
