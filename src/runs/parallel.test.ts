import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";

const MINUTE_MS = 60_000;

test("steps that are started together run side by side", async () => {
  const gate = new Gate<string>();
  await using kit = await EngineKit.start([
    define("both", (run) =>
      Promise.all([run.run("waits", () => gate.pass()), run.run("opens", () => gate.open("open"))]),
    ),
  ]);
  expect(await kit.run(await kit.begin("both"))).toMatchObject({ output: '["open",null]' });
});

test("branches sleep and go on each for itself", async () => {
  const log: string[] = [];
  await using kit = await EngineKit.start([
    define("branches", async (run) => {
      const branch = async (name: string, ms: number): Promise<string> => {
        await run.sleepUntil(`nap ${name}`, run.event.ts + ms);
        return (await run.run(`after ${name}`, () => {
          log.push(`${name} at ${kit.clock.now() - run.event.ts}`);
          return name;
        })) as string;
      };
      return Promise.all([
        branch("long", 3 * MINUTE_MS),
        branch("short", MINUTE_MS),
        branch("tiny", 10),
      ]);
    }),
  ]);
  const id = await kit.begin("branches");
  await kit.advance(3 * MINUTE_MS);
  expect(await kit.run(id)).toMatchObject({ output: '["long","short","tiny"]' });
  expect(log).toEqual(["tiny at 10", "short at 60000", "long at 180000"]);
});

test("the loser of a race does not hold the run, and its wait is closed", async () => {
  await using kit = await EngineKit.start([
    define("race", (run) =>
      Promise.race([
        run.waitForEvent("slow", { event: "never", timeoutMs: 86_400_000 }),
        run.sleepUntil("nap", run.event.ts + 86_400_000),
        run.run("fast", () => "fast"),
      ]),
    ),
  ]);
  const run = await kit.run(await kit.begin("race"));
  expect(run).toMatchObject({ state: "completed", output: '"fast"' });
  expect(kit.sqlite.connection.sql("SELECT count(*) FROM run_wait").get()).toEqual([0]);
});

test("the body of a loser is told by the signal, and its result is dropped", async () => {
  const gate = new Gate<string>();
  let signal: AbortSignal | undefined;
  await using kit = await EngineKit.start([
    define("race", (run) => {
      signal = run.signal;
      return Promise.race([
        run.run("slow", () => gate.pass()),
        gate.reached.then(() => run.run("fast", () => "fast")),
      ]);
    }),
  ]);
  const run = await kit.run(await kit.begin("race"));
  expect(run).toMatchObject({ state: "completed", output: '"fast"' });
  expect(signal!.aborted).toBe(true);
  gate.open("late");
  const { journal } = await kit.run(run.id);
  expect(journal.map(({ key }) => key)).toEqual(["fast"]);
});

test("the winner of a race stays the winner in a replay", async () => {
  const winners: unknown[] = [];
  await using kit = await EngineKit.start([
    define("race", async (run) => {
      const gate = new Gate<string>();
      const slow = run.run("slow", () => gate.pass());
      // It takes some microtasks more, and wins all the same.
      const fast = run
        .run("fast", () => "fast")
        .then(async (result) => {
          for (let tick = 0; tick < 5; tick++) await Promise.resolve();
          gate.open("slow");
          return result;
        });
      winners.push(await Promise.race([slow, fast]));
      await slow;
      await run.sleepUntil("nap", run.event.ts + MINUTE_MS);
      return winners.at(-1);
    }),
  ]);
  const id = await kit.begin("race");
  await kit.advance(MINUTE_MS);
  expect(await kit.run(id)).toMatchObject({ output: '"fast"' });
  expect(winners).toEqual(["fast", "fast"]);
});

test("allSettled sees results and errors", async () => {
  await using kit = await EngineKit.start([
    define("settles", async (run) => {
      const results = await Promise.allSettled([
        run.run("good", () => 1),
        run.run("bad", () => {
          throw new Error("no");
        }),
      ]);
      return results.map(({ status }) => status);
    }),
  ]);
  const run = await kit.run(await kit.begin("settles"));
  expect(run).toMatchObject({ output: '["fulfilled","rejected"]' });
});

test("a step that fails while nobody awaits it yet does not end the process", async () => {
  await using kit = await EngineKit.start([
    define("later", async (run) => {
      const bad = run.run("bad", () => {
        throw new Error("no");
      });
      await run.sleepUntil("nap", run.event.ts + 500);
      return bad.catch((error: Error) => error.message);
    }),
  ]);
  const id = await kit.begin("later");
  await kit.advance(500);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"no"' });
});

test("a thousand branches that sleep are one suspension", async () => {
  await using kit = await EngineKit.start([
    define("wide", async (run) => {
      const naps = Array.from({ length: 1_000 }, (_, i) =>
        run.sleepUntil("nap", run.event.ts + MINUTE_MS + i * 100).then(() => i),
      );
      return (await Promise.all(naps)).length;
    }),
  ]);
  const id = await kit.begin("wide");
  await kit.advance(3 * MINUTE_MS);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: "1000" });
});

test("repeated ids are steps of their own", async () => {
  await using kit = await EngineKit.start([
    define("loop", async (run) => {
      const results = [];
      for (let i = 0; i < 3; i++) results.push(await run.run("step", () => i));
      return results;
    }),
  ]);
  const run = await kit.run(await kit.begin("loop"));
  expect(run.output).toBe("[0,1,2]");
  expect(run.journal.map(({ key }) => key)).toEqual(["step", "step:1", "step:2"]);
});
