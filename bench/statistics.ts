/** The few numbers that sum up many. */

/** The value that `share` (0 to 1) of the sorted values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ??
    Number.NaN
  );
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (
    ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
  );
}

export interface Spread {
  readonly best: number;
  readonly median: number;
  readonly worst: number;
}

export function spread(values: readonly number[], better: "more" | "less"): Spread {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return {
    best: better === "more" ? high : low,
    median: median(values),
    worst: better === "more" ? low : high,
  };
}
