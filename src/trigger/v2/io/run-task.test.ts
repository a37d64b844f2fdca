import { expect, test, vi } from "vitest";
import { startJob } from "../../../../test/support/trigger-v2.ts";

const steady = { minTimeoutInMs: 1_000, factor: 2, randomize: false };

test("a callback runs once, whatever the run waits for afterwards, and its result is JSON", async () => {
  const callback = vi.fn<() => Promise<unknown>>(async () => ({
    at: new Date(0),
    none: undefined,
  }));
  const { finish } = await startJob(async (io) => {
    const first = await io.runTask("task", callback);
    await io.wait("an hour", 3_600);
    return first;
  });
  expect((await finish()).output).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  expect(callback).toHaveBeenCalledTimes(1);
});

test("keys are text or parts, and count within the task around them", async () => {
  const { finish } = await startJob(async (io) => {
    await io.runTask(["send", { to: "ada", by: "mail" }, 7], async () => 1);
    await io.runTask("outer", async () => io.runTask("inner", async () => 2));
    await io.runTask("inner", async () => 3);
  });
  expect((await finish()).stepIds).toEqual([
    'send:{"by":"mail","to":"ada"}:7',
    "outer›inner",
    "outer",
    "inner",
  ]);
});

test("a key that is used again is a task of its own", async () => {
  const { finish } = await startJob(async (io) => [
    await io.runTask("same", async () => 1),
    await io.runTask("same", async () => 2),
  ]);
  expect((await finish()).output).toEqual([1, 2]);
});

test("without retry, the first error fails the task, and the run if nobody catches it", async () => {
  const callback = vi.fn<() => Promise<unknown>>(async () => {
    throw new RangeError("too far");
  });
  const { finish } = await startJob(async (io) => io.runTask("fails", callback));
  expect(await finish()).toMatchObject({
    state: "failed",
    error: { name: "RangeError", message: "too far" },
  });
  expect(callback).toHaveBeenCalledTimes(1);
});

test("with retry it is tried again: after the least wait twice, then longer, limit times in all", async () => {
  const attempts: [number, number][] = [];
  const { runtime, finish } = await startJob(async (io, _ctx, now) =>
    io.runTask(
      "flaky",
      async (task) => {
        attempts.push([task.attempts, now()]);
        throw new Error(`failure ${task.attempts}`);
      },
      { retry: { limit: 4, ...steady } },
    ),
  );
  const start = runtime.now;
  const run = await finish();
  expect(attempts.map(([number]) => number)).toEqual([1, 2, 3, 4]);
  expect(attempts.slice(1).map(([, at]) => at - start)).toEqual([1_000, 2_000, 4_000]);
  expect(run).toMatchObject({ state: "failed", error: { message: "failure 4" } });
});

test("onError may replace the error, stop the retries, or say when to try again", async () => {
  const seen: unknown[] = [];
  const { finish } = await startJob(async (io, ctx, now) => {
    const caught = async (task: () => Promise<unknown>): Promise<unknown> =>
      io.try(task, async (error) => (error as Error).message);
    const fail = async (): Promise<never> => {
      throw new Error("original");
    };
    const retry = { limit: 3, ...steady };
    const replaced = await caught(async () =>
      io.runTask("replaced", fail, {}, () => new Error("replaced")),
    );
    const skipped = await caught(async () =>
      io.runTask("skipped", fail, { retry }, (error, task) => {
        seen.push([(error as Error).message, task.attempts]);
        return { skipRetrying: true };
      }),
    );
    const thrown = await caught(async () =>
      io.runTask("thrown", fail, {}, () => {
        throw new Error("from onError");
      }),
    );
    const later = await io.runTask(
      "later",
      async (task) => (task.attempts < 3 ? fail() : now()),
      {},
      () => ({ retryAt: new Date(now() + 60_000) }),
    );
    return { replaced, skipped, thrown, waited: later - ctx.run.startedAt.getTime() };
  });
  expect((await finish()).output).toEqual({
    replaced: "replaced",
    skipped: "original",
    thrown: "from onError",
    waited: 120_000,
  });
  expect(seen).toEqual([["original", 1]]);
});

test("a task inside that is out of tries fails the one around it, which is not tried again", async () => {
  const outer = vi.fn<() => void>();
  const { finish } = await startJob(async (io) =>
    io.runTask(
      "outer",
      async () => {
        outer();
        await io.runTask("inner", async () => Promise.reject(new Error("no")));
      },
      { retry: { limit: 3, ...steady } },
    ),
  );
  expect(await finish()).toMatchObject({ state: "failed", error: { message: "no" } });
  expect(outer).toHaveBeenCalledTimes(1);
});

test("a task that fails after its own tasks is tried again, and they are not", async () => {
  const inner = vi.fn<() => Promise<unknown>>(async () => "inner");
  const { finish } = await startJob(async (io) =>
    io.runTask(
      "outer",
      async (task) => {
        const result = await io.runTask("inner", inner);
        if (task.attempts === 1) throw new Error("once");
        return result;
      },
      { retry: steady },
    ),
  );
  expect((await finish()).output).toBe("inner");
  expect(inner).toHaveBeenCalledTimes(1);
});

test("tasks wait inside of each other, to any depth, and side by side", async () => {
  const { runtime, finish } = await startJob(async (io) => {
    const slow = (name: string, seconds: number): Promise<string> =>
      io.runTask(name, async () => {
        await io.runTask("deeper", async () => io.wait("wait", seconds));
        return name;
      });
    return Promise.all([slow("a", 60), slow("b", 600), slow("c", 30)]);
  });
  const start = runtime.now;
  const run = await finish();
  expect(run.output).toEqual(["a", "b", "c"]);
  expect(run.finishedAt! - start).toBe(600_000);
  expect(run.hasStep("b›deeper›wait")).toBe(true);
});

test("delayUntil holds the callback back, and noop is only the time", async () => {
  const callback = vi.fn<() => Promise<unknown>>(async () => undefined);
  const { finish } = await startJob(async (io, ctx) => {
    const at = (minutes: number): Date => new Date(ctx.run.startedAt.getTime() + minutes * 60_000);
    await io.runTask("later", callback, { delayUntil: at(1) });
    await io.runTask("noop", callback, { noop: true, delayUntil: at(3) });
    await io.runTask("nothing", callback, { noop: true });
  });
  expect(callback).not.toHaveBeenCalled();
  const run = await finish();
  expect(callback).toHaveBeenCalledTimes(1);
  expect(run.finishedAt! - run.startedAt!).toBe(180_000);
});

test("the callback is told of its task, and parseOutput makes the result", async () => {
  const { finish } = await startJob(async (io) => {
    const length = await io.runTask(
      "described",
      async (task) => [task.name, task.icon, task.params, task.status] as unknown,
      { name: "A task", icon: "bell", params: { a: 1 }, parseOutput: (it) => (it as []).length },
    );
    const shown = await io.runTask("plain", async (task) => [task.name, task.properties]);
    return { length, shown };
  });
  expect((await finish()).output).toEqual({ length: 4, shown: ["plain", []] });
});

test.each(["callback", "operation", "redact", "connectionKey", "trigger"])(
  "the option %s is refused",
  async (option) => {
    const { finish } = await startJob(async (io) =>
      io.runTask("task", async () => 1, { [option]: {} }),
    );
    expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_UNSUPPORTED" });
  },
);

test.each([
  ["no key", "", {}],
  ["a bad limit", "k", { retry: { limit: -1 } }],
  ["a bad date", "k", { delayUntil: new Date(Number.NaN) }],
])("%s is refused", async (_name, key, options) => {
  const { finish } = await startJob(async (io) => io.runTask(key, async () => 1, options));
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_BAD_CALL" });
});

test("parallel gives all results in their order, as one task", async () => {
  const callback = vi.fn<(item: number) => Promise<number>>(async (item) => item * 2);
  const { finish } = await startJob(async (io) => {
    const doubled = await io.parallel("all", [1, 2, 3], async (item, index) => {
      await io.wait(`wait ${index}`, 60 * item);
      return io.runTask(["double", index], async () => callback(item));
    });
    await io.wait("after", 60);
    return doubled;
  });
  expect((await finish()).output).toEqual([2, 4, 6]);
  expect(callback).toHaveBeenCalledTimes(3);
});

test("parallel throws the first error, once all have ended", async () => {
  const ended = vi.fn<() => void>();
  const { runtime, finish } = await startJob(async (io) =>
    io.parallel("all", ["bad", "slow"], async (item) => {
      if (item === "bad") throw new Error(item);
      await io.wait("wait", 60);
      ended();
    }),
  );
  const start = runtime.now;
  const run = await finish();
  expect(run).toMatchObject({ state: "failed", error: { message: "bad" } });
  expect(run.finishedAt! - start).toBe(60_000);
  expect(ended).toHaveBeenCalledTimes(1);
});

test("a branch that nobody awaits may fail, and neither the run nor the process ends by it", async () => {
  const unhandled = vi.fn<(reason: unknown) => void>();
  process.on("unhandledRejection", unhandled);
  const { finish } = await startJob(async (io) => {
    void io.runTask("fails", async () => Promise.reject(new Error("unseen")));
    void io.runTask("waits", async () => io.wait("for ever", 10 ** 9));
    await io.wait("a minute", 60);
    return "done";
  });
  expect(await finish()).toMatchObject({ state: "completed", output: "done" });
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test("waiting throws nothing into the code: catch and finally see what the code itself did", async () => {
  const seen: string[] = [];
  const { finish } = await startJob(async (io) => {
    try {
      await io.runTask("task", async () => {
        try {
          await io.wait("an hour", 3_600);
        } catch {
          seen.push("caught inside");
        }
      });
    } catch {
      seen.push("caught");
    }
    return "through";
  });
  expect((await finish()).output).toBe("through");
  expect(seen).toEqual([]);
});
