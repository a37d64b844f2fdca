/**
 * Rows in columns that are as wide as what is in them.
 *
 * @param headers none if there are no rows
 */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ""))),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + " ".repeat(Math.max(0, widths[column]! - widthOf(cell))))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// oxlint-disable-next-line no-control-regex -- colours are control characters
const COLORS = /\u001b\[\d+m/g;

const widthOf = (cell: string): number => cell.replaceAll(COLORS, "").length;
