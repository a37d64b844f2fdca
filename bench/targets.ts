/** What Longhaul must reach, and whether it did in this call. Only ratios and latencies: absolute speeds are the machine's. */
import { BASELINE } from "./contestants/index.ts";
import { throughputMeasures } from "./measures/index.ts";
import type { Results } from "./summary.ts";

export interface Verdict {
  readonly contestant: string;
  /** What is compared, and with whom. */
  readonly target: string;
  readonly bound: string;
  readonly reached: number;
  readonly passed: boolean;
}

interface Target {
  readonly contestant: string;
  readonly measure: string;
  readonly field: string;
  /** A peer to compare with; without one the number itself counts. */
  readonly against?: string;
  readonly title: string;
  readonly atLeast?: number;
  readonly below?: number;
}

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

const targets: readonly Target[] = [
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

/** One verdict for each target whose numbers this call has. */
export function judge(results: Results): Verdict[] {
  return targets.flatMap(
    ({ contestant, measure, field, against, title, atLeast, below }): Verdict[] => {
      const reached =
        against === undefined
          ? results.median(contestant, measure, field)
          : results.ratio(contestant, against, measure, field);
      if (reached === undefined) return [];
      const bound = atLeast === undefined ? `< ${below}` : `≥ ${atLeast}×`;
      return [
        {
          contestant,
          target: title,
          bound,
          reached,
          passed: atLeast === undefined ? reached < (below ?? 0) : reached >= atLeast,
        },
      ];
    },
  );
}
