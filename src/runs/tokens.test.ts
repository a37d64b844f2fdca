import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import type { RunHandle } from "./definition.ts";

const HOUR_MS = 3_600_000;

/** Hands its token out, and waits for it. */
function asking(executor: "replay" | "live", options: { timeoutMs?: number } = {}) {
  const handedOut: string[] = [];
  const definition = define(
    "asking",
    async (run: RunHandle) => {
      const { timeoutMs } = options;
      const timeoutAt = timeoutMs === undefined ? undefined : run.event.ts + timeoutMs;
      const token = await run.createToken("create", { timeoutAt });
      handedOut.push(token.id);
      return run.waitForToken("wait", token.id);
    },
    { executor },
  );
  return { definition, handedOut };
}

test.each(["replay", "live"] as const)(
  "a token that is completed lets its run go on; a replay has the same token (%s)",
  async (executor) => {
    const { definition, handedOut } = asking(executor);
    await using kit = await EngineKit.start([definition]);
    const runId = await kit.begin("asking");
    expect(await kit.run(runId)).toMatchObject({ state: "waiting" });
    const { tokens } = kit.engine.stores;
    const complete = { now: kit.clock.now(), id: handedOut[0]!, output: '{"approved":true}' };
    expect(await tokens.complete(complete)).toBe(true);
    expect(await kit.run(runId)).toMatchObject({
      state: "completed",
      output: '{"ok":true,"output":{"approved":true}}',
    });
    expect(new Set(handedOut).size).toBe(1);
    expect(handedOut).toHaveLength(executor === "live" ? 1 : 2);
    expect(await tokens.complete({ ...complete, output: '"second"' })).toBe(false);
    expect(await tokens.complete({ ...complete, id: "nobody" })).toBe(undefined);
  },
);

test("a token that is completed before the wait is no wait", async () => {
  await using kit = await EngineKit.start([
    define(
      "f",
      async (run) => {
        const { id } = await run.createToken("create", {});
        await run.run("complete", () =>
          kit.engine.stores.tokens.complete({ now: kit.clock.now(), id, output: "1" }),
        );
        return run.waitForToken("wait", id);
      },
      { executor: "live" },
    ),
  ]);
  const runId = await kit.begin("f");
  expect(await kit.run(runId)).toMatchObject({ output: '{"ok":true,"output":1}' });
});

test("a token that is not completed in time says so", async () => {
  const { definition } = asking("live", { timeoutMs: HOUR_MS });
  await using kit = await EngineKit.start([definition]);
  const runId = await kit.begin("asking");
  await kit.advance(HOUR_MS);
  expect(await kit.run(runId)).toMatchObject({ state: "completed", output: '{"ok":false}' });
});

test("several runs may wait for one token", async () => {
  const f = define("f", (run) => run.waitForToken("wait", (run.event.data as { id: string }).id), {
    executor: "live",
  });
  await using kit = await EngineKit.start([f]);
  const { tokens } = kit.engine.stores;
  const { id } = await tokens.create({ now: kit.clock.now(), token: {} });
  const runIds = [await kit.begin("f", { id }), await kit.begin("f", { id })];
  await kit.engine.whenQuiet();
  await tokens.complete({ now: kit.clock.now(), id, output: '"yes"' });
  for (const runId of runIds)
    expect(await kit.run(runId)).toMatchObject({ output: '{"ok":true,"output":"yes"}' });
});
