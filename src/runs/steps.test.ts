import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { StepError } from "./definition.ts";
import type { JournalEntry } from "./types.ts";

const shortly = ({ key, kind, state, attempt, data, error }: JournalEntry) => ({
  key,
  kind,
  state,
  attempt,
  ...(data !== undefined && { data }),
  ...(error !== undefined && { error: error.message }),
});

test("a step that fails is tried again after the backoff, and finished steps do not run again", async () => {
  const bodies: string[] = [];
  await using kit = await EngineKit.start([
    define(
      "flaky",
      async (run) => {
        await run.run("first", () => void bodies.push("first"));
        return run.run("second", (attempt) => {
          bodies.push(`second ${attempt}`);
          if (attempt < 2) throw new Error(`no ${attempt}`);
          return "yes";
        });
      },
      { retries: 4, backoff: (attempt) => attempt * 60_000 },
    ),
  ]);
  const id = await kit.begin("flaky");
  const waiting = await kit.run(id);
  expect(waiting.state).toBe("waiting");
  expect(waiting.journal.map(shortly)[1]).toEqual({
    key: "second",
    kind: "run",
    state: "retry",
    attempt: 1,
    error: "no 0",
  });
  await kit.advance(60_000);
  await kit.advance(119_999);
  expect(bodies).toEqual(["first", "second 0", "second 1"]);
  await kit.advance(1);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"yes"' });
  expect(bodies).toEqual(["first", "second 0", "second 1", "second 2"]);
});

test("a step may have retries and a backoff of its own", async () => {
  const times: number[] = [];
  await using kit = await EngineKit.start([
    define("own", async (run) => {
      const body = (): void => {
        times.push(kit.clock.now());
        throw new Error("never");
      };
      await run.run("step", body, { retries: 2, backoff: () => 10 }).catch(() => {});
    }),
  ]);
  const start = kit.clock.now();
  const id = await kit.begin("own");
  await kit.advance(20);
  expect(await kit.run(id)).toMatchObject({ state: "completed" });
  expect(times).toEqual([start, start + 10, start + 20]);
});

test("decideRetry ends the attempts, or says when the next one is", async () => {
  let attempts = 0;
  await using kit = await EngineKit.start([
    define(
      "decides",
      (run) =>
        run.run("step", () => {
          throw new Error(attempts++ === 0 ? "later" : "never");
        }),
      {
        retries: 10,
        decideRetry: (error) =>
          (error as Error).message === "later"
            ? { retry: true, delayMs: 86_400_000 }
            : { retry: false },
      },
    ),
  ]);
  const id = await kit.begin("decides");
  await kit.advance(86_399_999);
  expect(attempts).toBe(1);
  await kit.advance(1);
  expect(await kit.run(id)).toMatchObject({ state: "failed", error: { message: "never" } });
  expect(attempts).toBe(2);
});

test("a step that is out of attempts throws a StepError that the handler may catch", async () => {
  const caught: unknown[] = [];
  await using kit = await EngineKit.start([
    define("catches", async (run) => {
      try {
        await run.run("step", () => {
          throw Object.assign(new TypeError("bad", { cause: new Error("why") }), { code: "E1" });
        });
      } catch (error) {
        caught.push(error);
      }
      return run.run("instead", () => "fine");
    }),
  ]);
  expect(await kit.run(await kit.begin("catches"))).toMatchObject({
    state: "completed",
    output: '"fine"',
  });
  expect(caught[0]).toBeInstanceOf(StepError);
  expect(caught[0]).toMatchObject({
    name: "TypeError",
    message: "bad",
    code: "E1",
    stepId: "step",
    cause: { message: "why" },
  });
});

test("a StepError that escapes fails the run, whatever attempts the function has left", async () => {
  let bodies = 0;
  await using kit = await EngineKit.start([
    define(
      "escapes",
      (run) =>
        run.run("step", () => {
          bodies++;
          throw new Error("bad");
        }),
      { retries: 2, backoff: () => 0 },
    ),
  ]);
  const run = await kit.run(await kit.begin("escapes"));
  expect(run).toMatchObject({ state: "failed", error: { name: "Error", message: "bad" } });
  expect(bodies).toBe(3);
});

test("code between steps has attempts too, which count from the step that finished last", async () => {
  const attempts: string[] = [];
  let bodies = 0;
  await using kit = await EngineKit.start([
    define(
      "between",
      async (run) => {
        attempts.push(`before ${run.attempt}`);
        if (attempts.length < 3) throw new Error("before");
        await run.run("step", () => void bodies++);
        attempts.push(`after ${run.attempt}`);
        throw new Error("after");
      },
      { retries: 2, backoff: () => 1_000 },
    ),
  ]);
  const id = await kit.begin("between");
  expect(await kit.run(id)).toMatchObject({ state: "waiting", attempt: 1 });
  await kit.advance(10_000);
  expect(await kit.run(id)).toMatchObject({ state: "failed", error: { message: "after" } });
  expect(attempts).toEqual([
    "before 0",
    "before 1",
    "before 2",
    "after 0",
    "before 1",
    "after 1",
    "before 2",
    "after 2",
  ]);
  expect(bodies).toBe(1);
});

test("bodies that run when the handler throws are finished first, and count", async () => {
  let bodies = 0;
  let finish!: (value: string) => void;
  await using kit = await EngineKit.start([
    define(
      "throws",
      async (run) => {
        const slow = run.run("slow", () => {
          bodies++;
          return new Promise((resolve) => (finish = resolve));
        });
        if (run.attempt === 0) throw new Error("meanwhile");
        return slow;
      },
      { retries: 1 },
    ),
  ]);
  const id = await kit.begin("throws");
  await new Promise((resolve) => setImmediate(resolve));
  finish("done");
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(5_000);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"done"' });
  expect(bodies).toBe(1);
});

test("results are what JSON makes of them, at once as in a replay", async () => {
  const seen: unknown[] = [];
  await using kit = await EngineKit.start([
    define("json", async (run) => {
      const results = [
        await run.run("nothing", () => undefined),
        await run.run("date", () => ({ at: new Date(0), gone: undefined })),
        await run.run("number", () => Number.NaN),
      ];
      seen.push(results);
      await run.sleepUntil("nap", kit.clock.now() + 60_000);
      return results;
    }),
  ]);
  const id = await kit.begin("json");
  await kit.advance(60_000);
  const results = [null, { at: "1970-01-01T00:00:00.000Z" }, null];
  expect(seen).toEqual([results, results]);
  expect(await kit.run(id)).toMatchObject({ output: JSON.stringify(results) });
});

test.each<[string, unknown, object]>([
  ["text", "just text", { name: "Error", message: "just text" }],
  ["undefined", undefined, { name: "Error", message: "undefined" }],
  ["an error with a cycle", cyclicError(), { name: "Error", message: "round" }],
])("a handler may throw %s", async (_name, thrown, error) => {
  await using kit = await EngineKit.start([
    define("throws", () => Promise.reject(thrown)),
    define("throws-at-once", () => {
      throw thrown;
    }),
  ]);
  for (const id of ["throws", "throws-at-once"])
    expect(await kit.run(await kit.begin(id))).toMatchObject({ state: "failed", error });
});

function cyclicError(): Error {
  const error = new Error("round");
  error.cause = error;
  return error;
}

test.each<[string, () => unknown, string]>([
  ["a BigInt", () => 1n, "RUNS_NOT_JSON"],
  ["five megabytes", () => "x".repeat(5_000_000), "RUNS_TOO_LARGE"],
])(
  "%s as a result fails the step, as an output the run, without further attempts",
  async (_name, value, code) => {
    let bodies = 0;
    await using kit = await EngineKit.start([
      define(
        "step",
        (run) =>
          run.run("step", () => {
            bodies++;
            return value();
          }),
        { retries: 3 },
      ),
      define("output", () => Promise.resolve(value()), { retries: 3 }),
    ]);
    for (const id of ["step", "output"])
      expect(await kit.run(await kit.begin(id))).toMatchObject({
        state: "failed",
        error: { code },
      });
    expect(bodies).toBe(1);
    expect(kit.errors).toEqual([]);
  },
);

test("a step inside the body of another is an error of the run", async () => {
  await using kit = await EngineKit.start([
    define("nests", (run) => run.run("outer", () => run.run("inner", () => 1)), { retries: 3 }),
  ]);
  expect(await kit.run(await kit.begin("nests"))).toMatchObject({
    state: "failed",
    error: { code: "RUNS_NESTED_STEP" },
  });
});

test("a run of 10,000 steps ends; one step more is an error, caught or not", async () => {
  const count = (run: { event: { data: unknown } }) => (run.event.data as { count: number }).count;
  await using kit = await EngineKit.start([
    define("many", async (run) => {
      for (let step = 0; step < count(run); step++) {
        try {
          await run.run("step", () => step);
        } catch {
          return "caught";
        }
      }
      return "done";
    }),
  ]);
  const enough = await kit.run(await kit.begin("many", { count: 10_000 }));
  expect(enough).toMatchObject({ state: "completed", output: '"done"' });
  const tooMany = await kit.run(await kit.begin("many", { count: 10_001 }));
  expect(tooMany).toMatchObject({ state: "failed", error: { code: "RUNS_TOO_MANY_STEPS" } });
});

test("a step that became one of another kind is an error of the run", async () => {
  let version = 1;
  await using kit = await EngineKit.start([
    define("changes", async (run) => {
      if (version === 1) await run.run("step", () => 1);
      else await run.waitForEvent("step", { event: "x", timeoutMs: 1_000 });
      await run.sleepUntil("nap", kit.clock.now() + 60_000);
    }),
  ]);
  const id = await kit.begin("changes");
  await kit.run(id);
  version = 2;
  await kit.advance(60_000);
  expect(await kit.run(id)).toMatchObject({
    state: "failed",
    error: { code: "RUNS_STEP_CHANGED" },
  });
});

test("a step that vanished is passed over, and new ones run", async () => {
  let version = 1;
  await using kit = await EngineKit.start([
    define("deploys", async (run) => {
      const old = version === 1 ? await run.run("old", () => "old") : "none";
      const kept = await run.run("kept", () => `kept by ${version}`);
      await run.sleepUntil("nap", run.event.ts + 60_000);
      return [old, kept, await run.run("new", () => `new in ${version}`)];
    }),
  ]);
  const id = await kit.begin("deploys");
  await kit.run(id);
  version = 2;
  await kit.advance(60_000);
  expect(await kit.run(id)).toMatchObject({
    state: "completed",
    output: '["none","kept by 1","new in 2"]',
  });
});

test("events that a step sends are stored with its entry, once", async () => {
  const started: unknown[] = [];
  await using kit = await EngineKit.start([
    define("sends", async (run) => {
      const ids = await run.sendEvents("send", [
        { name: "start/receives", data: { n: 1 } },
        { name: "start/receives", data: { n: 2 } },
      ]);
      await run.sleepUntil("nap", run.event.ts + 60_000);
      return ids;
    }),
    define("receives", (run) => Promise.resolve(void started.push(run.event.data))),
  ]);
  const id = await kit.begin("sends");
  await kit.advance(60_000);
  expect(started).toEqual([{ n: 1 }, { n: 2 }]);
  const { output, journal } = await kit.run(id);
  expect(JSON.parse(output!)).toHaveLength(2);
  expect(journal[0]).toMatchObject({ kind: "send", state: "done", data: output });
});

test("isReplaying is true until the code is past what it did before", async () => {
  const log: string[] = [];
  await using kit = await EngineKit.start([
    define("logs", async (run) => {
      const say = (text: string): void => void (run.isReplaying || log.push(text));
      say("start");
      await run.run("a", () => 1);
      say("after a");
      await run.sleepUntil("nap", run.event.ts + 60_000);
      say("after nap");
      await run.run("b", () => 1);
      say("after b");
    }),
  ]);
  await kit.begin("logs");
  await kit.advance(60_000);
  expect(log).toEqual(["start", "after a", "after nap", "after b"]);
});
