/** What searches must reach. */
import type { Target } from "../../verdicts.ts";
import { QUERIES } from "./system.ts";

const contestant = "longhaul";

export const searchTargets: readonly Target[] = [
  ...Object.keys(QUERIES).map((id) => ({
    contestant,
    measure: `search-${id}`,
    field: "p99",
    title: `search-${id}: first page over 500,000 jobs, p99 ms`,
    below: 300,
  })),
  {
    contestant,
    measure: "search-processing",
    field: "share",
    title: "processing speed beside searches, of that without",
    atLeast: 0.9,
  },
];
