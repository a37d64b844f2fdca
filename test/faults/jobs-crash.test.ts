/**
 * A job of Trigger.dev's older API is interrupted by SIGKILL at each of its commits, just before and just after, and
 * goes on in the next process: its output is right, no task runs again whose result the code had seen, and nothing is
 * sent or started twice.
 */
import { expect, test } from "vitest";
import { faultsKit, type Place } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes } from "./runs-ledger.ts";

const kit = faultsKit();
const clockSetAt = Date.now();

const outer = { first: 21, deeper: "deepest" };
const RUNS = [
  { functionId: "faults-child", state: "completed", output: 10 },
  { functionId: "faults-heard", state: "completed", output: 21 },
  {
    functionId: "faults-journey",
    state: "completed",
    output: { outer, items: [10, 20], last: "at last", invoked: 10, amount: 7 },
  },
];

const start = ({ connection: url, ledger }: Place, env = {}): Child =>
  new Child("jobs-journey", { url, ledger, clockSetAt }, { env });

/** Where a process is killed: at the nth commit that has such an operation. */
const POINTS = ["run:append", "run:suspend", "run:finish"].flatMap((operation) =>
  ["before-commit", "after-commit"].map((moment) => `${operation}:${moment}`),
);
/** More than there are; those that a process does not come to are left out. */
const MOST = 40;

test("killed at every commit of its own", { timeout: 600_000 }, async () => {
  const reached: string[] = [];
  const problems: string[] = [];
  const sweep = async (point: string): Promise<void> => {
    for (let n = 1; n <= MOST; n++) {
      const found = await interrupt(`${point}#${n}`);
      if (found === undefined) return;
      reached.push(`${point}#${n}`);
      problems.push(...found);
    }
  };
  // Two at a time: the machine is to be busy, not overwhelmed.
  const left = [...POINTS];
  const worker = async (): Promise<void> => {
    for (let point = left.shift(); point !== undefined; point = left.shift()) await sweep(point);
  };
  await Promise.all([worker(), worker()]);
  console.log(`${reached.length} crashes`);
  expect(problems).toEqual([]);
  expect(reached.length).toBeGreaterThan(30);
});

/** @returns what went wrong; nothing if the process does not come to the point */
async function interrupt(point: string): Promise<string[] | undefined> {
  const place = kit.place();
  const killed = start(place, { LONGHAUL_CRASH_AT: point });
  const survived = await killed.next("over", 60_000).then(
    () => true,
    () => false,
  );
  if (survived) {
    await close(killed);
    return undefined;
  }
  expect(await killed.end()).toEqual({ code: null, signal: "SIGKILL" });
  const next = start(place);
  const { runs } = await next.next("over", 60_000);
  await close(next);
  const problems: string[] = [];
  const byName = (runs as { functionId: string }[]).toSorted((a, b) =>
    a.functionId.localeCompare(b.functionId),
  );
  try {
    expect(byName).toEqual(RUNS);
  } catch {
    problems.push(`the runs are ${JSON.stringify(runs)}`);
  }
  const notes = readNotes(place.ledger);
  for (const { what, pid } of notes.filter(({ kind }) => kind === "saw"))
    if (
      pid === killed.pid &&
      notes.some((entry) => entry.kind === "began" && entry.what === what && entry.pid !== pid)
    )
      problems.push(`${what} ran again after its result was seen`);
  return problems.map((problem) => `${point}: ${problem}`);
}

async function close(child: Child): Promise<void> {
  child.send({ type: "close" });
  expect(await child.end()).toEqual({ code: 0, signal: null });
}
