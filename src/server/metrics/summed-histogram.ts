/** Values of labels, in the order of their names. */
type LabelValues = readonly string[];

interface Sums {
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

interface Series {
  readonly labels: LabelValues;
  readonly counts: number[];
  count: number;
  sum: number;
}

/** A Prometheus histogram that takes sums: prom-client's takes one value at a time, and they come by the thousand. */
export class SummedHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #labelNames: readonly string[];
  /** In seconds, rising. */
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
    /** Upper bounds of the buckets in ms, rising. */
    readonly boundsMs: readonly number[];
  }) {
    this.#name = options.name;
    this.#help = options.help;
    this.#labelNames = options.labels;
    this.#bounds = options.boundsMs.map((bound) => bound / 1_000);
  }

  /** @param bucket by how many of the bounds each of the values is above */
  add(labels: LabelValues, bucket: number, count: number, sumMs: number): void {
    const series = this.#of(labels);
    series.counts[bucket]! += count;
    series.count += count;
    series.sum += sumMs / 1_000;
  }

  /** Adds what was summed up bucket by bucket. */
  addSums(labels: LabelValues, sums: Sums): void {
    if (sums.count === 0) return;
    const series = this.#of(labels);
    for (const [bucket, count] of sums.counts.entries()) series.counts[bucket]! += count;
    series.count += sums.count;
    series.sum += sums.sumMs / 1_000;
  }

  /** Adds one value. */
  observe(labels: LabelValues, ms: number): void {
    const seconds = ms / 1_000;
    let bucket = 0;
    while (bucket < this.#bounds.length && seconds > this.#bounds[bucket]!) bucket++;
    this.add(labels, bucket, 1, ms);
  }

  /** In the text format, with a line feed at the end. */
  render(): string {
    const lines = [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} histogram`];
    for (const { labels, counts, count, sum } of this.#series.values()) {
      const own = this.#labelNames.map((name, index) => `${name}="${escape(labels[index]!)}"`);
      let total = 0;
      for (const [index, bound] of [...this.#bounds, "+Inf"].entries()) {
        total += counts[index]!;
        lines.push(`${this.#name}_bucket{${[...own, `le="${bound}"`].join(",")}} ${total}`);
      }
      const braces = own.length > 0 ? `{${own.join(",")}}` : "";
      lines.push(`${this.#name}_sum${braces} ${sum}`, `${this.#name}_count${braces} ${count}`);
    }
    return `${lines.join("\n")}\n`;
  }

  #of(labels: LabelValues): Series {
    const key = labels.join("\0");
    let series = this.#series.get(key);
    if (series === undefined) {
      const counts = Array<number>(this.#bounds.length + 1).fill(0);
      series = { labels, counts, count: 0, sum: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}

const escape = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
