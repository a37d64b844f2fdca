import { expect, test, vi } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import {
  eventType,
  Inngest,
  NonRetriableError,
  referenceFunction,
  RetryAfterError,
  type StandardSchemaV1,
  staticSchema,
  step as globalStep,
  StepError,
  type StepTools,
} from "./index.ts";

const DAY = 24 * 3_600_000;
const inngest = new Inngest({ id: "app", logger: silent });

test("step.run: a body runs once, its result is JSON", async () => {
  const body = vi.fn<() => unknown>(() => ({ at: new Date(0), skipped: undefined }));
  const fn = inngest.createFunction({ id: "run" }, { event: "go" }, async ({ step }) => {
    const result = await step.run("work", body);
    await step.sleep("pause", "1h");
    return [result, await step.run("nothing", () => {})];
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(2 * 3_600_000);
  expect(await kit.output("app-run")).toEqual([{ at: "1970-01-01T00:00:00.000Z" }, null]);
  expect(body).toHaveBeenCalledOnce();
});

test("step.run: arguments are passed to the body", async () => {
  const fn = inngest.createFunction({ id: "args" }, { event: "go" }, async ({ step }) =>
    step.run("add", (a: number, b: number) => a + b, 2, 3),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-args")).toBe(5);
});

test("the same id twice, and in a loop, is a step each", async () => {
  let calls = 0;
  const fn = inngest.createFunction({ id: "loop" }, { event: "go" }, async ({ step }) => {
    const results: number[] = [];
    for (let i = 0; i < 3; i++) results.push(await step.run("same", () => ++calls));
    await step.sleep("s", 5_000);
    return results;
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(5_000);
  expect(await kit.output("app-loop")).toEqual([1, 2, 3]);
});

test("step.sleep and step.sleepUntil wait for days without holding anything", async () => {
  const fn = inngest.createFunction({ id: "sleep" }, { event: "go" }, async ({ event, step }) => {
    await step.sleep("three days", "3d");
    await step.sleepUntil("a date", new Date(event.ts + 5 * DAY));
    await step.sleepUntil("the past", "2000-01-01T00:00:00Z");
    return "awake";
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(3 * DAY);
  expect((await kit.run("app-sleep")).state).toBe("waiting");
  await kit.advance(2 * DAY);
  expect(await kit.output("app-sleep")).toBe("awake");
});

test("step.waitForEvent: match, if, and null at the time limit", async () => {
  const fn = inngest.createFunction({ id: "wait" }, { event: "order" }, async ({ step }) => {
    const [paid, big, never] = await Promise.all([
      step.waitForEvent("paid", { event: "paid", match: "data.id", timeout: "1d" }),
      step.waitForEvent("big", { event: "paid", if: "async.data.sum > 100", timeout: "1d" }),
      step.waitForEvent("never", { event: "lost", timeout: "1h" }),
    ]);
    return [paid?.data, paid?.name, big?.data.sum, never];
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "order", data: { id: 7 } });
  await kit.engine.whenQuiet();
  await inngest.send({ name: "paid", data: { id: 8, sum: 5 } });
  await inngest.send({ name: "paid", data: { id: 7, sum: 5 } });
  await inngest.send({ name: "paid", data: { id: 9, sum: 500 } });
  await kit.advance(3_600_000);
  expect(await kit.output("app-wait")).toEqual([{ id: 7, sum: 5 }, "paid", 500, null]);
});

test("step.waitForEvent: an event type's schema is asked, and fields are named", async () => {
  const isOne: StandardSchemaV1<{ sum: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        (value as { sum?: unknown }).sum === 1
          ? { value: value as { sum: number } }
          : { issues: [{ message: "must be 1", path: ["sum"] }] },
    },
  };
  const paid = eventType("paid", { schema: isOne });
  const fn = inngest.createFunction({ id: "typed-wait" }, { event: "go" }, async ({ step }) =>
    step.waitForEvent("w", { event: paid, timeout: "1d" }),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.engine.whenQuiet();
  await inngest.send({ name: "paid", data: { sum: 2 } });
  expect((await kit.run("app-typed-wait")).error).toMatchObject({
    code: "INNGEST_EVENT_INVALID",
    message: expect.stringContaining("data.sum: must be 1"),
  });
  await expect(inngest.send(paid.create({ sum: 3 }))).rejects.toThrow("data.sum: must be 1");
});

test("step.waitForSignal and step.sendSignal", async () => {
  const waits = inngest.createFunction({ id: "waits" }, { event: "wait" }, async ({ step }) =>
    step.waitForSignal("w", { signal: "go/1", timeout: "1d", onConflict: "fail" }),
  );
  const sends = inngest.createFunction({ id: "sends" }, { event: "send" }, async ({ step }) => [
    await step.sendSignal("s", { signal: "go/1", data: { ok: true } }),
    await step.sendSignal("nobody", { signal: "go/2" }),
  ]);
  await using kit = await InngestKit.start([waits, sends]);
  await inngest.send({ name: "wait" });
  const { id } = await kit.run("app-waits");
  await inngest.send({ name: "send" });
  expect(await kit.output("app-sends")).toEqual([{ runId: id }, {}]);
  expect(await kit.output("app-waits")).toEqual({ signal: "go/1", data: { ok: true } });
  expect(await inngest.sendSignal({ signal: "go/1" })).toEqual({ runId: undefined });
});

test("step.invoke: a function, a reference, an id; its output as JSON", async () => {
  const child = inngest.createFunction({ id: "child" }, { event: "never" }, ({ event }) => ({
    name: event.name,
    twice: event.data.n * 2,
    v: event.v,
  }));
  const parent = inngest.createFunction({ id: "parent" }, { event: "go" }, async ({ step }) => [
    await step.invoke("a", { function: child, data: { n: 1 }, v: "2" }),
    await step.invoke("b", {
      function: referenceFunction({ functionId: "child" }),
      data: { n: 2 },
    }),
    await step.invoke("c", { function: "app-child", data: { n: 3 }, timeout: "5m" }),
  ]);
  await using kit = await InngestKit.start([child, parent]);
  await inngest.send({ name: "go" });
  const name = "inngest/function.invoked";
  expect(await kit.output("app-parent")).toEqual([
    { name, twice: 2, v: "2" },
    { name, twice: 4 },
    { name, twice: 6 },
  ]);
});

test("step.invoke: the child's error is a StepError that can be caught; a time limit ends the wait", async () => {
  const fails = inngest.createFunction({ id: "fails", retries: 0 }, { event: "never" }, () => {
    throw new RangeError("too far");
  });
  const slow = inngest.createFunction({ id: "slow" }, { event: "never" }, async ({ step }) => {
    await step.sleep("s", "1d");
  });
  const parent = inngest.createFunction({ id: "catches" }, { event: "go" }, async ({ step }) => {
    const errors: unknown[] = [];
    for (const call of [
      () => step.invoke("a", { function: fails }),
      () => step.invoke("b", { function: slow, timeout: "1m" }),
      () => step.invoke("c", { function: "app-nobody" }),
    ]) {
      try {
        await call();
      } catch (error) {
        errors.push([error instanceof StepError, (error as Error).name, (error as Error).message]);
      }
    }
    return errors;
  });
  await using kit = await InngestKit.start([fails, slow, parent]);
  await inngest.send({ name: "go" });
  await kit.advance(60_000);
  expect(await kit.output("app-catches")).toEqual([
    [true, "RangeError", "too far"],
    [true, expect.any(String), expect.any(String)],
    [true, expect.any(String), expect.stringContaining("app-nobody")],
  ]);
});

test("step.sendEvent: events are sent once, also when the run is replayed", async () => {
  const sender = inngest.createFunction({ id: "sender" }, { event: "go" }, async ({ step }) => {
    const one = await step.sendEvent("one", { name: "told", data: { n: 1 } });
    const two = await step.sendEvent("two", [{ name: "told" }, { name: "told" }]);
    await step.sleep("s", "1h");
    return [one.ids.length, two.ids.length];
  });
  const told = inngest.createFunction({ id: "told" }, { event: "told" }, () => 1);
  await using kit = await InngestKit.start([sender, told]);
  await inngest.send({ name: "go" });
  await kit.advance(3_600_000);
  expect(await kit.output("app-sender")).toEqual([1, 2]);
  expect(await kit.runs("app-told")).toHaveLength(3);
});

test("Promise.all, race and allSettled: losers do not hold the run", async () => {
  const fn = inngest.createFunction(
    { id: "par", retries: 0 },
    { event: "go" },
    async ({ step, group }) => {
      const all = await Promise.all([step.run("a", () => "a"), step.run("b", async () => "b")]);
      const race = await Promise.race([
        step.sleep("fast", "1s").then(() => "fast"),
        step.waitForEvent("slow", { event: "x", timeout: "30d" }).then(() => "slow"),
      ]);
      const settled = await Promise.allSettled([
        step.run("ok", () => 1),
        step.run("bad", () => {
          throw new Error("no");
        }),
      ]);
      const grouped = await group.parallel({ mode: "race" }, () =>
        Promise.race([step.run("g", () => "g"), step.sleep("g2", "1d")]),
      );
      return [all, race, settled.map(({ status }) => status), grouped];
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(1_000);
  expect(await kit.output("app-par")).toEqual([["a", "b"], "fast", ["fulfilled", "rejected"], "g"]);
});

test("retries: a step is tried again, with the waits of the table, and the function goes on", async () => {
  const attempts: number[] = [];
  const fn = inngest.createFunction({ id: "retry" }, { event: "go" }, async ({ step, attempt }) =>
    step.run("flaky", () => {
      attempts.push(attempt);
      if (attempts.length < 3) throw new Error("not yet");
      return "at last";
    }),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(14_000);
  expect(attempts).toEqual([0]);
  await kit.advance(31_000);
  expect(attempts).toEqual([0, 1]);
  await kit.advance(60_000);
  expect(await kit.output("app-retry")).toBe("at last");
  expect(attempts).toEqual([0, 1, 2]);
});

test("ctx.attempt: in a step's body it is the body's own", async () => {
  const seen: unknown[] = [];
  const fn = inngest.createFunction(
    { id: "attempts", retries: 2, backoff: ["10ms", "1h"] },
    { event: "go" },
    async (ctx) => {
      const { attempt } = ctx;
      const fail = (times: number) => (): void => {
        seen.push([ctx.attempt, attempt]);
        if (ctx.attempt < times) throw new Error("again");
      };
      await ctx.step.run("a", fail(2));
      await ctx.step.run("b", fail(1));
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(2 * 3_600_000);
  await kit.advance(2 * 3_600_000);
  expect(await kit.output("app-attempts")).toBe(null);
  expect(seen).toEqual([
    [0, 0],
    [1, 0],
    [2, 2],
    [0, 2],
    [1, 2],
  ]);
});

test("4 retries unless told otherwise; the step's error is caught as StepError", async () => {
  const body = vi.fn<() => void>(() => {
    throw Object.assign(new TypeError("always"), { cause: "me" });
  });
  const fn = inngest.createFunction(
    { id: "five", backoff: { type: "fixed", delay: "1s" } },
    { event: "go" },
    async ({ step }) => {
      try {
        await step.run("s", body);
      } catch (error) {
        const { name, message, cause, stepId } = error as StepError;
        return { is: error instanceof StepError, name, message, cause, stepId };
      }
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  await kit.advance(10_000);
  expect(body).toHaveBeenCalledTimes(5);
  expect(await kit.output("app-five")).toEqual({
    is: true,
    name: "TypeError",
    message: "always",
    cause: "me",
    stepId: "s",
  });
});

test("per-step retries and backoff", async () => {
  const calls: Record<string, number[]> = { a: [], b: [] };
  const fn = inngest.createFunction(
    { id: "own", retries: 1, backoff: ["1s"] },
    { event: "go" },
    async ({ step }) => {
      const fail = (id: string) => (): never => {
        calls[id]!.push(kit.clock.now() - start);
        throw new Error(id);
      };
      await step
        .run({ id: "a", retries: 3, backoff: (attempt) => attempt * 10_000 }, fail("a"))
        .catch(() => {});
      await step.run("b", fail("b")).catch(() => {});
    },
  );
  await using kit = await InngestKit.start([fn]);
  const start = kit.clock.now();
  await inngest.send({ name: "go" });
  await kit.advance(120_000);
  expect(calls).toEqual({ a: [0, 10_000, 30_000, 60_000], b: [60_000, 61_000] });
});

test("NonRetriableError ends at once, RetryAfterError says when", async () => {
  const times: number[] = [];
  const stops = inngest.createFunction({ id: "stops" }, { event: "go" }, async ({ step }) => {
    await step.run("s", () => {
      times.push(-1);
      throw new NonRetriableError("never", { cause: new Error("why") });
    });
  });
  const later = inngest.createFunction({ id: "later" }, { event: "go" }, async ({ attempt }) => {
    times.push(kit.clock.now() - start);
    if (attempt === 0) throw new RetryAfterError("busy", "2h");
    if (attempt === 1) throw new RetryAfterError("busy", new Date(kit.clock.now() + 5_000));
    return attempt;
  });
  await using kit = await InngestKit.start([stops, later]);
  const start = kit.clock.now();
  await inngest.send({ name: "go" });
  await kit.advance(DAY);
  expect((await kit.run("app-stops")).error).toMatchObject({
    name: "NonRetriableError",
    message: "never",
    cause: { message: "why" },
  });
  expect(await kit.output("app-later")).toBe(2);
  expect(times.toSorted((a, b) => a - b)).toEqual([-1, 0, 7_200_000, 7_205_000]);
});

test("the code between steps is tried again; a step's error let through is final", async () => {
  let runs = 0;
  const fn = inngest.createFunction(
    { id: "code", retries: 2, backoff: ["1s"] },
    { event: "go" },
    () => {
      runs++;
      throw new Error("code");
    },
  );
  const through = inngest.createFunction(
    { id: "through", retries: 1, backoff: ["1s"] },
    { event: "go" },
    async ({ step }) => {
      await step.run("s", () => {
        throw new Error("step");
      });
    },
  );
  await using kit = await InngestKit.start([fn, through]);
  await inngest.send({ name: "go" });
  await kit.advance(60_000);
  expect(runs).toBe(3);
  expect(await kit.run("app-code")).toMatchObject({ state: "failed", error: { message: "code" } });
  expect(await kit.run("app-through")).toMatchObject({
    state: "failed",
    error: { message: "step" },
  });
});

test("onFailure runs as a function of its own, with the error and the event", async () => {
  const seen = vi.fn<(...args: unknown[]) => void>();
  const fn = inngest.createFunction(
    {
      id: "bad",
      retries: 0,
      onFailure: async ({ error, event, step }) => {
        await step.run("tell", () =>
          seen(
            error instanceof RangeError,
            error.message,
            event.data.event.data,
            event.data.function_id,
          ),
        );
      },
    },
    { event: "go" },
    () => {
      throw new RangeError("broken");
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go", data: { n: 1 } });
  expect((await kit.run("app-bad-failure")).state).toBe("completed");
  expect(seen).toHaveBeenCalledWith(true, "broken", { n: 1 }, "app-bad");
});

test("steps inside of a step's body are refused", async () => {
  const fn = inngest.createFunction({ id: "nested" }, { event: "go" }, async ({ step }) =>
    step.run("outer", async () => {
      await Promise.resolve();
      return step.run("inner", () => 1);
    }),
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go" });
  expect(await kit.run("app-nested")).toMatchObject({
    state: "failed",
    error: { code: "RUNS_NESTED_STEP" },
  });
});

test("the global step finds the function it is used in", async () => {
  const helper = async (): Promise<unknown[]> => {
    const wait = { event: "never", timeout: 1 } as const;
    const signal = { signal: "never", timeout: 1, onConflict: "fail" } as const;
    return [
      await globalStep.run("run", () => 5),
      await globalStep.ai.wrap("wrap", () => 6),
      await globalStep.sleep("sleep", 1),
      await globalStep.sleepUntil("until", new Date(0)),
      await globalStep.waitForEvent("event", wait),
      await globalStep.waitForSignal("signal", signal),
      await globalStep.sendSignal("send", { signal: "nobody" }),
      (await globalStep.sendEvent("tell", { name: "nobody" })).ids.length,
      await globalStep.invoke("invoke", { function: "app-child" }),
      await globalStep.ai.infer("infer", {}).catch(({ code }) => code as unknown),
      await globalStep.realtime.publish("publish").catch(({ code }) => code as unknown),
    ];
  };
  const child = inngest.createFunction({ id: "child" }, () => "child");
  const fn = inngest.createFunction({ id: "global" }, { event: "go" }, async () => helper());
  await using kit = await InngestKit.start([fn, child]);
  await inngest.send({ name: "go" });
  await kit.advance(10);
  const no = "INNGEST_UNSUPPORTED";
  const waits = [null, null, null, null];
  expect(await kit.output("app-global")).toEqual([5, 6, ...waits, {}, 1, "child", no, no]);
  await expect(helper()).rejects.toMatchObject({ code: "INNGEST_NOT_IN_FUNCTION" });
});

test("the context", async () => {
  const typed = eventType("go", { schema: staticSchema<{ n: number }>(), version: "3" });
  const fn = inngest.createFunction({ id: "ctx", retries: 2 }, typed, async (ctx) => {
    const { event, events, runId, attempt, maxAttempts, requestId } = ctx;
    expect(() => ctx.defer("x", {})).toThrow("defer");
    return { event, count: events.length, runId, attempt, maxAttempts, requestId };
  });
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ ...typed.create({ n: 1 }), id: "mine", user: { id: 5 } });
  const { id } = await kit.run("app-ctx");
  expect(await kit.output("app-ctx")).toEqual({
    event: { id: "mine", name: "go", data: { n: 1 }, ts: kit.clock.now(), v: "3", user: { id: 5 } },
    count: 1,
    runId: id,
    attempt: 0,
    maxAttempts: 3,
    requestId: expect.stringContaining(id),
  });
});

test.each([
  ["run", (step) => step.run("x", 5 as unknown as () => void), "its body is no function"],
  ["run", (step) => step.run("", () => 1), "its first argument"],
  ["run", (step) => step.run({ id: "x", retries: 21 }, () => 1), "retries"],
  ["run", (step) => step.run({ id: "x", retires: 1 } as never, () => 1), "retires"],
  ["sleep", (step) => step.sleep({ id: "x", retries: 1 } as never, 5), "retries"],
  ["sleep", (step) => step.sleep("x", "soon"), "soon"],
  ["sleepUntil", (step) => step.sleepUntil("x", new Date(Number.NaN)), "sleepUntil"],
  ["waitForEvent", (step) => step.waitForEvent("x", { timeout: 5 } as never), "no event"],
  ["waitForEvent", (step) => step.waitForEvent("x", { event: "e" } as never), "duration"],
  ["waitForEvent", (step) => step.waitForEvent("x", { event: "e/*", timeout: 5 }), "pattern"],
  [
    "waitForEvent",
    (step) => step.waitForEvent("x", { event: "e", timeout: 5, if: "true", match: "a" } as never),
    "not both",
  ],
  [
    "waitForEvent",
    (step) => step.waitForEvent("x", { event: "e", timeout: 5, if: 5 } as never),
    "no text",
  ],
  [
    "waitForSignal",
    (step) => step.waitForSignal("x", { signal: "", timeout: 1, onConflict: "fail" }),
    "signal",
  ],
  ["invoke", (step) => step.invoke("x", { function: "" }), "function"],
  ["sendEvent", (step) => step.sendEvent("x", { name: "inngest/x" }), "INNGEST_BAD_EVENT"],
  ["ai.infer", (step) => step.ai.infer("x", {}), "step.ai.infer"],
  ["realtime", (step) => step.realtime.publish("x"), "channels"],
] as const satisfies readonly (readonly [string, (step: StepTools) => Promise<unknown>, string])[])(
  "step.%s with bad arguments fails the run at once, and says why",
  async (_tool, call, reason) => {
    const fn = inngest.createFunction({ id: "bad-step" }, { event: "go" }, async ({ step }) =>
      call(step),
    );
    await using kit = await InngestKit.start([fn]);
    await inngest.send({ name: "go" });
    const { state, error } = await kit.run("app-bad-step");
    expect(state).toBe("failed");
    expect(`${error?.code} ${error?.message}`).toContain(reason);
  },
);
