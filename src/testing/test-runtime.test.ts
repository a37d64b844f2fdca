import { expect, onTestFinished, test } from "vitest";
import type { FunctionDefinition, RunHandle } from "../runs/definition.ts";
import { createTestRuntime, type TestRuntime, type TestRuntimeOptions } from "./test-runtime.ts";
import { DEFAULT_START } from "./virtual-clock.ts";

const DAY_MS = 24 * 3_600_000;

function define(
  id: string,
  handler: (run: RunHandle) => Promise<unknown>,
  options: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  const triggers = [{ event: `start/${id}` }];
  return { id, triggers, retries: 2, backoff: () => 60_000, handler, ...options };
}

async function open(options: TestRuntimeOptions): Promise<TestRuntime> {
  const runtime = await createTestRuntime(options);
  onTestFinished(() => runtime.close());
  return runtime;
}

const followUp = define("follow-up", async (run) => {
  await run.sleepUntil("nap", DEFAULT_START + 3 * DAY_MS);
  const user = await run.run("load", () => ({ name: "Ada" }));
  return { user, events: run.events.length };
});

test("skips three days in no time", async () => {
  const runtime = await open({ functions: [followUp] });
  const realStart = performance.now();
  await runtime.send({ name: "start/follow-up", data: { a: 1 } });
  const [run] = await runtime.runs();
  expect(run).toMatchObject({ state: "waiting", isOver: false, event: { data: { a: 1 } } });
  expect(run!.step("nap")).toMatchObject({ kind: "sleep", state: "pending" });
  expect(() => run!.step("load")).toThrow('has no step "load", but "nap"');

  await runtime.advance("2d 23h");
  expect((await runtime.run(run!.id))!.state).toBe("waiting");
  await runtime.advance("1h");
  const after = (await runtime.run(run!.id))!;
  expect(after).toMatchObject({
    state: "completed",
    isOver: true,
    output: { user: { name: "Ada" }, events: 1 },
    stepIds: ["nap", "load"],
    finishedAt: DEFAULT_START + 3 * DAY_MS,
  });
  expect(after.step("load")).toMatchObject({ data: { name: "Ada" }, error: undefined, attempt: 1 });
  expect(performance.now() - realStart).toBeLessThan(2_000);
  expect(runtime.errors).toEqual([]);
});

test("goes on while something real is under way, and waits for it", async () => {
  const slow = define("slow", (run) =>
    run.run("slow", () => new Promise((resolve) => setTimeout(() => resolve("done"), 30))),
  );
  const runtime = await open({ functions: [slow] });
  await runtime.send({ name: "start/slow" });
  expect(await runtime.runs()).toMatchObject([{ state: "completed", output: "done" }]);
});

test("retries come at their time", async () => {
  const times: number[] = [];
  const flaky = define("flaky", (run) =>
    run.run("try", (attempt) => {
      times.push(runtime.now - DEFAULT_START);
      if (attempt < 2) throw new Error(`no ${attempt}`);
      return "yes";
    }),
  );
  const runtime = await open({ functions: [flaky] });
  const run = await runtime.invoke(flaky);
  expect(run.step("try")).toMatchObject({ state: "retry", attempt: 1, error: { message: "no 0" } });
  await runtime.advance(60_000);
  await runtime.advance(60_000);
  expect((await runtime.run(run.id))!.output).toBe("yes");
  expect(times).toEqual([0, 60_000, 120_000]);
});

test("a schedule ticks at each of its times", async () => {
  const daily = define("daily", async (run) => run.event.name, {
    triggers: [{ cron: "0 9 * * *" }],
  });
  const runtime = await open({ functions: [daily] });
  await runtime.advance("3d");
  const runs = await runtime.runs({ function: daily, state: "completed" });
  expect(runs.map(({ queuedAt }) => (queuedAt - DEFAULT_START) / 3_600_000)).toEqual([9, 33, 57]);
});

test("events, signals and cancellation reach the run that waits", async () => {
  const waits = define("waits", async (run) => {
    const paid = await run.waitForEvent("paid", { event: "order/paid", timeoutMs: DAY_MS });
    const go = await run.waitForSignal("go", {
      signal: "go",
      timeoutMs: DAY_MS,
      onConflict: "fail",
    });
    await run.sleepUntil("nap", DEFAULT_START + DAY_MS);
    return [paid?.data, go?.data];
  });
  const runtime = await open({ functions: [waits] });
  const { id } = await runtime.invoke("waits");
  await runtime.send([{ name: "order/paid", data: { n: 1 } }]);
  expect(await runtime.signal("go", "now")).toBe(id);
  expect(await runtime.signal("gone")).toBeUndefined();
  expect(await runtime.cancel(id)).toBe(true);
  expect(await runtime.cancel(id)).toBe(false);
  expect((await runtime.run(id))!.state).toBe("canceled");
  expect(await runtime.run("run_unknown")).toBeUndefined();

  const second = await runtime.invoke(waits);
  await runtime.send({ name: "order/paid", data: { n: 2 } });
  await runtime.signal("go", "again");
  await runtime.advanceTo(new Date(DEFAULT_START + DAY_MS));
  expect((await runtime.run(second.id))!.output).toEqual([{ n: 2 }, "again"]);
});

test("finish moves on until the run is over, or cannot go on within the time", async () => {
  const runtime = await open({ functions: [followUp], now: "2025-12-01T00:00:00Z" });
  const { id } = await runtime.invoke(followUp);
  expect((await runtime.finish(id, "1d")).state).toBe("waiting");
  expect((await runtime.finish(id)).state).toBe("completed");
  expect(runtime.now).toBe(DEFAULT_START + 3 * DAY_MS);
  await expect(runtime.finish("run_unknown")).rejects.toThrow("There is no run run_unknown");
});

test("mocks: a value, a function, an error, one repeat, one function of several", async () => {
  const bodies: string[] = [];
  const body = (name: string) => () => {
    bodies.push(name);
    return name;
  };
  const handler = async (run: RunHandle): Promise<unknown> => [
    await run.run("value", body("value")),
    await run.run("function", body("function")),
    await run.run("same", body("same")),
    await run.run("same", body("same:1")),
    await run.sleepUntil("nap", DEFAULT_START + DAY_MS).then(() => "slept"),
    await run.run("error", body("error")).catch((error: Error) => error.message),
  ];
  const one = define("one", handler);
  const other = define("other", handler);
  const steps = [
    { id: "value", handler: () => 1 },
    { id: "function", function: "one", handler: (attempt: number) => attempt },
    { id: "same:1", handler: () => "second" },
    { id: "nap", handler: () => null },
  ];
  const listed = await open({ functions: [one, other], steps });
  expect((await listed.invoke(one)).output).toEqual([1, 0, "same", "second", "slept", "error"]);
  expect((await listed.invoke(other)).output).toEqual([
    ...[1, "function", "same", "second", "slept", "error"],
  ]);
  bodies.length = 0;

  const named = await open({
    functions: [one],
    steps: { value: "v", function: () => "f", same: "s", nap: null, error: new TypeError("no") },
  });
  const run = await named.invoke(one);
  expect(run.output).toEqual(["v", "f", "s", "s", "slept", "no"]);
  expect(run.step("error")).toMatchObject({ state: "failed", attempt: 1 });
  expect(bodies).toEqual([]);
  await expect(
    createTestRuntime({ functions: [one], steps: [{ id: "x" }] as never }),
  ).rejects.toThrow('The mock of step "x" has no handler');
});

test("what is real of a run stays in place when its steps are mocked", async () => {
  const seen: unknown[] = [];
  const curious = define("curious", async (run) => {
    run.onLeave(() => seen.push("left"));
    seen.push(run.id, run.attempt, run.isReplaying, run.journal.length, run.signal.aborted);
    await run.run("a", () => 1);
    await run.sleepUntil("nap", DEFAULT_START + DAY_MS);
  });
  const runtime = await open({ functions: [curious], steps: { a: 2 } });
  const { id } = await runtime.invoke(curious);
  expect(seen).toEqual([id, 0, false, 0, false, "left"]);
});

test("every runtime has a store of its own, and can be closed twice", async () => {
  const first = await open({ functions: [followUp] });
  const second = await open({ functions: [followUp] });
  await first.invoke(followUp);
  expect(await second.runs()).toEqual([]);
  await first.close();
  await first.close();
  expect(first.clock.pendingTimers).toBe(0);
  await expect(first.send({ name: "x" })).rejects.toMatchObject({ code: "STORE_CLOSED" });
});
