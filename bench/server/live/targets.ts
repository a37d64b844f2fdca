/** What live updates must reach. */
import type { Target } from "../../verdicts.ts";

const contestant = "longhaul";

export const liveTargets: readonly Target[] = [
  ...["live-one-job", "live-many-jobs"].map((measure) => ({
    contestant,
    measure,
    field: "p99",
    title: `${measure}: progress until a client has it, p99 ms`,
    below: 250,
  })),
  {
    contestant,
    measure: "live-processing",
    field: "share",
    title: "processing speed with 1,000 clients, of that without",
    atLeast: 0.8,
  },
];
