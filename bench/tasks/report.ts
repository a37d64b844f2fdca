/** The memory of waiting tasks as a table. */
import { figure, rate, table } from "../markdown.ts";
import type { Report } from "../report.ts";

export function growthTable({ contestants, results }: Report): string {
  const rows = contestants.flatMap(({ id, title }) => {
    const median = (field: string) => results.median(id, "growth-waiting", field);
    if (median("waiting") === undefined) return [];
    return [
      [title, rate(median("waiting")), figure(median("heapPerRun")), figure(median("rssPerRun"))],
    ];
  });
  return table(["contestant", "waiting tasks", "heap for each, bytes", "RSS"], rows);
}
