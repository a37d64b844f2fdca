import { expect, test } from "vitest";
import type { FunctionDefinition, RunHandle } from "../runs/definition.ts";
import { TestEngine } from "./test-engine.ts";
import { DEFAULT_START } from "./virtual-clock.ts";

const define = (
  id: string,
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition => ({
  ...{ id, triggers: [], retries: 1, backoff: () => 60_000 },
  ...{ handler, ...options },
});

const bodies: string[] = [];
const body = (name: string) => () => {
  bodies.push(name);
  return name;
};

const greet = define("greet", async (run) => {
  const first = await run.run("first", body("first"));
  await run.sleepUntil("nap", DEFAULT_START + 3 * 86_400_000);
  const paid = await run.waitForEvent("paid", { event: "paid", timeoutMs: 86_400_000 });
  const last = await run.run("last", body("last"));
  return { first, last, paid: paid === null ? null : paid.data, event: run.event.name };
});

test("execute runs to the end, through sleeps and time limits", async () => {
  const engine = new TestEngine({ function: greet });
  const { result, error, state, run } = await engine.execute();
  expect(result).toEqual({
    ...{ first: "first", last: "last", paid: null },
    event: "inngest/function.invoked",
  });
  expect(error).toBeUndefined();
  await expect(state["first"]).resolves.toBe("first");
  expect(run.finishedAt).toBe(DEFAULT_START + 4 * 86_400_000);
});

test("events, mocks and results of steps that are done, for all executions or for one", async () => {
  const engine = new TestEngine({ function: greet, events: [{ name: "first/event" }] });
  bodies.length = 0;
  const { result, run } = await engine.execute({
    events: [{ name: "other/event" }],
    steps: { paid: { data: { n: 1 } } },
    state: { first: "before", nap: null },
  });
  expect(result).toEqual({
    ...{ first: "before", last: "last", paid: { n: 1 } },
    event: "other/event",
  });
  expect(bodies).toEqual(["last"]);
  expect(run.finishedAt).toBe(DEFAULT_START);
  const clone = engine.clone({ steps: { last: "mocked" }, now: DEFAULT_START + 9e8 });
  expect((await clone.execute()).result).toMatchObject({ last: "mocked", event: "first/event" });
});

test("executeStep goes as far as the step", async () => {
  bodies.length = 0;
  const { result, step, run } = await new TestEngine({ function: greet }).executeStep("first");
  expect([result, step.state, bodies]).toEqual(["first", "done", ["first"]]);
  expect(run.isOver).toBe(false);
  const waited = await new TestEngine({ function: greet }).executeStep("paid");
  expect(waited.result).toBeNull();
  expect(bodies).toEqual(["first", "first"]);
  await expect(new TestEngine({ function: greet }).executeStep("none")).rejects.toThrow(
    'has no step "none"',
  );
});

test("errors of steps and of the function come out as errors", async () => {
  const fails = define("fails", async (run) => {
    await run.run("bad", () => {
      throw new RangeError("out of reach");
    });
  });
  const { result, error, state } = await new TestEngine({ function: fails }).execute();
  expect(result).toBeUndefined();
  expect(error).toBeInstanceOf(RangeError);
  await expect(state["bad"]).rejects.toThrow("out of reach");
  const step = await new TestEngine({ function: fails }).executeStep("bad");
  expect(step.error?.message).toBe("out of reach");
});

test("limits and triggers of the function do not stand in the way; a batch is one run", async () => {
  const limited = define("limited", async (run) => run.events.map(({ name }) => name), {
    batchEvents: { maxSize: 10, timeoutMs: 60_000 },
    triggers: [{ event: "never" }],
  });
  const engine = new TestEngine({ function: limited, events: [{ name: "a" }, { name: "b" }] });
  expect((await engine.execute()).result).toEqual(["a", "b"]);
});

test("functions that are invoked run too", async () => {
  const child = define("child", (run) => run.run("double", () => run.event.data));
  const parent = define("parent", (run) =>
    run.invoke("call", { functionId: "child", data: { n: 2 }, timeoutMs: 60_000 }),
  );
  const engine = new TestEngine({ function: parent, functions: [child] });
  expect((await engine.execute()).result).toEqual({ n: 2 });
});
