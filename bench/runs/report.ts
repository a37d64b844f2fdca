/** The growth measures of the runs as a table. */
import { figure, rate, table, times } from "../markdown.ts";
import type { Report } from "../report.ts";

export function growthTable({ contestants, results }: Report): string {
  const rows = contestants.flatMap(({ id, title }) => {
    const sleeping = (field: string) => results.median(id, "growth-sleeping", field);
    const parked = (field: string) => results.median(id, "growth-parked", field);
    const speed = (kind: string) => [
      times(sleeping(`${kind}Ratio`)),
      `${rate(sleeping(`${kind}Few`))} → ${rate(sleeping(`${kind}Many`))}`,
    ];
    return results.records.some(
      ({ contestant, measure }) => contestant === id && measure.startsWith("growth"),
    )
      ? [
          [
            title,
            ...speed("send"),
            ...speed("start"),
            ...speed("wake"),
            figure(sleeping("heapPerRun")),
            figure(sleeping("rssPerRun")),
            times(parked("ratio")),
            `${rate(parked("few"))} → ${rate(parked("many"))}`,
          ],
        ]
      : [];
  });
  const size = (measure: string, field: string) =>
    rate(results.records.find((record) => record.measure === measure)?.sample[field]);
  const columns = [
    "contestant",
    ...["send", "start", "wake"].flatMap((what) => [`${what} ×`, "few → many, /s"]),
    "heap a sleeping run, bytes",
    "RSS",
    "other keys ×",
    "few → many parked, /s",
  ];
  return `${size("growth-sleeping", "sleeping")} runs asleep and ${size("growth-sleeping", "waiting")} waiting for one event name; ${size("growth-parked", "parked")} parked under one key.\n\n${table(columns, rows)}`;
}
