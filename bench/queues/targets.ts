/** What Longhaul's queues must reach. Only ratios and latencies: absolute speeds are the machine's. */
import type { Target } from "../verdicts.ts";
import { BASELINE } from "./contestants/index.ts";
import { throughputMeasures } from "./measures/index.ts";

const RELAXED = "longhaul-relaxed";
const FULL = "longhaul-full";

const ratio = (contestant: string, against: string, measure: string, atLeast: number): Target => ({
  contestant,
  against,
  measure,
  field: "rate",
  atLeast,
  title: `${throughputMeasures.find(({ id }) => id === measure)?.title}, to ${against}`,
});

const number = (
  contestant: string,
  measure: string,
  field: string,
  title: string,
  bound: { atLeast: number } | { below: number },
): Target => ({
  contestant,
  measure,
  field,
  title,
  ...bound,
});

export const targets: readonly Target[] = [
  ratio(RELAXED, BASELINE, "add-100", 2.5),
  ratio(RELAXED, BASELINE, "add-1", 3),
  ratio(RELAXED, BASELINE, "add-bulk", 5),
  ratio(RELAXED, BASELINE, "process-1", 2.5),
  ratio(RELAXED, BASELINE, "process-10", 2.5),
  ratio(RELAXED, BASELINE, "process-100", 3),
  ratio(FULL, BASELINE, "add-bulk", 4),
  ratio(FULL, BASELINE, "process-10", 1.2),
  ratio(FULL, BASELINE, "process-100", 2.5),
  ...["redis-always", "postgres"].flatMap((peer) =>
    throughputMeasures.map(({ id }) => ratio(FULL, peer, id, 4)),
  ),
  number(RELAXED, "pick-up", "p50", "pick-up in the process, p50 ms", { below: 0.5 }),
  ...[RELAXED, FULL].flatMap((id) => [
    number(id, "pick-up-remote", "p50", "pick-up from another process, p50 ms", { below: 5 }),
    number(id, "delayed", "p99", "lateness of delayed jobs, p99 ms", { below: 5 }),
    number(id, "growth-waiting", "addRatio", "adding with many waiting, to few", { atLeast: 0.8 }),
    number(id, "growth-waiting", "processRatio", "processing with many waiting, to few", {
      atLeast: 0.8,
    }),
    // "Does not slow processing": a tenth is what two equal runs differ by.
    number(id, "growth-history", "ratio", "processing with a long history, to none", {
      atLeast: 0.9,
    }),
    number(id, "growth-storm", "longestBlock", "longest block of the event loop in a storm, ms", {
      below: 50,
    }),
    number(id, "growth-storm", "early", "delayed jobs that started early in a storm", { below: 1 }),
  ]),
];
