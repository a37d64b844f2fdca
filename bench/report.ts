/** The results as Markdown; the console shows its first part. */
import type { Contestant } from "./contestant.ts";
import { figure, NOTHING, rate, table, times } from "./markdown.ts";
import type { Measure } from "./measure.ts";
import type { Machine, Probe, SyncProbe } from "./probe.ts";
import { allMeasures, type Suite } from "./suite.ts";
import type { Results } from "./summary.ts";
import type { Verdict } from "./verdicts.ts";

export interface Report {
  readonly suite: Suite;
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
  /** Why contestants could not be started or installed, by their titles. */
  readonly absent: Readonly<Record<string, string>>;
  /** Checks that failed, and all else that went wrong: the results are worth nothing then. */
  readonly failures: readonly string[];
}

/** What one wants to see at once. */
export function summaryOf(report: Report): string {
  const { suite, failures, absent, results, verdicts } = report;
  const { unit, baseline } = suite;
  const measured = new Set(results.records.map(({ measure }) => measure));
  const any = (measures: readonly Measure[]) => measures.some(({ id }) => measured.has(id));
  return sections([
    failures.length > 0 && [
      "FAILED",
      failures.map((failure) => `- ${failure.split("\n", 1)[0]}`).join("\n"),
    ],
    Object.keys(absent).length > 0 && [
      "Could not take part",
      Object.entries(absent)
        .map(([title, why]) => `- ${title}: ${why.split("\n", 1)[0]}`)
        .join("\n"),
    ],
    any(suite.throughput) && [
      `Throughput, ${unit}s/s (median of ${roundsOf(report.rounds)}; × to ${baseline})`,
      throughput(report),
    ],
    any(suite.latency) && ["Latency, ms (p50 / p99)", latency(report)],
    any(suite.throughput) && [`CPU, µs a ${unit} (node + server)`, cpu(report)],
    any(suite.growth) && ["Growth", suite.growthTable(report)],
    verdicts.length > 0 && ["Targets", targets(verdicts)],
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

function sections(parts: readonly (readonly [string, string] | false)[]): string {
  return parts.flatMap((part) => (part ? [`## ${part[0]}\n\n${part[1]}`] : [])).join("\n\n");
}

function roundsOf(count: number): string {
  return count === 1 ? "1 round" : `${count} rounds`;
}

function throughput({ suite, contestants, results }: Report): string {
  const columns = suite.throughput.flatMap(({ title }) => [title, "×"]);
  const rows = contestants.map(({ id, title }) => [
    title,
    ...suite.throughput.flatMap((measure) => [
      rate(results.median(id, measure.id, "rate")),
      times(results.ratio(id, suite.baseline, measure.id, "rate")),
    ]),
  ]);
  return table(["contestant", ...columns], rows);
}

function latency({ suite, contestants, results }: Report): string {
  const both = (id: string, measure: string) => {
    const [p50, p99] = [results.median(id, measure, "p50"), results.median(id, measure, "p99")];
    return p50 === undefined ? NOTHING : `${figure(p50)} / ${figure(p99)}`;
  };
  const columns = suite.latency.flatMap(({ title }) => [title, "× (p50)"]);
  const rows = contestants.map(({ id, title }) => [
    title,
    ...suite.latency.flatMap((measure) => [
      both(id, measure.id),
      times(results.ratio(suite.baseline, id, measure.id, "p50")),
    ]),
  ]);
  return table(["contestant", ...columns], rows);
}

function cpu({ suite, contestants, results }: Report): string {
  const both = (id: string, measure: string) => {
    const node = results.median(id, measure, "nodeUs");
    return node === undefined
      ? NOTHING
      : `${figure(node)} + ${figure(results.median(id, measure, "serverUs"))}`;
  };
  const rows = contestants.map(({ id, title }) => [
    title,
    ...suite.throughput.map((measure) => both(id, measure.id)),
  ]);
  return table(["contestant", ...suite.throughput.map(({ title }) => title)], rows);
}

function targets(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ contestant, target, bound, reached, passed }) => [
    target,
    contestant,
    bound,
    reached,
    passed ? "pass" : "FAIL",
  ]);
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  return `${table(["target", "contestant", "bound", "reached", ""], rows)}\n\n${passed} of ${verdicts.length} reached.`;
}

function spreads({ suite, contestants, results }: Report): string {
  const measures = allMeasures(suite);
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
  return table(
    ["measure", "contestant", "best", "median", "worst", `× to ${suite.baseline}`],
    rows,
  );
}

function contestants({ contestants, versions }: Report): string {
  const list = (of: Readonly<Record<string, string>> = {}) =>
    Object.entries(of)
      .map((pair) => pair.join(" "))
      .join(", ");
  return table(
    ["contestant", "what is acknowledged", "versions"],
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
