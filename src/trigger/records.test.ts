import { describe, expect, test, vi } from "vitest";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import {
  heartbeats,
  locals,
  logger,
  metadata,
  streams,
  tags,
  task,
  tasks,
  timeout,
  usage,
  wait,
  waitUntil,
} from "./index.ts";
import { globalHooks } from "./hooks/hook-set.ts";

const HOUR = 3_600_000;

describe("metadata", () => {
  test("code reads what it has just written, others what is stored", async () => {
    const teller = task({
      id: "teller",
      run: async () => {
        metadata
          .set("step", 1)
          .set("$.nested.list", [1])
          .append("$.nested.list", 2)
          .remove("$.nested.list", 1)
          .increment("count", 5)
          .decrement("count")
          .set("gone", true)
          .del("gone");
        const seen = [metadata.get("step"), metadata.current()] as const;
        await metadata.flush();
        return seen;
      },
    });
    await using kit = await TriggerKit.start([teller]);
    const { id } = await teller.trigger(undefined, { metadata: { from: "trigger" } });
    const expected = { from: "trigger", step: 1, nested: { list: [2] }, count: 4 };
    expect(await kit.output(id)).toEqual([1, expected]);
    expect(JSON.parse((await kit.engine.stores.metadata.get(id))!)).toEqual(expected);
  });

  test("a child writes to its parent and its root, who see it when they look again", async () => {
    const child = task({
      id: "child",
      run: async (n: number) => {
        metadata.parent.increment("done").append("list", n);
        metadata.root.set("last", n);
      },
    });
    const parent = task({
      id: "parent",
      run: async () => {
        await child.batchTriggerAndWait([1, 2, 3].map((payload) => ({ payload })));
        await metadata.refresh();
        metadata.replace({ ...metadata.current(), over: true });
      },
    });
    await using kit = await TriggerKit.start([child, parent]);
    const { id } = await parent.trigger();
    await kit.output(id);
    const stored = JSON.parse((await kit.engine.stores.metadata.get(id))!) as object;
    expect(stored).toMatchObject({ done: 3, list: [1, 2, 3], last: 3, over: true });
  });

  test("it is stored before a wait", async () => {
    const teller = task({
      id: "teller",
      run: async () => {
        metadata.set("step", 1);
        await wait.for({ hours: 1 });
      },
    });
    await using kit = await TriggerKit.start([teller]);
    const { id } = await teller.trigger();
    await kit.run(id);
    expect(await kit.engine.stores.metadata.get(id)).toBe('{"step":1}');
  });

  test("outside of tasks there is none", () => {
    expect(metadata.current()).toBeUndefined();
    expect(metadata.get("x")).toBeUndefined();
    expect(() => metadata.set("x", 1)).toThrow(/outside of a task/);
  });
});

describe("logger", () => {
  test("lines and spans are stored with the run, and spans know what is inside", async () => {
    const teller = task({
      id: "teller",
      run: async () => {
        logger.info("begins", { n: 1n, error: new Error("shown") });
        logger.debug("is not stored");
        await logger.trace(
          "work",
          async (span) => {
            span.setAttribute("items", 3);
            logger.warn("inside");
            await wait.for({ hours: 1 });
          },
          { icon: "cog" },
        );
        await logger.trace("fails", () => Promise.reject(new Error("no"))).catch(() => {});
        const span = logger.startSpan("by hand", { attributes: { a: 1 } });
        span.updateName("renamed").addEvent("halfway").setStatus({ code: 2, message: "bad" }).end();
        span.end();
        logger.error("ends");
      },
    });
    await using kit = await TriggerKit.start([teller]);
    const { id } = await teller.trigger();
    await kit.output(id);
    const entries = await kit.engine.stores.logs.list({ runId: id, limit: 100 });
    expect(entries.map(({ kind, level, message }) => `${kind} ${level} ${message}`)).toEqual([
      "log info begins",
      "log warn inside",
      "span info work",
      "span error fails",
      "span error renamed",
      "log error ends",
    ]);
    const [begins, inside, work, , renamed] = entries;
    expect(JSON.parse(begins!.properties!)).toMatchObject({ n: "1", error: { message: "shown" } });
    expect(inside!.parentId).toBe(work!.spanId);
    expect(work!.durationMs).toBe(HOUR);
    expect(JSON.parse(work!.properties!)).toEqual({ items: 3, icon: "cog" });
    expect(JSON.parse(renamed!.properties!)).toMatchObject({ error: "bad", events: [{}] });
  });

  test("lines go to the console too, from tasks and from elsewhere", async () => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    const teller = task({ id: "teller", run: async () => logger.info("from a task", { n: 1 }) });
    await using kit = await TriggerKit.start([teller], { config: { enableConsoleLogging: true } });
    await kit.output((await teller.trigger()).id);
    logger.info("from elsewhere");
    expect(info.mock.calls).toEqual([["from a task", { n: 1 }], ["from elsewhere"]]);
    info.mockRestore();
  });
});

describe("streams", () => {
  const words = streams.define<string | { at: Date }>({ id: "words" });

  test("what a run writes can be read while it runs, and afterwards", async () => {
    const writer = task({
      id: "writer",
      run: async () => {
        await words.append("first");
        async function* source() {
          yield "piped";
          yield { at: new Date(5) };
        }
        const { stream, waitUntilComplete } = words.pipe(source());
        const seen: unknown[] = [];
        for await (const part of stream) seen.push(part);
        await waitUntilComplete();
        await words
          .writer({
            execute: ({ write, merge }) => {
              write("written");
              merge(["merged"]);
            },
          })
          .waitUntilComplete();
        await wait.for({ hours: 1 });
        await words.append("last");
        return seen;
      },
    });
    await using kit = await TriggerKit.start([writer]);
    const { id } = await writer.trigger();
    await kit.run(id);
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const part of words.read(id, { startIndex: 1 })) read.push(part);
    })();
    expect(await kit.output(id)).toEqual(["piped", { at: new Date(5) }]);
    await reading;
    expect(read).toEqual(["piped", { at: new Date(5) }, "written", "merged", "last"]);
  });

  test("a child writes to the stream of its parent", async () => {
    const child = task({ id: "child", run: async () => words.append("hi", { target: "parent" }) });
    const parent = task({ id: "parent", run: async () => child.triggerAndWait().then(() => {}) });
    await using kit = await TriggerKit.start([child, parent]);
    const { id } = await parent.trigger();
    await kit.output(id);
    const read: unknown[] = [];
    for await (const part of words.read(id)) read.push(part);
    expect(read).toEqual(["hi"]);
  });

  test("a source that fails fails who waits for it", async () => {
    const writer = task({
      id: "writer",
      run: async () => {
        async function* source() {
          yield "one";
          throw new Error("the source broke");
        }
        return words
          .pipe(source())
          .waitUntilComplete()
          .catch((error: Error) => error.message);
      },
    });
    await using kit = await TriggerKit.start([writer]);
    expect(await kit.output((await writer.trigger()).id)).toBe("the source broke");
  });

  test("a stream needs a name", () => {
    expect(() => streams.define({ id: "" })).toThrow(/a stream/);
  });
});

test("tags are added, and those over ten are not", async () => {
  const tagged = task({
    id: "tagged",
    run: async () => {
      await tags.add("one");
      await tags.add(["two", "one"]);
      await tags.add(Array.from({ length: 10 }, (_, n) => `tag ${n}`));
    },
  });
  await using kit = await TriggerKit.start([tagged]);
  const { id } = await tagged.trigger(undefined, { tags: "zero" });
  await kit.output(id);
  expect((await kit.run(id)).details?.tags).toEqual(["zero", "one", "two"]);
  const [entry] = await kit.engine.stores.logs.list({ runId: id, limit: 10 });
  expect(entry).toMatchObject({ level: "error", message: expect.stringMatching(/^tags.add/) });
});

test("locals belong to an execution, and are seen by whatever it calls", async () => {
  const user = locals.create<string>("user");
  globalHooks.clear();
  tasks.middleware(async ({ payload, next }) => {
    locals.set(user, payload as string);
    await next();
  });
  const greet = task({
    id: "greet",
    run: async (_name: string) => {
      await wait.for({ hours: 1 });
      return locals.getOrThrow(user);
    },
  });
  await using kit = await TriggerKit.start([greet]);
  const handles = await greet.batchTrigger([{ payload: "ada" }, { payload: "bob" }]);
  expect(await Promise.all(handles.map(({ id }) => kit.output(id)))).toEqual(["ada", "bob"]);
  globalHooks.clear();
  expect(locals.get(user)).toBeUndefined();
  const { id } = await greet.trigger("eve");
  expect((await kit.finish(id)).error).toMatchObject({ code: "TASK_NO_LOCAL" });
});

test("usage, timeout, heartbeats and waitUntil", async () => {
  let isDone = false;
  const measured = task({
    id: "measured",
    run: async (_: void, { signal }) => {
      await wait.for({ hours: 1 });
      await heartbeats.yield();
      waitUntil(heartbeats.yield().then(() => void (isDone = true)));
      waitUntil(Promise.reject(new Error("is logged")));
      const { result } = await usage.measure(() => 5);
      return [usage.getCurrent().compute.total.durationMs, result, timeout.signal === signal];
    },
  });
  await using kit = await TriggerKit.start([measured]);
  const { id } = await measured.trigger();
  expect(await kit.output(id)).toEqual([HOUR, 5, true]);
  expect(isDone).toBe(true);
  const [entry] = await kit.engine.stores.logs.list({ runId: id, limit: 10 });
  expect(entry!.message).toBe("waitUntil failed: Error: is logged");
  expect(timeout.None).toBe(Infinity);
});

test("onCancel is called when a run is canceled while its code runs, after its signal", async () => {
  const order: string[] = [];
  const slow = task({
    id: "slow",
    onCancel: async ({ runPromise }) => {
      order.push("canceled");
      await runPromise;
      order.push("run is over");
    },
    run: async (_: void, { signal }) => {
      order.push("running");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      order.push("aborted");
    },
  });
  await using kit = await TriggerKit.start([slow]);
  const { id } = await slow.trigger();
  await vi.waitFor(() => expect(order).toEqual(["running"]));
  await kit.engine.cancel(id);
  await vi.waitFor(() => expect(order).toEqual(["running", "aborted", "canceled", "run is over"]));
  expect((await kit.run(id)).state).toBe("canceled");
});
