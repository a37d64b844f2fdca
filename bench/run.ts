/** `npm run bench`: Longhaul and its peers in turn, in one call. See README.md here for how to read what comes out. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { guard } from "../scripts/services/server.mjs";
import type { Contestant } from "./contestant.ts";
import type { Measure } from "./measure.ts";
import { type Options, readOptions } from "./options.ts";
import { describeMachine, probe, probeSync, type SyncProbe } from "./probe.ts";
import { Progress } from "./progress.ts";
import { markdownOf, type Report, summaryOf } from "./report.ts";
import { AbsentError, runSession } from "./session.ts";
import { Results } from "./summary.ts";
import { judge } from "./verdicts.ts";
import { commit } from "./versions.ts";

/** How long each part of the probe takes. */
const PROBE_MS = 1_000;

const options = readOptions(process.argv.slice(2));
const folder = mkdtempSync(join(options.folder, "longhaul-bench-"));
// PostgreSQL runs as a user of its own where we are root, and must get through.
chmodSync(folder, 0o755);
const tidy = () => rmSync(folder, { recursive: true, force: true });
guard({ stop: async () => tidy(), kill: tidy });

const report = await bench(options);
mkdirSync(options.results, { recursive: true });
const paths = {
  json: join(options.results, `${options.suite.id}.json`),
  markdown: join(options.results, `${options.suite.id}.md`),
};
writeFileSync(paths.json, `${JSON.stringify(plain(report), undefined, 2)}\n`);
writeFileSync(paths.markdown, markdownOf(report));
console.log(
  `\n${summaryOf(report)}\n\n${relative(".", paths.json)}\n${relative(".", paths.markdown)}`,
);
if (report.failures.length > 0) {
  console.error(`\n${report.failures.length} FAILED, see above`);
  process.exitCode = 1;
}

async function bench({
  suite,
  contestants,
  growthContestants,
  speed,
  growth,
  rounds,
  quick,
}: Options): Promise<Report> {
  const startedAt = new Date();
  const progress = new Progress(
    rounds * contestants.length * speed.length + growthContestants.length * growth.length,
  );
  const results = new Results(suite.baseline);
  const versions: Record<string, Record<string, string>> = {};
  const absent: Record<string, string> = {};
  const failures: string[] = [];

  progress.show("probing the machine");
  const probed = await probe(folder, options.quick ? PROBE_MS / 4 : PROBE_MS);
  const syncByRound: SyncProbe[] = [];

  if (speed.length > 0) {
    for (let round = 1; round <= rounds; round++) {
      syncByRound.push(probeSync(folder, PROBE_MS / 2));
      for (const contestant of contestants) await session(contestant, speed, round);
    }
  }
  for (const contestant of growth.length > 0 ? growthContestants : []) {
    // One by one: what the last measure left in the heap is not the next one's size.
    for (const measure of growth) await session(contestant, [measure], 1);
  }
  progress.show("done\n");

  const seconds = (Date.now() - startedAt.getTime()) / 1_000;
  return {
    suite,
    startedAt: startedAt.toISOString(),
    seconds,
    commit: commit(),
    rounds,
    quick,
    machine: describeMachine(folder),
    probe: probed,
    syncByRound,
    contestants,
    versions,
    results,
    verdicts: judge(suite.targets, results),
    absent,
    failures,
  };

  async function session(
    contestant: Contestant,
    wanted: readonly Measure[],
    round: number,
  ): Promise<void> {
    const isAbsent = contestant.title in absent;
    const measures = isAbsent
      ? []
      : wanted.filter(({ id }) => contestant.without?.includes(id) !== true);
    progress.step(wanted.length - measures.length);
    if (measures.length === 0) return;
    let done = 0;
    try {
      await runSession({
        suite: suite.id,
        contestant,
        measures: measures.map(({ id }) => id),
        scale: options.scale,
        folder,
        onVersions: (found) => (versions[contestant.id] = { ...versions[contestant.id], ...found }),
        onBegin: (measure) => progress.show(`round ${round}: ${contestant.title} · ${measure}`),
        onSample: (measure, sample) => {
          results.records.push({ contestant: contestant.id, round, measure, sample });
          progress.step();
          done++;
        },
      });
    } catch (error) {
      progress.step(measures.length - done);
      if (error instanceof AbsentError) {
        absent[contestant.title] = error.message;
        progress.say(`${contestant.title} cannot take part: ${error.message}`);
        return;
      }
      const failure = `${contestant.title}, round ${round}: ${(error as Error).message}`;
      failures.push(failure);
      progress.say(failure);
    }
  }
}

/** The report without what is code. */
function plain({ suite, results, contestants, ...rest }: Report) {
  const ids = contestants.map(({ id }) => id);
  return {
    suite: suite.id,
    ...rest,
    contestants: contestants.map(({ id, title, durability }) => ({ id, title, durability })),
    summary: results.rows(ids, [...options.speed, ...options.growth]),
    records: results.records,
  };
}
