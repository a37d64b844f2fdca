/** From the samples of all rounds to one number each, and to ratios. */
import type { Measure, Sample } from "./measure.ts";
import { median, type Spread, spread } from "./statistics.ts";

/** One run of one measure. */
export interface SampleRecord {
  readonly contestant: string;
  readonly round: number;
  readonly measure: string;
  readonly sample: Sample;
}

export interface SummaryRow extends Spread {
  readonly contestant: string;
  readonly measure: string;
  readonly field: string;
  /** Of the medians, to the baseline of the same call. Above 1 is better than the baseline, whatever the unit. */
  readonly ratio?: number;
}

export class Results {
  readonly records: SampleRecord[] = [];
  /** The contestant that ratios are to. */
  readonly baseline: string;

  constructor(baseline: string) {
    this.baseline = baseline;
  }

  /** Every value of one number over the rounds. */
  values(contestant: string, measure: string, field: string): number[] {
    return this.records
      .filter((record) => record.contestant === contestant && record.measure === measure)
      .flatMap((record) => record.sample[field] ?? []);
  }

  /** The median over the rounds; undefined when it was not measured. */
  median(contestant: string, measure: string, field: string): number | undefined {
    const values = this.values(contestant, measure, field);
    return values.length === 0 ? undefined : median(values);
  }

  /** How many times as much `contestant` reached as `other`. */
  ratio(contestant: string, other: string, measure: string, field: string): number | undefined {
    const [mine, theirs] = [
      this.median(contestant, measure, field),
      this.median(other, measure, field),
    ];
    return mine === undefined || theirs === undefined ? undefined : mine / theirs;
  }

  /** The rows of the measures that compare contestants, one for each number. */
  rows(contestants: readonly string[], measures: readonly Measure[]): SummaryRow[] {
    return measures.flatMap(({ id: measure, metrics }) =>
      metrics.flatMap(({ field, better }) =>
        contestants.flatMap((contestant): SummaryRow[] => {
          const values = this.values(contestant, measure, field);
          if (values.length === 0) return [];
          const ratio =
            better === "more"
              ? this.ratio(contestant, this.baseline, measure, field)
              : this.ratio(this.baseline, contestant, measure, field);
          return [
            {
              contestant,
              measure,
              field,
              ...spread(values, better),
              ...(ratio === undefined ? {} : { ratio }),
            },
          ];
        }),
      ),
    );
  }
}
