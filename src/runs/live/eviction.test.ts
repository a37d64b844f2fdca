import { expect, test } from "vitest";
import { define, EngineKit } from "../../../test/support/engine-kit.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { RunEngine } from "../engine.ts";
import type { LiveRunsOptions } from "./live-runs.ts";

const HOUR_MS = 3_600_000;

/** Live runs that sleep an hour and then say how often each was started. */
async function sleepers(liveRuns: LiveRunsOptions | undefined, sizes: readonly number[]) {
  const clock = new VirtualClock();
  const due = clock.now() + HOUR_MS;
  const starts = sizes.map(() => 0);
  const aborted: number[] = [];
  const definition = define(
    "sleeper",
    async (run) => {
      const { index } = run.event.data as { index: number };
      starts[index]!++;
      run.signal.addEventListener("abort", () => aborted.push(index));
      const text = await run.run("text", () => "x".repeat(sizes[index]!));
      await run.sleepUntil("nap", due);
      return (text as string).length;
    },
    { executor: "live" },
  );
  const kit = await EngineKit.start([definition], { clock, liveRuns });
  const runIds: string[] = [];
  for (const index of sizes.keys()) {
    runIds.push(await kit.begin("sleeper", { index }));
    await kit.engine.whenQuiet();
  }
  const outputs = async (): Promise<unknown[]> => {
    const runs = await Promise.all(runIds.map((runId) => kit.run(runId)));
    return runs.map(({ output }) => JSON.parse(output ?? "null") as unknown);
  };
  return { kit, definition, starts, aborted, outputs };
}

test("beyond the highest count, the run that waits longest is forgotten and replayed in its time", async () => {
  const { kit, starts, aborted, outputs } = await sleepers({ maxCount: 2 }, [1, 2, 3, 4]);
  await using _ = kit;
  expect(kit.engine.parkedRuns).toBe(2);
  expect(aborted).toEqual([0, 1]);
  await kit.advance(HOUR_MS);
  expect(await outputs()).toEqual([1, 2, 3, 4]);
  expect(starts).toEqual([2, 2, 1, 1]);
});

test("what a run has seen counts against the highest number of bytes", async () => {
  const sizes = [1, 1, 200_000, 1];
  const { kit, starts, aborted, outputs } = await sleepers({ maxBytes: 300_000 }, sizes);
  await using _ = kit;
  expect(aborted).toEqual([0, 1, 2]);
  expect(kit.engine.parkedRuns).toBe(1);
  await kit.advance(HOUR_MS);
  expect(await outputs()).toEqual(sizes);
  expect(starts).toEqual([2, 2, 2, 1]);
});

test("with room for none, live runs are replayed", async () => {
  const { kit, starts, outputs } = await sleepers({ maxCount: 0 }, [1, 2]);
  await using _ = kit;
  expect(kit.engine.parkedRuns).toBe(0);
  await kit.advance(HOUR_MS);
  expect(await outputs()).toEqual([1, 2]);
  expect(starts).toEqual([2, 2]);
});

test("a worker that drains forgets what waits; the next one replays it", async () => {
  const { kit, definition, starts, aborted, outputs } = await sleepers(undefined, [1, 2]);
  await using _ = kit;
  await kit.engine.close();
  expect(kit.engine.parkedRuns).toBe(0);
  expect(aborted).toEqual([0, 1]);
  await using other = new RunEngine({ store: kit.store, clock: kit.clock, retention: false });
  other.register([definition]);
  await other.start();
  await kit.clock.advance(HOUR_MS, () => other.whenQuiet());
  expect(await outputs()).toEqual([1, 2]);
  expect(starts).toEqual([2, 2]);
});
