/** What tasks must reach. Absolute speeds are the machine's. */
import type { Target } from "../verdicts.ts";

/** A sixth above what was measured: code that has not grown stays below. */
const HEAP_BYTES = 20_000;

const targetsOf = (contestant: string): Target[] => [
  ...["trigger-100", "batches"].map((measure) => ({
    contestant,
    measure,
    field: "rate",
    title: `trivial tasks, ${measure}, runs/s`,
    atLeast: 10_000,
  })),
  {
    contestant,
    measure: "first-line",
    field: "p50",
    title: "trigger → first line, p50 ms",
    below: 1,
  },
  {
    contestant,
    measure: "children",
    field: "p50",
    title: "a parent with 1,000 children, p50 ms",
    below: 1_000,
  },
  {
    contestant,
    measure: "growth-waiting",
    field: "heapPerRun",
    title: "heap for each waiting task, bytes",
    atMost: HEAP_BYTES,
  },
];

export const targets: readonly Target[] = ["longhaul-relaxed", "longhaul-full"].flatMap(targetsOf);
