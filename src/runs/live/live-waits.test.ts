import { expect, test } from "vitest";
import { define, EngineKit } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { RunHandle } from "../definition.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A live function that counts how often its handler is started. */
function live(
  handler: (run: RunHandle, nap: (id: string, ms: number) => Promise<void>) => Promise<unknown>,
) {
  const clock = new VirtualClock();
  const count = { starts: 0 };
  const definition = define(
    "live",
    (run) => {
      count.starts++;
      return handler(run, (id, ms) => run.sleepUntil(id, clock.now() + ms));
    },
    { executor: "live" },
  );
  return { clock, count, definition, start: () => EngineKit.start([definition], { clock }) };
}

test("live code goes on where it was after a wait; it does not start again", async () => {
  const { count, start } = live(async (run, nap) => {
    const seen: unknown[] = [await run.run("one", () => 1)];
    await nap("nap", HOUR_MS);
    seen.push(await run.run("two", () => 2));
    return seen;
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  expect((await kit.run(runId)).state).toBe("waiting");
  expect(kit.engine.parkedRuns).toBe(1);
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: "[1,2]" });
  expect(count.starts).toBe(1);
  expect(kit.engine.parkedRuns).toBe(0);
});

test("the code of a replay function is not kept", async () => {
  await using kit = await EngineKit.start([define("f", (run) => run.sleepUntil("nap", Infinity))]);
  await kit.begin("f");
  await kit.engine.whenQuiet();
  expect(kit.engine.parkedRuns).toBe(0);
});

test("parallel waits of a live run go on each in its time", async () => {
  const { clock, count, start } = live(async (run, nap) => {
    const seen: unknown[] = [];
    const branch = async (id: string, minutes: number): Promise<void> => {
      await nap(id, minutes * MINUTE_MS);
      seen.push([id, await run.run(`after ${id}`, () => (clock.now() - run.event.ts) / MINUTE_MS)]);
    };
    await Promise.all([branch("c", 30), branch("a", 10), branch("b", 20)]);
    return seen;
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  await kit.advance(HOUR_MS);
  const output = JSON.stringify([
    ["a", 10],
    ["b", 20],
    ["c", 30],
  ]);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output });
  expect(count.starts).toBe(1);
});

test("answers that come together, and while the run is being resumed, reach their steps", async () => {
  const wait = { timeoutMs: HOUR_MS };
  const { count, start } = live(async (run) => {
    const [a, b, c] = await Promise.all([
      run.waitForEvent("a", { event: "a", ...wait }),
      run.waitForEvent("b", { event: "b", ...wait }),
      run.waitForEvent("c", { event: "c", ...wait }),
    ]);
    return [a?.data, b?.data, c?.data];
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  await kit.engine.whenQuiet();
  const first = kit.engine.send([{ name: "a", data: { n: 1 } }]);
  // In the commit that claims the run, or after it.
  const second = kit.engine.send([{ name: "b", data: { n: 2 } }]);
  await first;
  await Promise.all([second, kit.engine.send([{ name: "c", data: { n: 3 } }])]);
  const output = JSON.stringify([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output });
  expect(count.starts).toBe(1);
});

test("live code that goes on beside its waits takes steps as soon as its run is claimed again", async () => {
  const fetched = new Gate<string>();
  const stepsTaken = new Gate();
  const { count, start } = live(async (run, nap) => {
    const beside = async (): Promise<unknown> => {
      const text = await fetched.pass();
      const [first, second] = await Promise.all([
        run.run("same", () => `${text} 1`),
        run.run("same", () => `${text} 2`),
      ]);
      void stepsTaken.pass();
      await nap("short nap", MINUTE_MS);
      return [first, second];
    };
    const [seen] = await Promise.all([beside(), nap("long nap", HOUR_MS)]);
    return seen;
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  expect((await kit.run(runId)).state).toBe("waiting");
  fetched.open("text");
  await stepsTaken.reached;
  expect(await kit.run(runId)).toMatchObject({
    state: "waiting",
    journal: [
      { key: "long nap", state: "pending" },
      { key: "same", data: '"text 1"' },
      { key: "same:1", data: '"text 2"' },
      { key: "short nap", state: "pending" },
    ],
  });
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({
    state: "completed",
    output: '["text 1","text 2"]',
  });
  expect(count.starts).toBe(1);
});

test.each([
  ["returns", "returned", { state: "completed", output: '"returned"' }],
  ["throws", new Error("thrown"), { state: "failed", error: { message: "thrown" } }],
])("live code that %s while its run waits ends it", async (_, settlement, end) => {
  const gate = new Gate<unknown>();
  const { start } = live((_run, nap) => {
    const beside = gate.pass().then((value) => {
      if (value instanceof Error) throw value;
      return value;
    });
    return Promise.race([nap("nap", HOUR_MS), beside]);
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  expect((await kit.run(runId)).state).toBe("waiting");
  gate.open(settlement);
  await kit.store.waitForEnd(runId);
  expect(await kit.run(runId)).toMatchObject(end);
});

test("a live run that is canceled while it waits is forgotten, and its signal aborts", async () => {
  let signal: AbortSignal | undefined;
  let isOver = false;
  const { start } = live(async (run, nap) => {
    signal = run.signal;
    await nap("nap", HOUR_MS).finally(() => (isOver = true));
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  await kit.engine.whenQuiet();
  expect(await kit.engine.cancel(runId)).toBe(true);
  expect(await kit.run(runId)).toMatchObject({ state: "canceled" });
  expect(signal?.aborted).toBe(true);
  expect(kit.engine.parkedRuns).toBe(0);
  await kit.advance(2 * HOUR_MS);
  expect(isOver).toBe(false);
});

test("a live run that is canceled in the commit that suspends it is forgotten too", async () => {
  let signal: AbortSignal | undefined;
  let cancel: () => void = () => {};
  const { start } = live(async (run, nap) => {
    signal = run.signal;
    setImmediate(() => cancel());
    await nap("nap", HOUR_MS);
  });
  await using kit = await start();
  cancel = () => void kit.engine.cancel(runId);
  const runId = await kit.engine.trigger("live");
  await kit.store.waitForEnd(runId);
  await kit.engine.whenQuiet();
  expect(signal?.aborted).toBe(true);
  expect(kit.engine.parkedRuns).toBe(0);
});

test("a wait that is over when it is called does not hold up the others", async () => {
  const { start } = live(async (_, nap) => {
    await Promise.all([nap("past", -HOUR_MS), nap("future", HOUR_MS)]);
    return "over";
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '"over"' });
});

test("a live run that is canceled in the commit that claims it does nothing more", async () => {
  const bodies: string[] = [];
  const { start } = live(async (run) => {
    await run.run("first", () => bodies.push("first"));
    await run.waitForEvent("answer", { event: "answer", timeoutMs: HOUR_MS });
    await run.run("second", () => bodies.push("second"));
  });
  await using kit = await start();
  const runId = await kit.begin("live");
  await kit.engine.whenQuiet();
  await kit.engine.send([{ name: "answer" }]);
  // The claim is asked for at the end of this turn.
  process.nextTick(() => void kit.engine.cancel(runId));
  expect(await kit.store.waitForEnd(runId)).toBe("canceled");
  await kit.engine.whenQuiet();
  expect(bodies).toEqual(["first"]);
  expect(kit.engine.parkedRuns).toBe(0);
});
