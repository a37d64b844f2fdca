/** The command line. */
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { contestantOf, contestants } from "./contestants/index.ts";
import type { Contestant } from "./contestants/contestant.ts";
import { growthMeasures, speedMeasures } from "./measures/index.ts";
import { FULL_SCALE, type Measure, QUICK_SCALE, type Scale } from "./measures/measure.ts";

const USAGE = `npm run bench -- [options]

  --only a,b       contestants: ${contestants.map(({ id }) => id).join(", ")}
                   (a prefix will do: longhaul, redis-)
  --measures a,b   measures: ${[...speedMeasures, ...growthMeasures].map(({ id }) => id).join(", ")}
                   (a prefix will do: add, process, growth)
  --rounds N       rounds of all contestants in turn; 3 unless said (1 with --quick)
  --quick          short sections, for trying things out; not for publishing
  --growth         also the growth measures (many minutes; without --only: longhaul and redis)
  --folder path    where files and servers' data go: a real disk, not a tmpfs
  --results path   where latest.json and latest.md go; bench/results unless said`;

export interface Options {
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
    const chosen = select(values.only, contestants);
    const growth = select(
      values.measures,
      growthMeasures,
      values.growth || values.measures !== undefined ? growthMeasures : [],
    );
    const speed = select(values.measures, speedMeasures);
    if (chosen.length === 0 || speed.length + growth.length === 0)
      throw new Error("nothing of that name");
    return {
      contestants: chosen,
      speed,
      growth,
      // The others are not what growth is about, and PostgreSQL would take an hour.
      growthContestants:
        values.only === undefined
          ? ["longhaul-relaxed", "longhaul-full", "redis"].map(contestantOf)
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
