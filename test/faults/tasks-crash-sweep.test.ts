/**
 * A task that waits for a time, a child, children side by side, a batch and a token is interrupted by SIGKILL at every
 * commit in turn, after each of its waits, and in recoveries; nobody is there for a while, and it goes on in the next
 * process: the output is right, no body of a step runs again whose result was on disk, no child and no token is made
 * twice, and the token that was handed out is the one that it waits for.
 */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { faultsKit, type Place } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes } from "./runs-ledger.ts";

const kit = faultsKit();

const completed = (functionId: string, output: unknown) => ({
  functionId,
  state: "completed",
  output,
});
const THE_RUNS = [
  completed("approve", { success: true }),
  completed("journey", {
    ...{ charge: "1970-01-01T00:00:00.000Z", child: 16, children: [25, 36] },
    ...{ batch: [49, 64], answer: "approved" },
  }),
  ...[16, 25, 36, 49, 64].map((output) => completed("square", output)),
];
const BODIES = ["charge", ...[4, 5, 6, 7, 8].map((n) => `square ${n}`)];

/** Operations that change something; the others are looks for work, or keep the processes' books. */
const OPERATIONS = /^run:(?:ingest|append|suspend|finish|token-complete)#/;
/** How many processes at a time. */
const PARALLEL = 4;
/** Long enough for all waits to become due while no process is there. */
const ABSENCE_MS = 200;

/** In the wait, the child and its wait, the children, the batch and the token; more often than there are waits. */
const IN_EVERY_WAIT = Array.from({ length: 20 }, () => "run:suspend:after-commit");
const WAITS = 6;
/** In a recovery, and in the recovery of one. */
const DURING_RECOVERY = [
  ["run:suspend:after-commit", "run:claim:before-commit"],
  ["run:append:after-commit#4", "process:forget:after-commit", "run:take-over:after-commit"],
];

const clockSetAt = Date.now();
const start = (places: readonly Place[], env = {}): Child =>
  new Child(
    "tasks-journey",
    {
      clockSetAt,
      places: places.map(({ connection: url, path, ledger }) => ({ url, path, ledger })),
    },
    { env },
  );

/** A journey that was interrupted. */
interface Crash {
  readonly place: Place;
  readonly chain: readonly string[];
  /** What was on disk after each death, and who had died by then. */
  readonly remains: readonly { readonly finished: readonly string[]; readonly dead: number[] }[];
}

test("killed at every commit, and in every wait in turn", { timeout: 300_000 }, async () => {
  const commits = await findCommits();
  // Before a commit the disk is as after the last one, and code has run meanwhile.
  const points = commits.flatMap((operations) => {
    const operation = operations.find((each) => OPERATIONS.test(each));
    const [label, n] = operation?.split("#") ?? [];
    return label === undefined ? [] : [[`${label}:before-commit#${n}`]];
  });
  const left = [IN_EVERY_WAIT, ...DURING_RECOVERY, ...points];
  const crashes: Crash[] = [];
  const worker = async (): Promise<void> => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift())
      crashes.push(await interrupt(chain));
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  console.log(`${commits.length} commits, ${crashes.length} ways to crash`);
  expect(deathsIn(crashes, IN_EVERY_WAIT)).toBeGreaterThanOrEqual(WAITS);
  expect(deathsIn(crashes, IN_EVERY_WAIT)).toBeLessThan(IN_EVERY_WAIT.length);
  for (const chain of DURING_RECOVERY) expect(deathsIn(crashes, chain)).toBe(chain.length);
  // Which commits children side by side share is another matter each time.
  const survived = points.filter((chain) => deathsIn(crashes, chain) === 0);
  expect(survived.length).toBeLessThan(5);
  expect(await recover(crashes)).toEqual([]);
});

const deathsIn = (crashes: readonly Crash[], chain: readonly string[]): number =>
  crashes.find((crash) => crash.chain === chain)!.remains.length;

/** Runs it with nobody killed. @returns of each transaction, the operations that were in it */
async function findCommits(): Promise<string[][]> {
  const child = start([kit.place()]);
  const { journeys, commits } = await child.next("over");
  await close(child);
  expect(wrongEnds(journeys as unknown[])).toEqual([]);
  return commits as string[][];
}

/** Kills a process at each point of a chain, as far as it comes. */
async function interrupt(chain: readonly string[]): Promise<Crash> {
  const place = kit.place();
  const remains: Crash["remains"][number][] = [];
  for (const point of chain) {
    const child = start([place], { LONGHAUL_CRASH_AT: point });
    const failure = await child.next("over", 60_000).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    if (failure === undefined) {
      await close(child);
      break;
    }
    // With all that it wrote to stderr, unless it was killed.
    if ((await child.end()).signal !== "SIGKILL") throw failure;
    const dead = [...(remains.at(-1)?.dead ?? []), child.pid];
    remains.push({ finished: await readFinished(place), dead });
    await pause(ABSENCE_MS);
  }
  return { place, chain, remains };
}

/** One process goes on with all of them. @returns what went wrong */
async function recover(crashes: readonly Crash[]): Promise<string[]> {
  const next = start(crashes.map(({ place }) => place));
  const { journeys } = await next.next("over", 120_000);
  await close(next);
  return crashes.flatMap((crash, index) =>
    wrongEnds([(journeys as unknown[])[index]])
      .concat(wrongNotes(crash))
      .map((problem) => `${crash.chain.join(", ")}: ${problem}`),
  );
}

interface Journey {
  readonly runs: readonly { readonly functionId: string; readonly output: unknown }[];
  readonly tokens: number;
}

function wrongEnds(journeys: readonly unknown[]): string[] {
  return (journeys as Journey[]).flatMap(({ runs, tokens }) => {
    const sorted = runs.toSorted(
      (a, b) => a.functionId.localeCompare(b.functionId) || Number(a.output) - Number(b.output),
    );
    try {
      expect({ runs: sorted, tokens }).toEqual({ runs: THE_RUNS, tokens: 1 });
      return [];
    } catch {
      return [`there are ${tokens} tokens, and the runs are ${JSON.stringify(sorted)}`];
    }
  });
}

function wrongNotes({ place, remains }: Crash): string[] {
  const notes = readNotes(place.ledger);
  const begun = notes.filter(({ kind }) => kind === "began");
  const problems: string[] = [];
  for (const { finished, dead } of remains)
    for (const { what, pid } of begun)
      if (finished.includes(what) && !dead.includes(pid))
        problems.push(`${what} ran again after it was on disk`);
  for (const what of BODIES) {
    const pids = begun.filter((entry) => entry.what === what).map(({ pid }) => pid);
    if (new Set(pids).size !== pids.length) problems.push(`${what} ran twice in one process`);
    if (!notes.some((entry) => entry.kind === "ended" && entry.what === what))
      problems.push(`${what} never ended`);
  }
  const handedOut = notes.filter(({ kind }) => kind === "sending").map(({ what }) => what);
  if (new Set(handedOut).size !== 1) problems.push(`handed out were ${handedOut.join(", ")}`);
  return problems;
}

/** The steps whose results are on disk. */
async function readFinished({ path }: Place): Promise<string[]> {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  const listed = await store.listRuns({ limit: 20 });
  const runs = await Promise.all(listed.map(async ({ id }) => (await store.getRun(id))!));
  await store.close();
  await sqlite.close();
  return runs.flatMap(({ journal }) =>
    journal.filter(({ state }) => state === "done").map(({ key }) => key),
  );
}

async function close(child: Child): Promise<void> {
  child.send({ type: "close" });
  expect(await child.end()).toEqual({ code: 0, signal: null });
}
