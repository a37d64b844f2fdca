import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";

const DAY_MS = 86_400_000;

test("waitForEvent resolves with the first event that matches", async () => {
  await using kit = await EngineKit.start([
    define("waits", (run) =>
      run.waitForEvent("paid", { event: "paid", match: "data.order", timeoutMs: DAY_MS }),
    ),
  ]);
  const id = await kit.begin("waits", { order: 7 });
  await kit.engine.whenQuiet();
  await kit.engine.send([{ name: "paid", data: { order: 8 } }, { name: "other" }]);
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.engine.send([{ name: "paid", data: { order: 7, cents: 500 } }]);
  const run = await kit.run(id);
  expect(run.state).toBe("completed");
  expect(JSON.parse(run.output!)).toMatchObject({ name: "paid", data: { order: 7, cents: 500 } });
});

test("what an event or a signal wakes is claimed in the same commit", async () => {
  let commits = 0;
  const seen: number[] = [];
  await using kit = await EngineKit.start([
    define("waits", async (run) => {
      await run.waitForEvent("paid", { event: "paid", timeoutMs: DAY_MS });
      seen.push(commits);
      await run.waitForSignal("go", { signal: "go", onConflict: "fail", timeoutMs: DAY_MS });
      seen.push(commits);
    }),
  ]);
  const nothing = (): void => {};
  const count = (): void => void commits++;
  kit.sqlite.attach({ stale: nothing, flush: nothing, committed: count, rolledBack: nothing });
  await kit.begin("waits");
  await kit.engine.whenQuiet();
  commits = 0;
  await kit.engine.send([{ name: "paid" }]);
  await kit.engine.whenQuiet();
  commits = 0;
  await kit.engine.signal("go", null);
  await kit.engine.whenQuiet();
  // The other commit is that of the step's result. The second run of the handler sees the first wait again.
  expect(seen).toEqual([2, expect.any(Number), 2]);
});

test("waitForEvent resolves with null at its time limit", async () => {
  await using kit = await EngineKit.start([
    define("waits", async (run) => [
      await run.waitForEvent("long", { event: "never", timeoutMs: DAY_MS }),
      await run.waitForEvent("short", { event: "never", timeoutMs: 10 }),
    ]),
  ]);
  const id = await kit.begin("waits");
  await kit.advance(DAY_MS - 1);
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(11);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: "[null,null]" });
});

test("a bad expression fails the step, and the run unless it is caught", async () => {
  await using kit = await EngineKit.start([
    define("bad", (run) => run.waitForEvent("w", { event: "x", if: "async.data.", timeoutMs: 1 })),
  ]);
  expect(await kit.run(await kit.begin("bad"))).toMatchObject({
    state: "failed",
    error: { code: "RUNS_BAD_EXPRESSION" },
  });
});

test("an event reaches a branch while the body of another still runs", async () => {
  const gate = new Gate<string>();
  const heard = new Gate();
  await using kit = await EngineKit.start([
    define("both", (run) =>
      Promise.all([
        run.waitForEvent("go", { event: "go", timeoutMs: DAY_MS }).then((event) => {
          void heard.pass();
          return event?.name;
        }),
        run.run("body", () => gate.pass()),
      ]),
    ),
  ]);
  const id = await kit.begin("both");
  await gate.reached;
  await kit.engine.send([{ name: "go" }]);
  await heard.reached;
  gate.open("done");
  expect(await kit.run(id)).toMatchObject({ output: '["go","done"]' });
});

test("a wait is stored before the bodies of later steps begin", async () => {
  await using kit = await EngineKit.start([
    define("asks", async (run) => {
      const answer = run.waitForEvent("answer", { event: "answer", timeoutMs: DAY_MS });
      await run.run("ask", () => void kit.engine.send([{ name: "answer" }]));
      return (await answer)?.name;
    }),
  ]);
  expect(await kit.run(await kit.begin("asks"))).toMatchObject({ output: '"answer"' });
});

test("an event that comes while its run is being stored as waiting is not lost", async () => {
  await using kit = await EngineKit.start([
    define("asks", async (run) => {
      run.onLeave(() => void kit.engine.send([{ name: "answer" }]));
      return (await run.waitForEvent("answer", { event: "answer", timeoutMs: DAY_MS }))?.name;
    }),
  ]);
  expect(await kit.run(await kit.begin("asks"))).toMatchObject({ output: '"answer"' });
});

test("waits below a second stay in memory", async () => {
  await using kit = await EngineKit.start([
    define("naps", async (run) => {
      await run.sleepUntil("nap", kit.clock.now() + 999);
      return (await run.waitForEvent("soon", { event: "soon", timeoutMs: 999 }))?.name;
    }),
  ]);
  const id = await kit.begin("naps");
  expect(await kit.run(id)).toMatchObject({ state: "running" });
  await kit.advance(999);
  expect(await kit.run(id)).toMatchObject({ state: "running" });
  await kit.engine.send([{ name: "soon" }]);
  const run = await kit.run(id);
  expect(run).toMatchObject({ state: "completed", output: '"soon"' });
  expect(kit.sqlite.connection.sql("SELECT generation FROM run").get()).toEqual([1]);
});

test("a sleep that is over already does not stop the run", async () => {
  await using kit = await EngineKit.start([
    define("past", (run) => run.sleepUntil("nap", 0).then(() => "awake")),
  ]);
  expect(await kit.run(await kit.begin("past"))).toMatchObject({ output: '"awake"' });
});

test("waitForSignal resolves with what is sent, or null", async () => {
  await using kit = await EngineKit.start([
    define("waits", async (run) => [
      await run.waitForSignal("ok", { signal: "ok", timeoutMs: DAY_MS, onConflict: "fail" }),
      await run.waitForSignal("no", { signal: "no", timeoutMs: DAY_MS, onConflict: "fail" }),
    ]),
  ]);
  const id = await kit.begin("waits");
  await kit.engine.whenQuiet();
  expect(await kit.engine.signal("nobody", 1)).toBeUndefined();
  expect(await kit.engine.signal("ok", { by: "Ada" })).toBe(id);
  await kit.advance(DAY_MS);
  expect(await kit.run(id)).toMatchObject({
    output: '[{"signal":"ok","data":{"by":"Ada"}},null]',
  });
});

test("a signal has one waiter: the second fails, or takes its place", async () => {
  await using kit = await EngineKit.start([
    define("waits", async (run) => {
      const { onConflict } = run.event.data as { onConflict: "fail" | "replace" };
      return run.waitForSignal("wait", { signal: "s", timeoutMs: DAY_MS, onConflict });
    }),
  ]);
  const first = await kit.begin("waits", { onConflict: "fail" });
  await kit.engine.whenQuiet();
  const second = await kit.begin("waits", { onConflict: "fail" });
  expect(await kit.run(second)).toMatchObject({ state: "failed" });
  const third = await kit.begin("waits", { onConflict: "replace" });
  await kit.engine.whenQuiet();
  expect(await kit.engine.signal("s", null)).toBe(third);
  expect(await kit.run(third)).toMatchObject({ output: '{"signal":"s","data":null}' });
  expect(await kit.run(first)).toMatchObject({ state: "waiting" });
});

test("invoke starts a function and gives its output, or its error", async () => {
  await using kit = await EngineKit.start([
    define("parent", async (run) => {
      const sum = await run.invoke("add", {
        functionId: "sum",
        data: { a: 2, b: 3 },
        timeoutMs: DAY_MS,
      });
      const failure = await run
        .invoke("bad", { functionId: "fails", timeoutMs: DAY_MS })
        .catch((error: Error) => error.message);
      return { sum, failure };
    }),
    define("sum", async (run) => {
      const { a, b } = run.event.data as { a: number; b: number };
      return run.run("add", () => a + b);
    }),
    define("fails", () => Promise.reject(new Error("no luck"))),
  ]);
  expect(await kit.run(await kit.begin("parent"))).toMatchObject({
    output: '{"sum":5,"failure":"no luck"}',
  });
});

test("invoke fails at its time limit, and for a function that is not there", async () => {
  await using kit = await EngineKit.start([
    define("parent", async (run) => {
      const codes: string[] = [];
      for (const functionId of ["sleeps", "missing"])
        await run
          .invoke(functionId, { functionId, timeoutMs: DAY_MS })
          .catch((error: { code: string }) => codes.push(error.code));
      return codes;
    }),
    define("sleeps", (run) => run.sleepUntil("nap", run.event.ts + 2 * DAY_MS)),
  ]);
  const id = await kit.begin("parent");
  await kit.advance(DAY_MS);
  expect(await kit.run(id)).toMatchObject({
    output: '["RUNS_INVOKE_TIMEOUT","RUNS_UNKNOWN_FUNCTION"]',
  });
});

test("an event that one branch sends reaches the wait of another", async () => {
  await using kit = await EngineKit.start([
    define("both", (run) =>
      Promise.all([
        run.waitForEvent("hear", { event: "said", timeoutMs: 60_000 }),
        run.sendEvents("say", [{ name: "said", data: { n: 1 } }]),
      ]),
    ),
  ]);
  const run = await kit.run(await kit.begin("both"));
  expect(run.state).toBe("completed");
  expect(JSON.parse(run.output!)).toMatchObject([
    { name: "said", data: { n: 1 } },
    [expect.stringMatching(/^evt_/)],
  ]);
});
