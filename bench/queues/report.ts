/** The growth measures of the queues as a table. */
import { figure, NOTHING, rate, table, times } from "../markdown.ts";
import type { Report } from "../report.ts";

export function growthTable({ contestants, results }: Report): string {
  const of = (id: string) => (measure: string, field: string) => results.median(id, measure, field);
  const rows = contestants.flatMap(({ id, title }) => {
    const value = of(id);
    const waiting = (what: string) => [
      times(value("growth-waiting", `${what}Ratio`)),
      `${rate(value("growth-waiting", `${what}Few`))} → ${rate(value("growth-waiting", `${what}Many`))}`,
    ];
    return results.records.some(
      ({ contestant, measure }) => contestant === id && measure.startsWith("growth"),
    )
      ? [
          [
            title,
            ...waiting("add"),
            ...waiting("process"),
            times(value("growth-history", "ratio")),
            `${rate(value("growth-history", "empty"))} → ${rate(value("growth-history", "grown"))}`,
            ["first", "median", "last"]
              .map((field) => figure(value("growth-storm", field)))
              .join(" / "),
            figure(value("growth-storm", "longestBlock")),
            value("growth-storm", "early")?.toFixed(0) ?? NOTHING,
          ],
        ]
      : [];
  });
  const sizes = (field: string, measure: string) =>
    rate(results.records.find((record) => record.measure === measure)?.sample[field]);
  const columns = [
    "contestant",
    "add ×",
    "few → many waiting",
    "process ×",
    "few → many waiting",
    "process ×",
    "no → long history",
    "storm: first / median / last late, ms",
    "longest block, ms",
    "early",
  ];
  return `${sizes("waiting", "growth-waiting")} jobs waiting, a history of ${sizes("history", "growth-history")}, a storm of ${sizes("jobs", "growth-storm")}.\n\n${table(columns, rows)}`;
}
