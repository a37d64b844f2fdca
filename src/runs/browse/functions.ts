import type { FunctionDeclaration } from "../definition.ts";
import { type StateCode, stateName } from "../store/sqlite/codes.ts";
import type { RunState } from "../types.ts";
import type { Reader } from "./reader.ts";

/** Functions as the store knows them: from what processes have published, and from the runs that are kept. */

const COLUMNS = "pk, id, declaration, published_at";
const PAGE = `SELECT ${COLUMNS} FROM run_function WHERE id > ?
  AND (? IS NULL OR json_extract(declaration, '$.attempts') = ?) ORDER BY id LIMIT ?`;
const ONE = `SELECT ${COLUMNS} FROM run_function WHERE id = ?`;
const COUNTS = `SELECT run_count.function, run_count.state, run_count.count FROM json_each(?) AS wanted
  CROSS JOIN run_count ON run_count.function = wanted.value WHERE run_count.count > 0`;
const LAST = `SELECT run.function, run.id, run.state, coalesce(run.created_at, run.queued_at), run.finished_at
  FROM json_each(?) AS wanted CROSS JOIN run ON run.pk =
    (SELECT max(pk) FROM run INDEXED BY run_function_runs WHERE function = wanted.value)`;

const SERVED = `SELECT wanted.value, (SELECT count(*) FROM run_serving WHERE function = wanted.value)
  FROM json_each(?) AS wanted`;

/** A function as it is. */
export interface FunctionRecord {
  readonly id: string;
  /** All but its code; missing when no process has said for a week that it executes it. */
  readonly declaration?: FunctionDeclaration | undefined;
  /** When a process that executes it said so last, give or take an hour. */
  readonly publishedAt?: number | undefined;
  /** How many open stores of running engines execute it now; a process that has died counts for up to a second. */
  readonly processes: number;
  /** How many of the runs that are kept are in each state. */
  readonly counts: Readonly<Partial<Record<RunState, number>>>;
  readonly lastRun?: LastRun | undefined;
}

/** The run that was made last. */
export interface LastRun {
  readonly id: string;
  readonly state: RunState;
  readonly createdAt: number;
  readonly finishedAt?: number | undefined;
}

/** Which functions. */
export interface FunctionPage {
  readonly limit: number;
  /** The id that the page begins after. */
  readonly after?: string | undefined;
  /** Those whose attempts are of the whole handler only: tasks. */
  readonly attempts?: "run" | undefined;
}

/** Functions by their ids. */
export async function listFunctions(
  reader: Reader,
  { limit, after = "", attempts }: FunctionPage,
): Promise<FunctionRecord[]> {
  const wanted = attempts ?? null;
  return toFunctions(reader, await reader.query(PAGE, [after, wanted, wanted, limit]));
}

/** One function; `undefined` if the store does not know it. */
export async function readFunction(
  reader: Reader,
  id: string,
): Promise<FunctionRecord | undefined> {
  const [found] = await toFunctions(reader, await reader.query(ONE, [id]));
  return found;
}

async function toFunctions(
  reader: Reader,
  rows: readonly (readonly unknown[])[],
): Promise<FunctionRecord[]> {
  const wanted = JSON.stringify(rows.map(([pk]) => pk));
  const [counts, runs, served] = await Promise.all([
    reader.query(COUNTS, [wanted]),
    reader.query(LAST, [wanted]),
    reader.query(SERVED, [wanted]),
  ]);
  const processes = new Map(served as [number, number][]);
  const lastRuns = new Map(runs.map((row) => [row[0] as number, toLastRun(row)]));
  return (rows as readonly FunctionRow[]).map((row) =>
    toFunction(row, {
      counts: counts as CountRow[],
      lastRun: lastRuns.get(row[0]),
      processes: processes.get(row[0]) ?? 0,
    }),
  );
}

function toFunction(
  [pk, id, declaration, publishedAt]: FunctionRow,
  {
    counts,
    lastRun,
    processes,
  }: {
    readonly counts: readonly CountRow[];
    readonly lastRun: LastRun | undefined;
    readonly processes: number;
  },
): FunctionRecord {
  const own = counts.filter(([fn]) => fn === pk);
  return {
    id,
    ...(declaration !== null && { declaration: JSON.parse(declaration) as FunctionDeclaration }),
    ...(publishedAt !== null && { publishedAt }),
    processes,
    counts: Object.fromEntries(own.map(([, state, count]) => [stateName(state), count])),
    ...(lastRun && { lastRun }),
  };
}

type FunctionRow = readonly [
  pk: number,
  id: string,
  declaration: string | null,
  publishedAt: number | null,
];
type CountRow = [fn: number, state: StateCode, count: number];

function toLastRun(row: readonly unknown[]): LastRun {
  const [, id, state, createdAt, finishedAt] = row as [
    number,
    string,
    StateCode,
    number,
    number | null,
  ];
  return { id, state: stateName(state), createdAt, ...(finishedAt !== null && { finishedAt }) };
}
