/** The results as Markdown; the console shows its first part. */
import { BASELINE } from "./contestants/index.ts";
import type { Contestant } from "./contestants/contestant.ts";
import { figure, NOTHING, rate, table, times } from "./markdown.ts";
import {
  growthMeasures,
  latencyMeasures,
  speedMeasures,
  throughputMeasures,
} from "./measures/index.ts";
import type { Machine, Probe, SyncProbe } from "./probe.ts";
import type { Results } from "./summary.ts";
import type { Verdict } from "./targets.ts";

export interface Report {
  readonly startedAt: string;
  readonly seconds: number;
  readonly commit: string;
  readonly rounds: number;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly probe: Probe;
  /** The disk again, before each round: it is what swings most. */
  readonly syncByRound: readonly SyncProbe[];
  readonly contestants: readonly Contestant[];
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly results: Results;
  readonly verdicts: readonly Verdict[];
  readonly failures: readonly string[];
}

/** What one wants to see at once. */
export function summaryOf(report: Report): string {
  const { failures, results } = report;
  const measured = new Set(results.records.map(({ measure }) => measure));
  return sections([
    failures.length === 0
      ? undefined
      : ["FAILED", failures.map((failure) => `- ${failure.split("\n", 1)[0]}`).join("\n")],
    throughputMeasures.some(({ id }) => measured.has(id)) && [
      `Throughput, jobs/s (median of ${roundsOf(report.rounds)}; × to ${BASELINE})`,
      throughput(report),
    ],
    latencyMeasures.some(({ id }) => measured.has(id)) && [
      "Latency, ms (p50 / p99)",
      latency(report),
    ],
    throughputMeasures.some(({ id }) => measured.has(id)) && [
      "CPU, µs a job (node + server)",
      cpu(report),
    ],
    growthMeasures.some(({ id }) => measured.has(id)) && ["Growth", growth(report)],
    report.verdicts.length > 0 && ["Targets", targets(report.verdicts)],
  ]);
}

export function markdownOf(report: Report): string {
  const head = `# Benchmark of ${report.startedAt}${report.quick ? " (--quick: too short to publish)" : ""}`;
  const details = sections([
    ["Spread over the rounds", spreads(report)],
    ["Contestants", contestants(report)],
    ["Machine", machine(report)],
  ]);
  return `${head}\n\n${summaryOf(report)}\n\n${details}\n`;
}

function sections(parts: readonly (readonly [string, string] | false | undefined)[]): string {
  return parts.flatMap((part) => (part ? [`## ${part[0]}\n\n${part[1]}`] : [])).join("\n\n");
}

function roundsOf(count: number): string {
  return count === 1 ? "1 round" : `${count} rounds`;
}

function throughput({ contestants, results }: Report): string {
  const columns = throughputMeasures.flatMap(({ title }) => [title, "×"]);
  const rows = contestants.map(({ id, title }) => [
    title,
    ...throughputMeasures.flatMap((measure) => [
      rate(results.median(id, measure.id, "rate")),
      times(results.ratio(id, BASELINE, measure.id, "rate")),
    ]),
  ]);
  return table(["contestant", ...columns], rows);
}

function latency({ contestants, results }: Report): string {
  const both = (id: string, measure: string) => {
    const [p50, p99] = [results.median(id, measure, "p50"), results.median(id, measure, "p99")];
    return p50 === undefined ? NOTHING : `${figure(p50)} / ${figure(p99)}`;
  };
  const columns = latencyMeasures.flatMap(({ title }) => [title, "× (p50)"]);
  const rows = contestants.map(({ id, title }) => [
    title,
    ...latencyMeasures.flatMap((measure) => [
      both(id, measure.id),
      times(results.ratio(BASELINE, id, measure.id, "p50")),
    ]),
  ]);
  return table(["contestant", ...columns], rows);
}

function cpu({ contestants, results }: Report): string {
  const both = (id: string, measure: string) => {
    const node = results.median(id, measure, "nodeUs");
    return node === undefined
      ? NOTHING
      : `${figure(node)} + ${figure(results.median(id, measure, "serverUs"))}`;
  };
  const rows = contestants.map(({ id, title }) => [
    title,
    ...throughputMeasures.map((measure) => both(id, measure.id)),
  ]);
  return table(["contestant", ...throughputMeasures.map(({ title }) => title)], rows);
}

function growth({ contestants, results }: Report): string {
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

function targets(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ contestant, target, bound, reached, passed }) => [
    target,
    contestant,
    bound,
    figure(reached),
    passed ? "pass" : "FAIL",
  ]);
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  return `${table(["target", "contestant", "bound", "reached", ""], rows)}\n\n${passed} of ${verdicts.length} reached.`;
}

function spreads({ contestants, results }: Report): string {
  const measures = [...speedMeasures, ...growthMeasures];
  const rows = results
    .rows(
      contestants.map(({ id }) => id),
      measures,
    )
    .map(({ contestant, measure, field, best, median, worst, ratio }) => {
      const show = field === "rate" ? rate : figure;
      return [
        `${measures.find(({ id }) => id === measure)?.title}: ${field}`,
        contestant,
        show(best),
        show(median),
        show(worst),
        times(ratio),
      ];
    });
  return table(["measure", "contestant", "best", "median", "worst", `× to ${BASELINE}`], rows);
}

function contestants({ contestants, versions }: Report): string {
  const list = (of: Readonly<Record<string, string>> = {}) =>
    Object.entries(of)
      .map((pair) => pair.join(" "))
      .join(", ");
  return table(
    ["contestant", "an acknowledged job", "versions"],
    contestants.map(({ id, title, durability }) => [title, durability, list(versions[id])]),
  );
}

function machine({ machine, probe, syncByRound, seconds, commit, rounds }: Report): string {
  const { cpu, cores, memoryGiB, os, node, fileSystem } = machine;
  const cycles = probe.cycles.map(({ durability, perTransaction, jobsPerSecond }) => [
    durability,
    `${perTransaction}`,
    rate(jobsPerSecond),
  ]);
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, ${fileSystem}, Node ${node}, SQLite ${probe.cycles[0]?.sqlite ?? "unknown"}. ${roundsOf(rounds)} in ${seconds.toFixed(0)} s, commit ${commit}.`,
    `fdatasync of 4 KiB: ${rate(probe.sync.perSecond)}/s, p50 ${figure(probe.sync.p50Ms)} ms, p99 ${figure(probe.sync.p99Ms)} ms; before each round ${syncByRound.map(({ perSecond }) => `${rate(perSecond)}/s`).join(", ")}.`,
    `A bare SQLite cycle (insert, claim and complete, nothing else), jobs/s:`,
    table(["durability", "jobs a transaction", "jobs/s"], cycles),
  ].join("\n\n");
}
