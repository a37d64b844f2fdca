/** Tables that read well as text and as Markdown, and numbers as people write them. */

/** @param columns Their titles; all but the first are aligned to the right. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (column === 0 ? (cells[column] ?? "").padEnd(width) : (cells[column] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}

export const NOTHING = "–";

/** Jobs a second: 1.4k, 38.8k, 212k. */
export function rate(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (value < 1_000) return value.toFixed(0);
  return `${(value / 1_000).toFixed(value < 100_000 ? 1 : 0)}k`;
}

/** Milliseconds, ratios and the like, with three figures. */
export function figure(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function times(value: number | undefined): string {
  return value === undefined ? NOTHING : `${figure(value)}×`;
}
