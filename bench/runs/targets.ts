/** What Longhaul's runs must reach. Absolute speeds are the machine's: the ratios say what they are worth on another. */
import type { Target } from "../verdicts.ts";

const RELAXED = "longhaul-relaxed";
const FULL = "longhaul-full";

/** A fifth is what two equal runs differ by. */
const KEEPS_ITS_SPEED = [
  ["growth-sleeping", "sendRatio", "sending an event, with many sleeping and waiting runs, to few"],
  ["growth-sleeping", "startRatio", "starting runs, with many sleeping and waiting, to few"],
  ["growth-sleeping", "wakeRatio", "waking a run, with many sleeping and waiting, to few"],
  ["growth-parked", "ratio", "runs of other keys, with many parked under one, to few"],
] as const;

const throughput = (contestant: string, atLeast: number, against?: string): Target => ({
  contestant,
  measure: "steps-50",
  field: "rate",
  title:
    against === undefined
      ? "10-step runs, 50 in flight, steps/s"
      : `10-step runs, 50 in flight, to ${against}`,
  atLeast,
  ...(against === undefined ? {} : { against }),
});

const number = (
  [contestant, measure, field, title]: readonly [string, string, string, string],
  bound: { atLeast: number } | { below: number } | { atMost: number },
): Target => ({ contestant, measure, field, title, ...bound });

const targetsOf = (id: string, singleMs: number): Target[] =>
  KEEPS_ITS_SPEED.map(([measure, field, title]) =>
    number([id, measure, field, title], { atLeast: 0.8 }),
  ).concat(
    throughput(id, 20, "dbos"),
    throughput(id, 8, "restate"),
    number([id, "single", "p50", "one 10-step run at a time, p50 ms"], { atMost: singleMs }),
    number([id, "long-run", "ratio", "a step of a long run, to one of a 10-step run"], {
      atMost: 1.2,
    }),
    number([id, "long-run", "lastToFirst", "the last steps of a long run, to its first"], {
      atMost: 1.2,
    }),
    number([id, "first-step", "p50", "event → first step, p50 ms"], { below: 1 }),
    number([id, "resume", "p50", "wait satisfied → run resumed, p50 ms"], { below: 2 }),
    number([id, "growth-sleeping", "heapPerRun", "heap for each sleeping run, bytes"], {
      atMost: 16,
    }),
  );

export const targets: readonly Target[] = [
  throughput(RELAXED, 60_000),
  throughput(FULL, 40_000),
  ...targetsOf(RELAXED, 1),
  ...targetsOf(FULL, 4),
];
