import { describe, expect, test } from "vitest";
import { ApiError } from "../errors/api-errors.ts";
import {
  AbortTaskRunError,
  CompleteTaskWithOutput,
  OutOfMemoryError,
} from "../errors/task-errors.ts";
import { HookSet } from "../hooks/hook-set.ts";
import type { TaskRetryOptions } from "../retry/retry-options.ts";
import { machineOf } from "../task/machines.ts";
import type { TaskRunContext } from "../types/context.ts";
import type { HookName, HookParams, LifecycleHooks } from "../types/hooks.ts";
import { type AttemptTask, type RunParams, runAttempt } from "./run-attempt.ts";

const NOW = Date.UTC(2026, 0, 1);

/** What a test says of an attempt; the rest is plain. */
interface Given {
  readonly hooks?: LifecycleHooks;
  readonly globals?: HookSet;
  readonly run?: AttemptTask["run"];
  readonly retry?: TaskRetryOptions;
  readonly attempt?: number;
  readonly maxAttempts?: number;
  readonly parse?: AttemptTask["parse"];
  readonly retries?: boolean;
}

const context = (number: number): TaskRunContext =>
  ({
    attempt: { number, startedAt: new Date(NOW) },
    run: { id: "run_1" },
    machine: machineOf("small-1x"),
  }) as TaskRunContext;

async function attempt(given: Given) {
  const reported: [HookName, unknown][] = [];
  const outcome = await runAttempt({
    task: {
      id: "mail",
      hooks: given.hooks ?? {},
      retry: given.retry,
      parse: given.parse,
      run: given.run ?? ((_payload, { init }) => ({ output: "done", init })),
    },
    payload: { to: "ada" },
    ctx: context(given.attempt ?? 1),
    signal: new AbortController().signal,
    globals: given.globals ?? new HookSet(),
    maxAttempts: given.maxAttempts,
    retries: given.retries ?? true,
    now: () => NOW,
    report: (hook, error) => reported.push([hook, error]),
    prepared: () => {},
    settle: async () => {},
  });
  return { outcome, reported };
}

const failing = (error: unknown) => (): never => {
  throw error;
};

describe("hooks", () => {
  test("init hooks are called globally, then for the task, and run gets what they return, merged", async () => {
    const globals = new HookSet();
    globals.add("init", () => ({ foo: "global", shared: 1 }));
    const hooks = { init: () => ({ bar: "task", shared: 2 }) };
    const { outcome } = await attempt({ globals, hooks });
    expect(outcome).toEqual({
      ok: true,
      output: { output: "done", init: { foo: "global", bar: "task", shared: 2 } },
    });
  });

  for (const hook of ["onStart", "onStartAttempt", "onSuccess", "onComplete", "cleanup"] as const) {
    test(`${hook} is called in the order of registration, globally before the task's, with payload, ctx and init`, async () => {
      const calls: [string, HookParams][] = [];
      const globals = new HookSet();
      globals.add("init", () => ({ foo: "bar" }));
      globals.add(hook, (params: HookParams) => calls.push(["first", params]));
      globals.add(hook, (params: HookParams) => calls.push(["second", params]));
      const hooks = { [hook]: (params: HookParams) => calls.push(["task", params]) };
      await attempt({ globals, hooks });
      expect(calls.map(([name]) => name)).toEqual(["first", "second", "task"]);
      const output = { output: "done", init: { foo: "bar" } };
      for (const [, params] of calls)
        expect(params).toMatchObject({
          payload: { to: "ada" },
          ctx: { run: { id: "run_1" } },
          task: "mail",
          init: { foo: "bar" },
          ...(hook === "onSuccess" && { output }),
          ...(hook === "onComplete" && { result: { ok: true, data: output } }),
        });
    });
  }

  test("onFailure and onComplete get the error when no attempt is left", async () => {
    const error = new Error("no mail today");
    const calls: [string, unknown][] = [];
    const globals = new HookSet();
    globals.add("onFailure", (params: { error: unknown }) => calls.push(["global", params.error]));
    const hooks: LifecycleHooks = {
      onFailure: (params) => calls.push(["task", params.error]),
      onComplete: ({ result }) => calls.push(["complete", result]),
      onSuccess: () => calls.push(["success", undefined]),
    };
    const { outcome } = await attempt({ globals, hooks, run: failing(error) });
    expect(calls).toEqual([
      ["global", error],
      ["task", error],
      ["complete", { ok: false, error }],
    ]);
    expect(outcome).toEqual({ ok: false, error, isSkipped: false, delayMs: undefined });
  });

  test("onStart is called for the first attempt only; onFailure not while attempts are left", async () => {
    const calls: string[] = [];
    const hooks: LifecycleHooks = {
      onStart: () => calls.push("start"),
      onStartAttempt: () => calls.push("attempt"),
      onFailure: () => calls.push("failure"),
      onComplete: () => calls.push("complete"),
      cleanup: () => calls.push("cleanup"),
    };
    const run = failing(new Error("again"));
    await attempt({ hooks, run, retry: { maxAttempts: 3 }, attempt: 1 });
    expect(calls.splice(0)).toEqual(["start", "attempt", "cleanup"]);
    await attempt({ hooks, run, retry: { maxAttempts: 3 }, attempt: 3 });
    expect(calls).toEqual(["attempt", "failure", "complete", "cleanup"]);
  });

  test("middleware is around everything, the global ones outermost", async () => {
    const order: string[] = [];
    const around =
      (name: string) =>
      async ({ next }: { next: () => Promise<void> }) => {
        order.push(`${name} before`);
        await next();
        order.push(`${name} after`);
      };
    const globals = new HookSet();
    globals.add("middleware", around("outer"));
    globals.add("middleware", around("inner"));
    const hooks: LifecycleHooks = {
      middleware: around("task"),
      init: () => order.push("init"),
      onStart: () => order.push("start"),
      onSuccess: () => order.push("success"),
      onComplete: () => order.push("complete"),
      cleanup: () => order.push("cleanup"),
    };
    await attempt({ globals, hooks, run: () => order.push("run") });
    const before = ["outer before", "inner before", "task before"];
    const inside = ["init", "start", "run", "success", "complete", "cleanup"];
    expect(order).toEqual([...before, ...inside, "task after", "inner after", "outer after"]);
  });

  test("middleware that throws fails the attempt, and nothing else is called", async () => {
    const calls: string[] = [];
    const error = new Error("no connection");
    const hooks: LifecycleHooks = {
      middleware: failing(error),
      onFailure: () => calls.push("failure"),
      catchError: () => {
        calls.push("catchError");
      },
    };
    const retry = { maxAttempts: 2, randomize: false };
    const { outcome } = await attempt({ hooks, retry, run: () => calls.push("run") });
    expect(calls).toEqual([]);
    const failure = { code: "TASK_HOOK_FAILED", cause: error };
    expect(outcome).toMatchObject({ ok: false, error: failure, delayMs: 1_000 });
  });

  test("middleware that calls no next() fails the attempt", async () => {
    const { outcome } = await attempt({ hooks: { middleware: () => {} } });
    expect(outcome).toMatchObject({ ok: false, error: { code: "TASK_HOOK_FAILED" } });
  });

  for (const hook of ["init", "onStart", "onStartAttempt"] as const) {
    test(`what a global ${hook} throws fails the attempt before the task's own, and run is not called`, async () => {
      const order: string[] = [];
      const error = new Error(`${hook} failed`);
      const globals = new HookSet();
      globals.add(hook, () => {
        order.push("global");
        throw error;
      });
      const hooks: LifecycleHooks = {
        [hook]: () => order.push("task"),
        onFailure: (params) => order.push(`failure: ${String(params.error)}`),
        onComplete: ({ result }) => order.push(`complete: ${result.ok}`),
      };
      const { outcome } = await attempt({ globals, hooks, run: () => order.push("run") });
      expect(order).toEqual(["global", `failure: ${String(error)}`, "complete: false"]);
      expect(outcome).toMatchObject({ ok: false, error });
    });
  }

  test("what the task's init throws fails the attempt after the global ones", async () => {
    const order: string[] = [];
    const globals = new HookSet();
    globals.add("init", () => order.push("global"));
    const hooks: LifecycleHooks = {
      init: failing(new Error("own")),
      cleanup: () => order.push("cleanup"),
    };
    const { outcome } = await attempt({ globals, hooks, run: () => order.push("run") });
    expect(order).toEqual(["global", "cleanup"]);
    expect(outcome).toMatchObject({ ok: false, error: { message: "own" } });
  });

  test("cleanup is called after a failure too", async () => {
    const order: string[] = [];
    const hooks: LifecycleHooks = {
      init: () => ({ foo: "bar" }),
      onFailure: () => order.push("failure"),
      onComplete: () => order.push("complete"),
      cleanup: ({ init }) => order.push(`cleanup with ${(init as { foo: string }).foo}`),
    };
    await attempt({ hooks, run: failing(new Error("no")) });
    expect(order).toEqual(["failure", "complete", "cleanup with bar"]);
  });

  test("what onSuccess, onFailure, onComplete and cleanup throw is reported, and changes nothing", async () => {
    const error = new Error("hook");
    const hooks: LifecycleHooks = {
      onSuccess: failing(error),
      onComplete: failing(error),
      cleanup: failing(error),
    };
    const { outcome, reported } = await attempt({ hooks });
    expect(outcome.ok).toBe(true);
    expect(reported.map(([hook]) => hook)).toEqual(["onSuccess", "onComplete", "cleanup"]);
  });

  test("a hook with a name takes the place of an older one of that name", async () => {
    const calls: string[] = [];
    const globals = new HookSet();
    globals.add("onStart", "db", () => calls.push("old"));
    globals.add("onStart", () => calls.push("other"));
    globals.add("onStart", "db", () => calls.push("new"));
    await attempt({ globals });
    expect(calls).toEqual(["new", "other"]);
    expect(() => globals.add("onStart", "db", "no function")).toThrow(TypeError);
  });
});

describe("catchError", () => {
  const error = new Error("no mail today");

  test("is asked of the task first, then globally, until one answers", async () => {
    const order: string[] = [];
    const globals = new HookSet();
    globals.add("catchError", () => void order.push("first"));
    globals.add("catchError", () => {
      order.push("second");
      return { retry: { maxAttempts: 3, minTimeoutInMs: 1_000, randomize: false } };
    });
    globals.add("catchError", () => order.push("third"));
    const hooks: LifecycleHooks = { catchError: () => void order.push("task") };
    const { outcome } = await attempt({ globals, hooks, run: failing(error) });
    expect(order).toEqual(["task", "first", "second"]);
    expect(outcome).toEqual({ ok: false, error, delayMs: 1_000, isSkipped: false });
  });

  test("may end it, with another error", async () => {
    const other = new Error("another");
    const globals = new HookSet();
    globals.add("catchError", failing(new Error("is not asked")));
    const hooks: LifecycleHooks = { catchError: () => ({ skipRetrying: true, error: other }) };
    const retry = { maxAttempts: 3 };
    const { outcome } = await attempt({ globals, hooks, retry, run: failing(error) });
    expect(outcome).toEqual({ ok: false, error: other, isSkipped: true });
  });

  test("may say when the next attempt is, or in how long", async () => {
    const run = failing(error);
    const at = { catchError: () => ({ retryAt: new Date(NOW + 30_000), error }) };
    expect((await attempt({ hooks: at, run })).outcome).toMatchObject({ delayMs: 30_000 });
    const after = { handleError: () => ({ retryDelayInMs: 7_000 }) };
    expect((await attempt({ hooks: after, run })).outcome).toMatchObject({ delayMs: 7_000 });
  });

  test("an answer without a word of retrying ends it", async () => {
    const hooks: LifecycleHooks = { catchError: () => ({ error: new Error("other") }) };
    const { outcome } = await attempt({ hooks, retry: { maxAttempts: 3 }, run: failing(error) });
    expect(outcome).toMatchObject({ delayMs: undefined, error: { message: "other" } });
  });

  test("is told what would happen without it", async () => {
    let told: unknown;
    const hooks: LifecycleHooks = {
      catchError: (params) => {
        told = params;
      },
    };
    await attempt({ hooks, retry: { maxAttempts: 3, randomize: false }, run: failing(error) });
    expect(told).toMatchObject({
      error,
      retry: { maxAttempts: 3, factor: 2 },
      retryAt: new Date(NOW + 1_000),
      retryDelayInMs: 1_000,
    });
  });

  test("what it throws fails the run", async () => {
    const thrown = new Error("in the hook");
    const hooks: LifecycleHooks = { catchError: failing(thrown) };
    const { outcome } = await attempt({ hooks, retry: { maxAttempts: 3 }, run: failing(error) });
    const failure = { code: "TASK_HOOK_FAILED", cause: thrown };
    expect(outcome).toMatchObject({ ok: false, error: failure });
    expect(outcome).not.toHaveProperty("delayMs");
  });
});

describe("retries", () => {
  const error = new Error("no mail today");
  const run = failing(error);

  test("without any formula nothing is retried", async () => {
    expect((await attempt({ run })).outcome).toMatchObject({ delayMs: undefined });
  });

  test("the formula grows by the factor, at random up to twice, up to the maximum", async () => {
    const retry = { maxAttempts: 5, minTimeoutInMs: 1_000, maxTimeoutInMs: 5_000, factor: 2 };
    const { outcome } = await attempt({ run, retry });
    const { delayMs } = outcome as { delayMs: number };
    expect(delayMs).toBeGreaterThanOrEqual(1_000);
    expect(delayMs).toBeLessThan(2_000);
    const late = await attempt({ run, retry: { ...retry, randomize: false }, attempt: 4 });
    expect(late.outcome).toMatchObject({ delayMs: 5_000 });
  });

  test("what the trigger says of attempts goes over what the task says", async () => {
    const retry = { maxAttempts: 3 };
    expect((await attempt({ run, retry, maxAttempts: 1 })).outcome).toMatchObject({
      delayMs: undefined,
    });
    expect((await attempt({ run, maxAttempts: 2 })).outcome).toMatchObject({
      delayMs: expect.any(Number) as number,
    });
  });

  test("never more than 250 attempts, whatever hooks say", async () => {
    const hooks: LifecycleHooks = { catchError: () => ({ retryDelayInMs: 1 }) };
    expect((await attempt({ run, hooks, attempt: 249 })).outcome).toMatchObject({ delayMs: 1 });
    expect((await attempt({ run, hooks, attempt: 250 })).outcome).toMatchObject({
      delayMs: undefined,
    });
  });

  test("not where the configuration says so for development", async () => {
    const { outcome } = await attempt({ run, retry: { maxAttempts: 3 }, retries: false });
    expect(outcome).toMatchObject({ isSkipped: true });
  });

  test("AbortTaskRunError ends it, and catchError is not asked", async () => {
    let isAsked = false;
    const hooks: LifecycleHooks = {
      catchError: () => {
        isAsked = true;
        return { retryDelayInMs: 1 };
      },
    };
    const abort = new AbortTaskRunError("enough");
    const { outcome } = await attempt({ hooks, retry: { maxAttempts: 3 }, run: failing(abort) });
    expect(outcome).toEqual({ ok: false, error: abort, isSkipped: true });
    expect(isAsked).toBe(false);
  });

  test("refusals of an API are retried for 408, 429 and 5xx only", async () => {
    const retry = { maxAttempts: 3, minTimeoutInMs: 1_000, randomize: false };
    for (const status of [400, 401, 403, 404, 422]) {
      const refusal = ApiError.generate(status, undefined, "no", {});
      expect((await attempt({ retry, run: failing(refusal) })).outcome).toEqual({
        ok: false,
        error: refusal,
        isSkipped: true,
      });
    }
    for (const status of [408, 429, 500, 502, 503, 504]) {
      const refusal = ApiError.generate(status, undefined, "no", {});
      const { outcome } = await attempt({ retry, run: failing(refusal) });
      expect(outcome).toMatchObject({ delayMs: 1_000, isSkipped: false });
    }
  });

  test("a 429 that says when more is taken is tried again then, and up to two seconds later", async () => {
    const reset = String(Date.now() + 30_000);
    const refusal = ApiError.generate(429, undefined, "slow", { "x-ratelimit-reset": reset });
    const { outcome } = await attempt({ retry: { maxAttempts: 3 }, run: failing(refusal) });
    const { delayMs } = outcome as { delayMs: number };
    expect(delayMs).toBeGreaterThan(29_000);
    expect(delayMs).toBeLessThan(32_000);
  });

  test("out of memory is retried only on another machine", async () => {
    const outOfMemory = failing(new OutOfMemoryError());
    const same = { maxAttempts: 3, outOfMemory: { machine: "small-1x" } };
    expect((await attempt({ run: outOfMemory, retry: same })).outcome).toMatchObject({
      isSkipped: true,
    });
    const larger = { maxAttempts: 3, outOfMemory: { machine: "large-1x" } };
    expect((await attempt({ run: outOfMemory, retry: larger })).outcome).toMatchObject({
      delayMs: expect.any(Number) as number,
    });
  });
});

test("a payload that its schema refuses fails the run, and nothing is called", async () => {
  const calls: string[] = [];
  const { outcome } = await attempt({
    parse: failing(new Error("to: expected a mail address")),
    hooks: { init: () => calls.push("init"), onFailure: () => calls.push("failure") },
    retry: { maxAttempts: 3 },
    run: () => calls.push("run"),
  });
  expect(outcome).toMatchObject({
    ok: false,
    isSkipped: true,
    error: {
      name: "TaskPayloadParsedError",
      message: "Parsing payload with schema failed: to: expected a mail address",
    },
  });
  expect(calls).toEqual([]);
});

test("run gets what the schema makes of the payload", async () => {
  const { outcome } = await attempt({
    parse: async () => ({ parsed: true }),
    run: (payload: unknown, _params: RunParams) => payload,
  });
  expect(outcome).toEqual({ ok: true, output: { parsed: true } });
});

test("CompleteTaskWithOutput is a success", async () => {
  let output: unknown;
  const { outcome } = await attempt({
    run: failing(new CompleteTaskWithOutput({ early: true })),
    hooks: { onSuccess: (params) => (output = params.output) },
  });
  expect(outcome).toEqual({ ok: true, output: { early: true } });
  expect(output).toEqual({ early: true });
});
