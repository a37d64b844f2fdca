/** Of a run that sleeps nothing is kept in memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";

const DAY_MS = 86_400_000;
const RUNS = 300;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** WeakRefs keep what they refer to until the end of the turn in which they are made or read. */
async function collect(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
}

test("a run that sleeps, waits or is tried again later leaves nothing behind in memory", async () => {
  const refs: WeakRef<object>[] = [];
  await using kit = await EngineKit.start(
    [
      define("sleeps", async (run) => {
        refs.push(new WeakRef(run));
        await Promise.race([
          run.sleepUntil("nap", run.event.ts + DAY_MS),
          run.waitForEvent("wait", { event: "never", timeoutMs: DAY_MS }),
        ]);
        return run.id;
      }),
      define(
        "fails",
        async (run) => {
          refs.push(new WeakRef(run));
          await run.run("never", () => Promise.reject(new Error("no")));
          return run.id;
        },
        { retries: 3, backoff: () => DAY_MS },
      ),
    ],
    { concurrency: 50 },
  );
  const events = Array.from({ length: RUNS }, (_, n) => ({
    name: n % 2 === 0 ? "start/sleeps" : "start/fails",
  }));
  await kit.engine.send(events);
  await kit.engine.whenQuiet();
  expect(refs).toHaveLength(RUNS);
  const waiting = await kit.store.listRuns({ state: "waiting", limit: RUNS + 1 });
  expect(waiting).toHaveLength(RUNS);
  await collect();
  // That of the promise that was made last.
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(3);
  // The alarm for the first to wake, and the daily publication.
  expect(kit.clock.pendingTimers).toBeLessThan(5);
});
