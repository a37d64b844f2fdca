import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { define } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { SqliteStore } from "../../storage/sqlite/store.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { RunHandle } from "../definition.ts";
import { RunEngine } from "../engine.ts";
import { SqliteRunStore } from "../store/sqlite/sqlite-run-store.ts";

/** Short: what is held has its lease renewed on the way, on a disk. */
const NAP_MS = 5_000;

/** An engine as a process of its own has it, with one place. */
function openProcess(path: string, clock: VirtualClock) {
  const sqlite = SqliteStore.open({ path, clock });
  const store = new SqliteRunStore(sqlite);
  const engine = new RunEngine({ store, clock, concurrency: 1, retention: false });
  const close = async (): Promise<void> => {
    await engine.close({ timeoutMs: 0 });
    await store.close();
    await sqlite.close();
  };
  onTestFinished(close);
  return { store, engine, close };
}

/** Two processes on one file, with a live function that waits twice. */
function twoProcesses() {
  const path = join(tempFolder(), "runs.db");
  const clock = new VirtualClock();
  const signals: AbortSignal[] = [];
  const handler = async (run: RunHandle): Promise<unknown> => {
    signals.push(run.signal);
    const seen: unknown[] = [];
    for (const naps of [1, 2]) {
      seen.push(await run.run("step", () => naps));
      await run.sleepUntil("nap", run.event.ts + naps * NAP_MS);
    }
    return seen;
  };
  const blocker = new Gate();
  const definitions = [
    define("live", handler, { executor: "live" }),
    define("blocker", () => blocker.pass()),
  ];
  const [a, b] = [openProcess(path, clock), openProcess(path, clock)];
  a.engine.register(definitions);
  b.engine.register([definitions[0]!]);
  return { clock, signals, blocker, a, b, live: definitions[0]! };
}

test("a run that another process goes on with is forgotten where it waited", async () => {
  const { clock, signals, blocker, a, b } = twoProcesses();
  await a.engine.start();
  const runId = await a.engine.trigger("live");
  await a.engine.whenQuiet();
  expect(a.engine.parkedRuns).toBe(1);
  await a.engine.trigger("blocker");
  await blocker.reached;
  await b.engine.start();
  await clock.advance(NAP_MS, () => b.engine.whenQuiet());
  await expect.poll(() => b.engine.parkedRuns).toBe(1);
  expect(signals).toHaveLength(2);
  await expect
    .poll(async () => {
      await clock.advance(1_000);
      return a.engine.parkedRuns;
    })
    .toBe(0);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await clock.advance(NAP_MS, () => b.engine.whenQuiet());
  expect(await b.store.waitForEnd(runId)).toBe("completed");
  expect(await b.store.getRun(runId)).toMatchObject({ output: "[1,2]" });
  blocker.open();
});

test("what a process remembers of a run that went on elsewhere is not used", async () => {
  const { clock, signals, blocker, a, b } = twoProcesses();
  await a.engine.start();
  const runId = await a.engine.trigger("live");
  await a.engine.whenQuiet();
  await a.engine.trigger("blocker");
  await blocker.reached;
  await clock.advance(NAP_MS);
  // The clock stands still from here on, so that the process does not look for what it has lost.
  await b.engine.start();
  await expect.poll(() => b.engine.parkedRuns).toBe(1);
  await b.close();
  expect(a.engine.parkedRuns).toBe(1);
  blocker.open();
  await clock.advance(NAP_MS, () => a.engine.whenQuiet());
  expect(await a.store.waitForEnd(runId)).toBe("completed");
  expect(await a.store.getRun(runId)).toMatchObject({ output: "[1,2]" });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
});

test("a live run whose lease was lost stops, and is replayed by who has it", async () => {
  const { clock, signals, a, b, live } = twoProcesses();
  const stuck = new Gate<string>();
  const bodies: string[] = [];
  const definition = (name: string, pass: () => unknown) =>
    define(
      "stuck",
      (run) =>
        run.run("step", () => {
          signals.push(run.signal);
          bodies.push(name);
          return pass();
        }),
      { executor: "live" },
    );
  a.engine.register([definition("a", () => stuck.pass())]);
  const ofB = definition("b", () => "from b");
  b.engine.register([ofB]);
  // Said before, so that its start commits nothing that would wake the other process.
  await b.store.publish({ now: clock.now(), functions: [live, ofB], expireBefore: 0 });
  await a.engine.start();
  const runId = await a.engine.trigger("stuck");
  await stuck.reached;
  // As if it had been frozen for longer than its lease.
  await b.store.release({ now: clock.now(), run: 1, generation: 1 });
  await b.engine.start();
  expect(await b.store.waitForEnd(runId)).toBe("completed");
  stuck.open("from a");
  expect(await b.store.getRun(runId)).toMatchObject({ output: '"from b"' });
  expect(bodies).toEqual(["a", "b"]);
  await expect.poll(() => signals[0]!.aborted).toBe(true);
});
