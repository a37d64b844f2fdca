/** What a worker does when the store refuses, or others take its runs. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { openConnection } from "../storage/sqlite/connection.ts";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { RunEngine } from "./engine.ts";
import { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";

const LEASE_MS = 10_000;
const DAY_MS = 86_400_000;

/** An engine on a file, as each process has one. */
function openEngine(
  path: string,
  definitions: readonly ReturnType<typeof define>[],
  onError: () => void = () => {},
) {
  const clock = new VirtualClock();
  const sqlite = SqliteStore.open({ path, busyTimeoutMs: 10 });
  const store = new SqliteRunStore(sqlite);
  const errors: unknown[] = [];
  const engine = new RunEngine({
    ...{ store, clock, retention: false },
    onError: (error) => {
      errors.push(error);
      onError();
    },
  });
  engine.register(definitions);
  onTestFinished(async () => {
    await engine.close();
    await store.close();
    await sqlite.close();
  });
  return { sqlite, store, engine, errors, clock };
}

/** Keeps everybody else from writing, until it is called. */
function lock(path: string): () => void {
  const connection = openConnection({ path });
  connection.exec("BEGIN IMMEDIATE");
  return () => {
    connection.exec("ROLLBACK");
    connection.close();
  };
}

test("a claim that the store refuses is made again, though nothing new is announced", async () => {
  const path = join(tempFolder(), "jobs.db");
  const refused = new Gate();
  const definition = define("f", () => Promise.resolve("done"));
  const { engine, store, errors } = openEngine(path, [definition], () => void refused.pass());
  await engine.start();
  await engine.whenQuiet();
  const sender = openEngine(path, [definition]);
  const runId = await sender.engine.trigger("f");
  // Before the others have noticed that commit; no other comes after it.
  const unlock = lock(path);
  await refused.reached;
  unlock();
  expect(await store.waitForEnd(runId)).toBe("completed");
  expect(errors[0]).toMatchObject({ code: "STORE_BUSY_TIMEOUT" });
});

test("a run that another process cancels stops, and its slot goes to the next", async () => {
  const path = join(tempFolder(), "jobs.db");
  const gate = new Gate<string>();
  let signal: AbortSignal | undefined;
  const aborted = new Gate();
  const one = openEngine(path, [
    define(
      "f",
      (run) => {
        if (signal) return Promise.resolve("next");
        signal = run.signal;
        signal.addEventListener("abort", () => void aborted.pass());
        return run.run("slow", () => gate.pass());
      },
      { concurrency: [{ limit: 1 }] },
    ),
  ]);
  await one.engine.start();
  const first = await one.engine.trigger("f");
  const second = await one.engine.trigger("f");
  await gate.reached;
  expect(await one.store.getRun(second)).toMatchObject({ state: "queued" });
  const two = openEngine(path, []);
  expect(await two.engine.cancel(first)).toBe(true);
  await aborted.reached;
  expect(await one.store.waitForEnd(second)).toBe("completed");
  gate.open("late");
  await one.engine.whenQuiet();
  expect(await one.store.getRun(first)).toMatchObject({ state: "canceled", journal: [] });
});

test("an event that another process sends reaches a run that is held", async () => {
  const path = join(tempFolder(), "jobs.db");
  const gate = new Gate<string>();
  const one = openEngine(path, [
    define("f", async (run) => {
      const heard = run.waitForEvent("hear", { event: "said", timeoutMs: DAY_MS });
      const slow = run.run("slow", () => gate.pass());
      const event = await heard;
      gate.open("after it was heard");
      return [event?.name, await slow];
    }),
  ]);
  await one.engine.start();
  const id = await one.engine.trigger("f");
  await gate.reached;
  const two = openEngine(path, []);
  await two.engine.send([{ name: "said" }]);
  expect(await one.store.waitForEnd(id)).toBe("completed");
  expect(await one.store.getRun(id)).toMatchObject({ output: '["said","after it was heard"]' });
});

test("a holder whose last write is refused for now, and whose run is taken meanwhile, leaves nothing behind", async () => {
  const path = join(tempFolder(), "jobs.db");
  const gates = [new Gate(), new Gate()];
  let executions = 0;
  const napping = define("naps", async (run) => {
    const gate = gates[executions++]!;
    await gate.pass();
    return run.sleepUntil("nap", run.event.ts + DAY_MS);
  });
  const { engine, store, clock } = openEngine(path, [napping]);
  await engine.start();
  await engine.whenQuiet();
  const idle = clock.pendingTimers;
  const id = await engine.trigger("naps");
  await gates[0]!.reached;
  const unlock = lock(path);
  gates[0]!.open();
  // What is asked for after it is refused after it.
  await expect(engine.send([{ name: "refused" }])).rejects.toMatchObject({
    code: "STORE_BUSY_TIMEOUT",
  });
  unlock();
  await store.advance({ now: clock.now() + LEASE_MS });
  await gates[1]!.reached;
  gates[1]!.open();
  await engine.whenQuiet();
  expect(await store.getRun(id)).toMatchObject({ state: "waiting" });
  // The first holder tries its last write again, in vain; then nobody renews a lease any more.
  await expect
    .poll(async () => {
      await clock.advance(LEASE_MS);
      return clock.pendingTimers;
    })
    .toBe(idle + 1);
});

test("an engine without functions is quiet", async () => {
  await using kit = await EngineKit.start([]);
  await kit.engine.send([{ name: "nobody/cares" }]);
  await expect(kit.engine.whenQuiet()).resolves.toBeUndefined();
});
