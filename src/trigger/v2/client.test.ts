import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { named, serve, startJob } from "../../../test/support/trigger-v2.ts";
import { createTestRuntime } from "../../testing/index.ts";
import {
  cronTrigger,
  eventTrigger,
  invokeTrigger,
  type JobOptions,
  type JobTrigger,
  TriggerClient,
} from "./index.ts";

const newClient = (): TriggerClient => new TriggerClient({ id: "app" });

describe("a client", () => {
  test.each<[string, object]>([
    ["it has no id", {}],
    ["there is no log level loud", { id: "app", logLevel: "loud" }],
    ["there is no option apikey", { id: "app", apikey: "x" }],
  ])("is refused: %s", (reason, options) => {
    expect(() => new TriggerClient(options as { id: string })).toThrow(reason);
  });

  test("sends to the store of the runtime that serves it, and to no other", async () => {
    const [one, two] = [new TriggerClient({ id: "one" }), new TriggerClient({ id: "two" })];
    for (const client of [one, two])
      client.defineJob({
        ...named("job"),
        trigger: eventTrigger({ name: "e" }),
        run: async () => client.id,
      });
    const [first, second] = [await serve(one), await serve(two)];
    await one.sendEvent({ name: "e", payload: {} });
    await Promise.all([first.drain(), second.drain()]);
    expect((await first.runs()).map(({ output }) => output)).toEqual(["one"]);
    expect(await second.runs()).toEqual([]);
  });

  test("serves jobs that are made after the start", async () => {
    const client = newClient();
    const runtime = await serve(client);
    const job = client.defineJob({
      ...named("late"),
      trigger: invokeTrigger(),
      run: async () => "served",
    });
    expect((await runtime.finish((await job.invoke({})).id)).output).toBe("served");
  });

  test("may be left out where its job is served alone", async () => {
    const client = newClient();
    const job = client.defineJob({
      ...named("alone"),
      trigger: invokeTrigger(),
      run: async () => "served",
    });
    const runtime = await serve(job);
    expect((await runtime.finish((await job.invoke({})).id)).output).toBe("served");
  });

  test("describes events: a trigger's name and schema, and something to send", async () => {
    const client = newClient();
    const uploaded = client.defineEvent({
      name: "video.uploaded",
      schema: z.object({ id: z.string() }),
      source: "uploads",
      examples: [{ id: "v1" }],
    });
    client.defineJob({
      ...named("job"),
      trigger: eventTrigger(uploaded),
      run: async (payload) => payload.id,
    });
    const runtime = await serve(client);
    await client.sendEvent(uploaded.create({ id: "v1" }, { context: { a: 1 } }));
    await runtime.drain();
    expect(await runtime.runs()).toMatchObject([{ output: "v1" }]);
    expect(() => client.defineEvent({ name: "" })).toThrow("it has no name");
  });

  test.each<[string, object, object]>([
    ["it has no name", { payload: {} }, {}],
    ["its timestamp is no valid Date", { name: "e", timestamp: "now" }, {}],
    ["its deliverAt is no valid Date", { name: "e" }, { deliverAt: 5 }],
    ["its deliverAfter is no number of seconds", { name: "e" }, { deliverAfter: -1 }],
    [
      "it has deliverAt and deliverAfter",
      { name: "e" },
      { deliverAt: new Date(), deliverAfter: 1 },
    ],
  ])("refuses to send: %s", async (reason, event, options) => {
    const client = newClient();
    await serve(client);
    await expect(client.sendEvent(event as { name: string }, options)).rejects.toMatchObject({
      code: "TRIGGER_V2_BAD_EVENT",
      message: expect.stringContaining(reason),
    });
  });

  test("sends all events or none", async () => {
    const client = newClient();
    client.defineJob({ ...named("job"), trigger: eventTrigger({ name: "e" }), run: async () => 1 });
    const runtime = await serve(client);
    const [good, bad] = [
      { name: "e", payload: {} },
      { name: "e", payload: { n: 1n } },
    ];
    await expect(client.sendEvents([good, bad])).rejects.toMatchObject({ code: "RUNS_NOT_JSON" });
    expect(await client.sendEvents([good, good])).toMatchObject([{ name: "e" }, { name: "e" }]);
    await runtime.drain();
    expect(await runtime.runs()).toHaveLength(2);
  });

  test("has none of what a server of Trigger.dev's did", () => {
    const client = newClient();
    const unsupported = expect.objectContaining({ code: "TRIGGER_V2_UNSUPPORTED" });
    expect(() => client.defineHttpEndpoint({})).toThrow(unsupported);
    expect(() => client.defineDynamicTrigger({})).toThrow(unsupported);
  });
});

describe("a job", () => {
  const define = (options: object): unknown =>
    newClient().defineJob({
      ...named("job"),
      trigger: invokeTrigger(),
      run: async () => undefined,
      ...options,
    } as JobOptions<JobTrigger, unknown>);

  test.each<[string, object]>([
    ["its id is no text", { id: "!" }],
    ["it has no name", { name: "" }],
    ["its version is 1.0, and not like 1.0.0", { version: "1.0" }],
    ["it has no trigger", { trigger: {} }],
    ["it has no run function", { run: "code" }],
    ["enabled is true or false", { enabled: "yes" }],
    ["there is no log level loud", { logLevel: "loud" }],
    ["its concurrencyLimit is 0", { concurrencyLimit: 0 }],
    ["its concurrencyLimit is 1.5", { concurrencyLimit: { id: "a", limit: 1.5 } }],
    ["there is no option retries", { retries: 3 }],
  ])("is refused: %s", (reason, options) => {
    expect(() => define(options)).toThrow(
      expect.objectContaining({
        code: "TRIGGER_V2_BAD_JOB",
        message: expect.stringContaining(reason),
      }),
    );
  });

  test.each([{ queue: "q" }, { integrations: { slack: {} } }])("%j is not supported", (options) => {
    expect(() => define(options)).toThrow(
      expect.objectContaining({ code: "TRIGGER_V2_UNSUPPORTED" }),
    );
  });

  test("has an id of its own", () => {
    const client = newClient();
    const options = { trigger: invokeTrigger(), run: async () => undefined };
    expect(client.defineJob({ ...named("My job!"), ...options }).id).toBe("my-job");
    expect(() => client.defineJob({ ...named("my-job"), ...options })).toThrow(
      "the client has a job of this id",
    );
  });

  test("knows itself, its event and its surroundings", async () => {
    const client = newClient();
    client.defineJob({
      ...named("job"),
      trigger: eventTrigger({ name: "e" }),
      run: async (_payload, _io, ctx) => ctx,
    });
    const runtime = await serve(client);
    const timestamp = new Date("2025-06-01T00:00:00Z");
    await client.sendEvent(
      { name: "e", id: "mine", context: { a: 1 }, timestamp },
      { accountId: "acme" },
    );
    await runtime.drain();
    const [run] = await runtime.runs();
    expect(run!.output).toEqual({
      event: { id: "mine", name: "e", context: { a: 1 }, timestamp: timestamp.toISOString() },
      job: { id: "job", version: "1.0.0" },
      run: {
        id: run!.id,
        isTest: false,
        isRetry: false,
        startedAt: new Date(run!.startedAt!).toISOString(),
      },
      environment: { id: "dev", slug: "dev", type: "DEVELOPMENT" },
      organization: { id: "longhaul", slug: "longhaul", title: "Longhaul" },
      project: { id: "app", slug: "app", name: "app" },
      account: { id: "acme" },
    });
  });

  test("that was invoked, or is scheduled, says so in its event's name", async () => {
    const client = newClient();
    const job = client.defineJob({
      ...named("job"),
      trigger: cronTrigger({ cron: "0 0 2 1 *" }),
      run: async (_payload, _io, ctx) => ctx.event.name,
    });
    const runtime = await serve(client);
    await job.invoke({});
    await runtime.advance("2d");
    const outputs = (await runtime.runs()).map(({ output }) => output);
    expect(outputs).toEqual(["invoke", "dev.trigger.scheduled"]);
  });

  test.each([
    ["a number", (_client: TriggerClient) => 2],
    ["a limit", (client: TriggerClient) => client.defineConcurrencyLimit({ id: "few", limit: 2 })],
  ])("runs so many times at once as %s says; waiting does not count", async (_name, limitOf) => {
    const client = newClient();
    let running = 0;
    let most = 0;
    let atWork: (() => void)[] = [];
    const job = client.defineJob({
      ...named("job"),
      trigger: invokeTrigger(),
      concurrencyLimit: limitOf(client),
      run: async (_payload, io) => {
        await io.runTask("work", async () => {
          most = Math.max(most, ++running);
          await new Promise<void>((resolve) => atWork.push(resolve));
          running--;
        });
        await io.wait("a minute", 60);
      },
    });
    const runtime = await serve(client);
    for (let i = 0; i < 5; i++) await job.invoke({});
    for (let done = 0; done < 5;) {
      await vi.waitFor(() => expect(atWork.length).toBe(Math.min(2, 5 - done)));
      const ready = atWork;
      atWork = [];
      done += ready.length;
      for (const finish of ready) finish();
    }
    await runtime.advance("2m");
    expect((await runtime.runs({ state: "completed" })).length).toBe(5);
    expect(most).toBe(2);
  });

  test("shares a concurrency limit with other jobs", async () => {
    const client = newClient();
    const concurrencyLimit = client.defineConcurrencyLimit({ id: "one", limit: 1 });
    const order: string[] = [];
    const finishers: (() => void)[] = [];
    const jobs = ["a", "b"].map((id) =>
      client.defineJob({
        ...named(id),
        trigger: invokeTrigger(),
        concurrencyLimit,
        run: async () => {
          order.push(id);
          await new Promise<void>((resolve) => finishers.push(resolve));
        },
      }),
    );
    const runtime = await serve(client);
    for (const job of jobs) await job.invoke({});
    await vi.waitFor(() => expect(order).toEqual(["a"]));
    finishers[0]!();
    await vi.waitFor(() => expect(order).toEqual(["a", "b"]));
    finishers[1]!();
    await runtime.drain();
    expect(() => client.defineConcurrencyLimit({ id: "", limit: 1 })).toThrow("it needs an id");
  });
});

test("the testing kit replaces tasks, those inside of others too", async () => {
  const client = newClient();
  const job = client.defineJob({
    ...named("job"),
    trigger: invokeTrigger(),
    run: async (_payload, io) => [
      await io.runTask("plain", async () => "real"),
      await io.runTask("outer", async () => io.runTask("inner", async () => "real")),
    ],
  });
  const steps = { plain: "mocked", inner: () => "mocked too" };
  await using runtime = await createTestRuntime({ functions: [client], steps });
  const { id } = await job.invoke({});
  expect((await runtime.finish(id)).output).toEqual(["mocked", "mocked too"]);
});

describe("the end of a run", () => {
  test("is told to the client's listeners, and the job's", async () => {
    const told: unknown[] = [];
    const note =
      (who: string) =>
      ({ ok, status, id }: { ok: boolean; status: string; id: string }): void =>
        void told.push([who, ok, status, id]);
    const client = newClient();
    client.on("runSucceeded", note("client"));
    client.on("runFailed", note("client"));
    const job = client.defineJob({
      ...named("job"),
      trigger: invokeTrigger(),
      onSuccess: note("job"),
      onFailure: note("job"),
      run: async ({ fails }: { fails: boolean }, io) => {
        await io.wait("a minute", 60);
        if (fails) throw new Error("no");
      },
    });
    const runtime = await serve(client);
    const good = await job.invoke({ fails: false });
    await runtime.finish(good.id);
    await runtime.drain();
    const bad = await job.invoke({ fails: true });
    await runtime.finish(bad.id);
    await runtime.drain();
    const gone = await job.invoke({ fails: false });
    await client.cancelRun(gone.id);
    await runtime.drain();
    expect(told).toEqual([
      ["job", true, "SUCCESS", good.id],
      ["client", true, "SUCCESS", good.id],
      ["job", false, "FAILURE", bad.id],
      ["client", false, "FAILURE", bad.id],
      ["job", false, "CANCELED", gone.id],
      ["client", false, "CANCELED", gone.id],
    ]);
  });

  test("says what there is to say about it", async () => {
    const listener = vi.fn<(run: unknown) => void>();
    const { job, runtime, client } = await startJob(async (io) => {
      await io.createStatus("s", { label: "S" });
      return { n: 1 };
    });
    // Also those that come later.
    client.on("runSucceeded", listener);
    const { id } = await job.invoke({ a: 1 }, { context: { c: 1 } });
    await runtime.drain();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(listener).toHaveBeenCalledWith({
      id,
      ok: true,
      status: "SUCCESS",
      output: { n: 1 },
      statuses: [{ key: "s", label: "S", history: [] }],
      startedAt: new Date(runtime.now),
      updatedAt: new Date(runtime.now),
      completedAt: new Date(runtime.now),
      isTest: false,
      executionDurationInMs: 0,
      job: { id: "job", version: "1.0.0" },
      environment: { id: "dev", slug: "dev", type: "DEVELOPMENT" },
      organization: { id: "longhaul", slug: "longhaul", title: "Longhaul" },
      project: { id: "app", slug: "app", name: "app" },
      invocation: {
        id: expect.stringMatching(/^evt_/),
        context: { c: 1 },
        timestamp: new Date(runtime.now),
        payload: { a: 1 },
      },
    });
  });

  test("is told again to a listener that fails, and to no other", async () => {
    const steady = vi.fn<() => Promise<void>>();
    const flaky = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error("busy"));
    const client = newClient();
    client.on("runSucceeded", steady);
    client.on("runSucceeded", flaky);
    const job = client.defineJob({
      ...named("job"),
      trigger: invokeTrigger(),
      run: async () => undefined,
    });
    const runtime = await serve(client);
    await job.invoke({});
    await runtime.advance("1m");
    expect(steady).toHaveBeenCalledTimes(1);
    expect(flaky).toHaveBeenCalledTimes(2);
  });

  test("there are no other events to listen to", () => {
    expect(() => newClient().on("runStarted" as "runFailed", () => {})).toThrow("no runStarted");
  });
});

describe("runs", () => {
  test("can be read with their tasks, inner ones too", async () => {
    const { client, runId, finish } = await startJob(async (io) => {
      await io.runTask("first", async () => ({ a: 1 }));
      await io.runTask("outer", async () => io.wait("wait", 60));
      await io.runTask("fails", async () => Promise.reject(new Error("no")));
    });
    expect(await client.getRun(runId)).toMatchObject({
      status: "WAITING_TO_CONTINUE",
      completedAt: null,
      tasks: [
        { displayKey: "first", status: "COMPLETED" },
        { displayKey: "outer", status: "PENDING" },
      ],
    });
    await finish();
    const run = await client.getRun(runId, { subtasks: true, taskdetails: true });
    expect(run).toMatchObject({ id: runId, status: "FAILURE", completedAt: expect.any(Date) });
    expect(run!.tasks).toMatchObject([
      { id: "first", status: "COMPLETED", output: { a: 1 }, subtasks: [] },
      { id: "outer", status: "COMPLETED", subtasks: [{ id: "outer›wait", displayKey: "wait" }] },
      { id: "fails", status: "ERRORED" },
    ]);
    const page = await client.getRun(runId, { take: 2 });
    expect(page!.tasks).toHaveLength(2);
    expect(
      (await client.getRun(runId, { take: 2, cursor: page!.nextCursor }))!.tasks,
    ).toMatchObject([{ id: "fails" }]);
    expect(await client.getRun("run_none")).toBeUndefined();
  });

  test("of a job are listed, newest first, page by page", async () => {
    const { client, job, runtime, runId } = await startJob(async () => "out");
    const ids = [runId];
    for (let i = 0; i < 4; i++) ids.unshift((await job.invoke({})).id);
    await runtime.drain();
    const first = await client.getRuns("job", { take: 3 });
    expect(first.runs.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await client.getRuns("job", { take: 3, cursor: first.nextCursor });
    expect(second.runs.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(second.nextCursor).toBeUndefined();
    expect((await client.getRuns("none")).runs).toEqual([]);
  });

  test("of an event, or of a job, are canceled together", async () => {
    const client = newClient();
    const jobs = ["a", "b"].map((id) =>
      client.defineJob({
        ...named(id),
        trigger: eventTrigger({ name: "e" }),
        run: async (_payload, io) => io.wait("long", 86_400),
      }),
    );
    const runtime = await serve(client);
    const { id } = await client.sendEvent({ name: "e", id: "mine" });
    await runtime.drain();
    expect(await client.cancelRunsForEvent(id)).toHaveLength(2);
    await jobs[0]!.invoke({});
    await jobs[1]!.invoke({});
    await runtime.drain();
    expect(await client.cancelRunsForJob("a")).toHaveLength(1);
    const states = (await runtime.runs()).map(({ state }) => state);
    expect(states).toEqual(["canceled", "canceled", "canceled", "waiting"]);
  });
});
