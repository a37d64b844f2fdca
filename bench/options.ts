/** The command line. */
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import type { Contestant } from "./contestant.ts";
import { FULL_SCALE, type Measure, QUICK_SCALE, type Scale } from "./measure.ts";
import { allMeasures, speedMeasures, type Suite } from "./suite.ts";
import { find, suiteOf, suites } from "./suites.ts";

const ids = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id).join(", ");

const USAGE = `npm run bench -- [options]

  --suite name     ${ids(suites)}; ${suites[0].id} unless said
  --only a,b       contestants (a prefix will do: longhaul, redis-)
${suites.map((suite) => `                   ${suite.id}: ${ids(suite.contestants)}`).join("\n")}
  --measures a,b   measures (a prefix will do: add, process, growth)
${suites.map((suite) => `                   ${suite.id}: ${ids(allMeasures(suite))}`).join("\n")}
  --rounds N       rounds of all contestants in turn; 3 unless said (1 with --quick)
  --quick          short sections, for trying things out; not for publishing
  --growth         also the growth measures (many minutes; without --only: ${suites.map((suite) => `${suite.id}: ${suite.growthContestants.join(", ")}`).join("; ")})
  --folder path    where files and servers' data go: a real disk, not a tmpfs
  --results path   where the tables and samples of the suite go; bench/results unless said`;

export interface Options {
  readonly suite: Suite;
  readonly contestants: readonly Contestant[];
  readonly speed: readonly Measure[];
  readonly growth: readonly Measure[];
  readonly growthContestants: readonly Contestant[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly scale: Scale;
  readonly folder: string;
  readonly results: string;
}

/** Ends the process on --help and on what it does not understand. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        suite: { type: "string", default: suites[0].id },
        only: { type: "string" },
        measures: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        growth: { type: "boolean", default: false },
        folder: { type: "string", default: tmpdir() },
        results: { type: "string", default: new URL("results/", import.meta.url).pathname },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return leave(USAGE, 0);
    const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds wants a whole number");
    const suite = suiteOf(values.suite);
    const chosen = select(values.only, suite.contestants);
    const growth = select(
      values.measures,
      suite.growth,
      values.growth || values.measures !== undefined ? suite.growth : [],
    );
    const speed = select(values.measures, speedMeasures(suite));
    if (chosen.length === 0 || speed.length + growth.length === 0)
      throw new Error("nothing of that name");
    return {
      suite,
      contestants: chosen,
      speed,
      growth,
      growthContestants:
        values.only === undefined
          ? suite.growthContestants.map((id) => find(suite.contestants, id, "contestant"))
          : chosen,
      rounds,
      quick: values.quick,
      scale: values.quick ? QUICK_SCALE : FULL_SCALE,
      folder: values.folder,
      results: values.results,
    };
  } catch (error) {
    return leave(`${(error as Error).message}\n\n${USAGE}`, 2);
  }
}

/** Those whose id starts with one of the comma-separated names. */
function select<T extends { readonly id: string }>(
  names: string | undefined,
  all: readonly T[],
  unnamed = all,
): readonly T[] {
  if (names === undefined) return unnamed;
  const wanted = names.split(",");
  return all.filter(({ id }) =>
    wanted.some((name) =>
      all.some((each) => each.id === name) ? id === name : id.startsWith(name),
    ),
  );
}

function leave(text: string, code: number): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}
