import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { FunctionDefinition, RunHandle } from "./definition.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A function with groups, and a list of what its bodies did. */
function grouped(
  handler: (
    run: RunHandle,
    log: string[],
    nap: (id: string, ms: number) => Promise<void>,
  ) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const nap = (run: RunHandle) => (id: string, ms: number) => run.sleepUntil(id, run.event.ts + ms);
  const definition = define("f", (run) => handler(run, log, nap(run)), options);
  return { log, start: () => EngineKit.start([definition], { clock }) };
}

test.each(["replay", "live"] as const)(
  "groups two deep, with waits in them, give one result each (%s)",
  async (executor) => {
    const { log, start } = grouped(
      async (run, log, nap) => {
        const outer = await run.group("outer", async () => {
          log.push("outer");
          const before = await run.run("step", () => "before");
          await nap("nap", MINUTE_MS);
          const inner = await run.group("inner", async () => {
            log.push("inner");
            await nap("nap", HOUR_MS);
            return run.run("step", () => "inside");
          });
          return [before, inner];
        });
        const after = await run.run("step", () => "after");
        return [outer, after];
      },
      { executor },
    );
    await using kit = await start();
    const runId = await kit.begin("f");
    await kit.advance(2 * HOUR_MS);
    const run = await kit.run(runId);
    expect(run).toMatchObject({ state: "completed", output: '[["before","inside"],"after"]' });
    expect(run.journal.map(({ key, kind, state }) => [key, kind, state])).toEqual([
      ["outer›step", "run", "done"],
      ["outer›nap", "sleep", "done"],
      ["outer›inner›nap", "sleep", "done"],
      ["outer›inner›step", "run", "done"],
      ["outer›inner", "group", "done"],
      ["outer", "group", "done"],
      ["step", "run", "done"],
    ]);
    const replays = ["outer", "outer", "inner", "outer", "inner"];
    expect(log).toEqual(executor === "live" ? ["outer", "inner"] : replays);
  },
);

test("a group that is done is not run again, nor are its steps asked for", async () => {
  const { log, start } = grouped(async (run, log, nap) => {
    const result = await run.group("g", async () => {
      log.push("g");
      return run.run("step", () => "result");
    });
    await nap("nap", HOUR_MS);
    return result;
  });
  await using kit = await start();
  const runId = await kit.begin("f");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '"result"' });
  expect(log).toEqual(["g"]);
});

test("parallel groups have steps of the same ids", async () => {
  const { start } = grouped((run, _, nap) =>
    Promise.all(
      ["a", "b"].map((id, index) =>
        run.group(id, async () => {
          await nap("nap", (2 - index) * HOUR_MS);
          return run.run("step", () => `step of ${id}`);
        }),
      ),
    ),
  );
  await using kit = await start();
  const runId = await kit.begin("f");
  await kit.advance(2 * HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '["step of a","step of b"]' });
});

test("a run is not suspended while the body of a group does something that is no step", async () => {
  const gate = new Gate<string>();
  const { log, start } = grouped(
    async (run, log, nap) => {
      const [text] = await Promise.all([
        run.group("g", async () => {
          log.push("g");
          await run.run("step", () => 1);
          return gate.pass();
        }),
        nap("nap", HOUR_MS),
      ]);
      return text;
    },
    { executor: "live" },
  );
  await using kit = await start();
  const runId = await kit.begin("f");
  await gate.reached;
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  expect(await kit.store.getRun(runId)).toMatchObject({ state: "running" });
  gate.open("text");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '"text"' });
  expect(log[0]).toBe("g");
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a group that fails is tried again with what its steps came to", async () => {
  const { log, start } = grouped(async (run, log) =>
    run.group(
      "g",
      async (attempt) => {
        const step = await run.run("step", () => {
          log.push("step");
          return "kept";
        });
        log.push(`attempt ${attempt}`);
        if (attempt < 2) throw new Error("not yet");
        return step;
      },
      { retries: 2, backoff: () => HOUR_MS },
    ),
  );
  await using kit = await start();
  const runId = await kit.begin("f");
  await kit.advance(2 * HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: '"kept"' });
  expect(log).toEqual(["step", "attempt 0", "attempt 1", "attempt 2"]);
});

test("the same in memory, where its steps are not replayed", async () => {
  const { log, start } = grouped(
    async (run, log) =>
      run.group(
        "g",
        async (attempt) => {
          const step = await run.run("step", () => {
            log.push("step");
            return "kept";
          });
          if (attempt < 2) throw new Error("not yet");
          return step;
        },
        { retries: 2, backoff: () => 100 },
      ),
    { executor: "live" },
  );
  await using kit = await start();
  const runId = await kit.begin("f");
  await kit.advance(200);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: '"kept"' });
  expect(log).toEqual(["step"]);
});

test("a group out of attempts rejects, and that is its result", async () => {
  const { log, start } = grouped(async (run, log, nap) => {
    const caught = await run
      .group("g", async () => {
        log.push("g");
        throw new TypeError("broken");
      })
      .catch((error: unknown) => String(error));
    await nap("nap", HOUR_MS);
    return caught;
  });
  await using kit = await start();
  const runId = await kit.begin("f");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ output: '"TypeError: broken"' });
  expect(log).toEqual(["g"]);
});

test("draining lets a group end its step, and gives the run back", async () => {
  const gate = new Gate<string>();
  const { log, start } = grouped(async (run, log) =>
    run.group("g", async () => {
      const slow = await run.run("slow", () => gate.pass());
      await run.run("next", () => log.push("next"));
      return slow;
    }),
  );
  await using kit = await start();
  const runId = await kit.begin("f");
  await gate.reached;
  const closed = kit.engine.close();
  gate.open("done");
  await closed;
  expect(await kit.store.getRun(runId)).toMatchObject({
    state: "queued",
    journal: [{ key: "g›slow", data: '"done"' }],
  });
  expect(log).toEqual([]);
});
