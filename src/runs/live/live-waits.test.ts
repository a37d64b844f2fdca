import { expect, test } from "vitest";
import { define, EngineKit } from "../../../test/support/engine-kit.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";

const HOUR_MS = 3_600_000;

test("live code goes on where it was after a wait; it does not start again", async () => {
  let starts = 0;
  const live = define(
    "live",
    async (run) => {
      starts++;
      const seen: unknown[] = [await run.run("one", () => 1)];
      await run.sleepUntil("nap", kit.clock.now() + HOUR_MS);
      seen.push(await run.run("two", () => 2));
      return seen;
    },
    { executor: "live" },
  );
  await using kit = await EngineKit.start([live]);
  const runId = await kit.begin("live");
  expect((await kit.run(runId)).state).toBe("waiting");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: "[1,2]" });
  expect(starts).toBe(1);
});

test("a live run without room in memory is replayed", async () => {
  let starts = 0;
  const clock = new VirtualClock();
  const due = clock.now() + HOUR_MS;
  const live = define(
    "live",
    async (run) => {
      starts++;
      const one = await run.run("one", () => 1);
      await run.sleepUntil("nap", due);
      return one;
    },
    { executor: "live" },
  );
  await using kit = await EngineKit.start([live], { clock, liveRuns: { maxCount: 0 } });
  const runId = await kit.begin("live");
  expect((await kit.run(runId)).state).toBe("waiting");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: "1" });
  expect(starts).toBe(2);
});
