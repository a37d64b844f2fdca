/** Whether what was to be reached was reached in this call. */
import { figure, rate, times } from "./markdown.ts";
import type { Results } from "./summary.ts";

export interface Verdict {
  readonly contestant: string;
  /** What is compared, and with whom. */
  readonly target: string;
  readonly bound: string;
  readonly reached: string;
  readonly passed: boolean;
}

export interface Target {
  readonly contestant: string;
  readonly measure: string;
  readonly field: string;
  /** A peer to compare with; without one the number itself counts. */
  readonly against?: string;
  readonly title: string;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
}

/** One verdict for each target whose numbers this call has. */
export function judge(targets: readonly Target[], results: Results): Verdict[] {
  return targets.flatMap((target): Verdict[] => {
    const { contestant, measure, field, against, title, atLeast, below, atMost } = target;
    const reached =
      against === undefined
        ? results.median(contestant, measure, field)
        : results.ratio(contestant, against, measure, field);
    if (reached === undefined) return [];
    const show = against !== undefined ? times : field === "rate" ? rate : figure;
    const bounds = [
      { sign: "≥", bound: atLeast, passed: reached >= (atLeast ?? -Infinity) },
      { sign: "<", bound: below, passed: reached < (below ?? Infinity) },
      { sign: "≤", bound: atMost, passed: reached <= (atMost ?? Infinity) },
    ].filter(({ bound }) => bound !== undefined);
    return [
      {
        contestant,
        target: title,
        bound: bounds.map(({ sign, bound }) => `${sign} ${show(bound)}`).join(", "),
        reached: show(reached),
        passed: bounds.every(({ passed }) => passed),
      },
    ];
  });
}
