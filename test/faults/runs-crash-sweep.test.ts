/**
 * A run is interrupted by SIGKILL at every commit point in turn, just before and just after the commit, and goes on in
 * the next process: the output is right, no body runs again whose result was committed, no attempt is forgotten, and
 * nothing is lost or done twice.
 */
import { expect, test } from "vitest";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { faultsKit, type Place } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes, type RunEntry } from "./runs-ledger.ts";

const kit = faultsKit();

const JOURNEY = {
  functionId: "faults-journey",
  state: "completed",
  output: {
    first: 21,
    branches: ["left", "right", "at last", "at last", "journey hopeless fails"],
    paid: 7,
    invoked: { half: 10 },
    quickest: "quick",
  },
};
const HEARD = { functionId: "faults-heard", state: "completed", output: "heard" };
const CHILD = { functionId: "faults-child", state: "completed", output: { half: 10 } };
/** Newest first. */
const THE_RUNS = [CHILD, HEARD, JOURNEY];
/** The bodies that return in the end. */
const BODIES = [
  ...["first", "left", "right", "flaky", "tiring", "quick"].map((key) => `journey ${key}`),
  "child half",
  "heard ear",
];
/** How often each body is tried without crashes, if not once. */
const ATTEMPTS: Readonly<Record<string, number>> = {
  "journey flaky": 2,
  "journey tiring": 2,
  "journey hopeless": 2,
};
/** What has to have commit points, and what may have some: housekeeping of the store happens when its time comes. */
const OPERATIONS = [
  ...["run:publish", "run:ingest", "run:claim", "run:append"],
  ...["run:suspend", "run:advance", "run:finish"],
];
const HOUSEKEEPING = /^process:/;
/** How many processes at a time. */
const PARALLEL = 4;

/** Crashes while a body has just ended, its result in memory only. */
const IN_BODIES = [["runs:body-done#1"], ["runs:body-done#3"]];
/** Crashes while the work of a crashed process is taken over. */
const DURING_RECOVERY = ["run:take-over", "process:forget", "run:claim"].flatMap((label) =>
  ["before-commit", "after-commit"].map((moment) => [
    "run:append:after-commit#3",
    `${label}:${moment}`,
  ]),
);

const clockSetAt = Date.now();
const start = (places: readonly Place[], env = {}): Child =>
  new Child(
    "runs-journey",
    {
      clockSetAt,
      places: places.map(({ connection: url, ledger }) => ({ url, ledger })),
    },
    { env },
  );

/** Runs it with nobody killed. @returns of each transaction, the operations that were in it */
async function findCommits(): Promise<string[][]> {
  const child = start([kit.place()]);
  const { runs, commits } = await child.next("over");
  await close(child);
  expect(runs).toEqual([THE_RUNS]);
  return (commits as string[][])
    .map((operations) => operations.filter((operation) => !HOUSEKEEPING.test(operation)))
    .filter((operations) => operations.length > 0);
}

test("killed at every commit point", { timeout: 600_000 }, async () => {
  const commits = await findCommits();
  const labels = new Set(commits.flat().map((operation) => operation.split("#")[0]!));
  expect([...labels].sort()).toEqual([...OPERATIONS].sort());
  // A transaction is found by one of its operations. How often there is a look for work differs from time to time.
  const points = commits.flatMap((operations) => {
    const sure = operations.find((operation) => !operation.startsWith("run:claim"));
    const [label, n] = (sure ?? operations[0]!).split("#");
    return [`${label}:before-commit#${n}`, `${label}:after-commit#${n}`];
  });
  const left = [...points.map((point) => [point]), ...IN_BODIES, ...DURING_RECOVERY];
  console.log(`${commits.length} commits, ${left.length} ways to crash`);
  const crashes: Crash[] = [];
  const survived: string[][] = [];
  const worker = async (): Promise<void> => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift()) {
      const crash = await interrupt(chain);
      if (crash) crashes.push(crash);
      else survived.push(chain);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  expect(survived.filter(([point]) => !point!.startsWith("run:claim:"))).toEqual([]);
  expect(survived.length).toBeLessThan(5);

  const next = start(crashes.map(({ place }) => place));
  const { runs } = await next.next("over", 120_000);
  await close(next);
  const problems = crashes.flatMap((crash, index) =>
    wrongRuns(crash, (runs as unknown[])[index]).concat(wrongNotes(crash)),
  );
  expect(problems).toEqual([]);
});

/** A journey that was interrupted. */
interface Crash {
  readonly place: Place;
  readonly chain: readonly string[];
  /** The state of things after each crash. */
  readonly remains: readonly Remains[];
}

interface Remains {
  /** Steps whose results were on disk, as the ledger names them. */
  readonly finished: readonly string[];
  /** Attempts that were on record, of steps without a result. */
  readonly attempts: ReadonlyMap<string, number>;
  /** Processes that had died by then. */
  readonly dead: readonly number[];
}

/** Kills a process at each point of a chain; undefined if it does not come to one. */
async function interrupt(chain: readonly string[]): Promise<Crash | undefined> {
  const place = kit.place();
  const remains: Remains[] = [];
  const dead: number[] = [];
  for (const point of chain) {
    const child = start([place], { LONGHAUL_CRASH_AT: point });
    const isOver = child.next("over", 60_000).then(
      () => true,
      () => false,
    );
    if (await isOver) {
      await close(child);
      return undefined;
    }
    expect(await child.end()).toEqual({ code: null, signal: "SIGKILL" });
    dead.push(child.pid);
    remains.push({ ...(await readJournals(place)), dead: [...dead] });
  }
  return { place, chain, remains };
}

function wrongRuns({ chain }: Crash, runs: unknown): string[] {
  try {
    expect(runs).toEqual(THE_RUNS);
    return [];
  } catch {
    return [`${chain.join(", ")}: the runs are ${JSON.stringify(runs)}`];
  }
}

function wrongNotes({ chain, place, remains }: Crash): string[] {
  const notes = readNotes(place.ledger);
  const begun = notes.filter(({ kind }) => kind === "began");
  const pids = [...new Set(notes.map(({ pid }) => pid))];
  const countOf = (entries: readonly RunEntry[], name: string): number =>
    entries.filter(({ what }) => what === name).length;
  const problems: string[] = [];
  for (const { finished, attempts, dead } of remains) {
    const later = begun.filter(({ pid }) => !dead.includes(pid));
    for (const what of finished)
      if (countOf(later, what) > 0) problems.push(`${what} ran again after it was on disk`);
    const made = attempts.get("journey hopeless") ?? 0;
    if (countOf(later, "journey hopeless") > ATTEMPTS["journey hopeless"]! - made)
      problems.push("an attempt that was on disk was forgotten");
  }
  for (const pid of pids)
    for (const what of new Set(begun.map((entry) => entry.what))) {
      const ofProcess = begun.filter((entry) => entry.pid === pid);
      if (countOf(ofProcess, what) > (ATTEMPTS[what] ?? 1))
        problems.push(`${what} ran too often in one process`);
    }
  for (const kind of ["start", "paid"])
    if (notes.filter((entry) => entry.kind === "sent" && entry.what === kind).length !== 1)
      problems.push(`${kind} was not acknowledged once`);
  for (const what of BODIES)
    if (!notes.some((entry) => entry.kind === "ended" && entry.what === what))
      problems.push(`${what} never ended`);
  return problems.map((problem) => `${chain.join(", ")}: ${problem}`);
}

/** What is on disk. */
async function readJournals({ path }: Place): Promise<Omit<Remains, "dead">> {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  const listed = await store.listRuns({ limit: 10 });
  const runs = await Promise.all(listed.map(async ({ id }) => (await store.getRun(id))!));
  await store.close();
  await sqlite.close();
  const entries = runs.flatMap(({ functionId, journal }) =>
    journal.map((entry) => ({
      ...entry,
      what: `${functionId.replace("faults-", "")} ${entry.key}`,
    })),
  );
  const isFinished = ({ state }: { state: string }) => state === "done" || state === "failed";
  return {
    finished: entries.filter(isFinished).map(({ what }) => what),
    attempts: new Map(
      entries
        .filter(({ state }) => state === "retry")
        .map(({ what, attempt }) => [what, attempt] as const),
    ),
  };
}

async function close(child: Child): Promise<void> {
  child.send({ type: "close" });
  expect(await child.end()).toEqual({ code: 0, signal: null });
}
