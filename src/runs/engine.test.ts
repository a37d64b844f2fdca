import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";

test("an event starts a function, whose steps are journaled", async () => {
  await using kit = await EngineKit.start([
    define("greet", async (run) => {
      const name = await run.run("load", () => (run.event.data as { name: string }).name);
      const text = await run.run("greet", async () => `Hello ${String(name)}`);
      return { text };
    }),
  ]);
  const run = await kit.run(await kit.begin("greet", { name: "Ada" }));
  expect(run).toMatchObject({ state: "completed", output: '{"text":"Hello Ada"}' });
  expect(run.journal.map(({ key, state, data }) => [key, state, data])).toEqual([
    ["load", "done", '"Ada"'],
    ["greet", "done", '"Hello Ada"'],
  ]);
});

test("a sleep of days leaves the worker, and the run goes on when it is over", async () => {
  const bodies: string[] = [];
  await using kit = await EngineKit.start([
    define("nap", async (run) => {
      await run.run("before", () => void bodies.push("before"));
      await run.sleepUntil("nap", kit.clock.now() + 3 * 86_400_000);
      await run.run("after", () => void bodies.push("after"));
      return "rested";
    }),
  ]);
  const id = await kit.begin("nap");
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(3 * 86_400_000 - 1);
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(1);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"rested"' });
  expect(bodies).toEqual(["before", "after"]);
});
