/**
 * A run is interrupted by SIGKILL at every commit point in turn, just before and just after the commit, and goes on in
 * the next process: the output is right, no body runs again whose result was committed, and nothing is lost.
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
    branches: ["left", "right", "at last"],
    paid: 7,
    invoked: { half: 10 },
    quickest: "quick",
  },
};
const CHILD = { functionId: "faults-child", state: "completed", output: { half: 10 } };
/** Newest first. */
const THE_RUNS = [CHILD, JOURNEY];
/** All steps with a body. */
const BODIES = [
  ...["first", "left", "right", "flaky", "quick"].map((key) => `journey ${key}`),
  "child half",
];
/** Housekeeping of the store itself; how often it happens depends on the time. */
const NOT_OF_RUNS = /^process:/;
/** How many processes at a time. */
const PARALLEL = 3;

/** Crashes while the work of a crashed process is taken over. */
const DURING_RECOVERY = ["run:take-over", "process:forget", "run:claim"].flatMap((label) =>
  ["before-commit", "after-commit"].map((moment) => [
    "run:append:after-commit#3",
    `${label}:${moment}`,
  ]),
);

const start = ({ connection: url, ledger }: Place, env = {}): Child =>
  new Child("runs-journey", { url, ledger }, { env });

/** Runs it with nobody killed, and says where one could have been. */
async function findCrashPoints(): Promise<string[][]> {
  const child = start(kit.place());
  const { runs, passes } = await child.next("over");
  await close(child);
  expect(runs).toEqual(THE_RUNS);
  const points = Object.entries(passes as Record<string, number>)
    .filter(([label]) => !NOT_OF_RUNS.test(label))
    .flatMap(([label, count]) =>
      Array.from({ length: count }, (_, n) => n + 1).flatMap((n) => [
        [`${label}:before-commit#${n}`],
        [`${label}:after-commit#${n}`],
      ]),
    );
  return [...points, ["runs:body-done#1"], ["runs:body-done#3"], ...DURING_RECOVERY];
}

test("killed at every commit point", { timeout: 600_000 }, async () => {
  const points = await findCrashPoints();
  const labels = points.map(([point]) => point!.split(":", 2).join(":"));
  expect(new Set(labels)).toEqual(
    new Set(
      ["ingest", "claim", "append", "suspend", "advance", "finish"]
        .map((what) => `run:${what}`)
        .concat("runs:body-done"),
    ),
  );
  const left = [...points];
  const survivors: string[][] = [];
  const problems: string[] = [];
  const worker = async (): Promise<void> => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift()) {
      const outcome = await interrupt(chain);
      if (outcome === "survived") survivors.push(chain);
      else problems.push(...outcome.map((problem) => `${chain.join(", ")}: ${problem}`));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  expect(problems).toEqual([]);
  // How often it looks for work differs a little from run to run.
  expect(survivors.length).toBeLessThan(points.length / 10);
});

/** Kills a process at each point of a chain, lets the next go on, and says what is wrong in the end. */
async function interrupt(chain: readonly string[]): Promise<"survived" | string[]> {
  const place = kit.place();
  const dead: number[] = [];
  /** What was on disk after each crash, and who had died by then. */
  const crashes: { committed: string[]; dead: number[] }[] = [];
  for (const point of chain) {
    const child = start(place, { LONGHAUL_CRASH_AT: point });
    const isOver = await child.next("over", 60_000).then(
      () => true,
      () => false,
    );
    if (isOver) {
      await close(child);
      return "survived";
    }
    expect(await child.end()).toEqual({ code: null, signal: "SIGKILL" });
    dead.push(child.pid);
    crashes.push({ committed: await finishedSteps(place), dead: [...dead] });
  }
  const last = start(place);
  const { runs } = await last.next("over");
  await close(last);
  return [...wrongRuns(runs), ...wrongNotes(readNotes(place.ledger), crashes)];
}

function wrongRuns(runs: unknown): string[] {
  try {
    expect(runs).toEqual(THE_RUNS);
    return [];
  } catch {
    return [`the runs are ${JSON.stringify(runs)}`];
  }
}

function wrongNotes(
  notes: readonly RunEntry[],
  crashes: readonly { committed: string[]; dead: number[] }[],
): string[] {
  const again = crashes.flatMap(({ committed, dead }) =>
    notes
      .filter(
        ({ kind, what, pid }) =>
          kind === "began" && committed.includes(what) && !dead.includes(pid),
      )
      .map(({ what }) => `the body of ${what} ran again after its result was on disk`),
  );
  const lost = ["start", "paid"]
    .filter((id) => notes.filter(({ kind, what }) => kind === "sent" && what === id).length !== 1)
    .map((id) => `${id} was not acknowledged once`);
  const bodies = new Set(notes.filter(({ kind }) => kind === "ended").map(({ what }) => what));
  const missing = BODIES.filter((what) => !bodies.has(what)).map((what) => `${what} never ended`);
  return [...again, ...lost, ...missing];
}

/** The steps whose results are on disk, as the ledger names them. */
async function finishedSteps({ path }: Place): Promise<string[]> {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  const listed = await store.listRuns({ limit: 10 });
  const runs = await Promise.all(listed.map(async ({ id }) => (await store.getRun(id))!));
  await store.close();
  await sqlite.close();
  return runs.flatMap(({ functionId, journal }) =>
    journal
      .filter(({ state }) => state === "done" || state === "failed")
      .map(({ key }) => `${functionId.replace("faults-", "")} ${key}`),
  );
}

async function close(child: Child): Promise<void> {
  child.send({ type: "close" });
  expect(await child.end()).toEqual({ code: 0, signal: null });
}
