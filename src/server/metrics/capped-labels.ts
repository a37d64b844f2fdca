/** What all names beyond the cap are called. */
export const OTHER = "(other)";

/**
 * Names as labels: the first so many keep their own, all others share one. Names may come from outside, one a user, say,
 * and each would be a time series of its own in whatever reads the metrics.
 */
export class CappedLabels {
  readonly #max: number;
  readonly #known = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  labelOf(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#max) return OTHER;
    this.#known.add(name);
    return name;
  }
}
