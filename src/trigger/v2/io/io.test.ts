import { expect, test, vi } from "vitest";
import { z } from "zod";
import { named, serve, startJob } from "../../../../test/support/trigger-v2.ts";
import { eventTrigger, invokeTrigger, TriggerClient } from "../index.ts";

test("wait lasts its seconds, from when it was first called", async () => {
  const { runtime, runId, finish } = await startJob(async (io) => {
    await Promise.all([io.wait("long", 7_200), io.wait("short", 60)]);
  });
  await runtime.advance("1h");
  expect((await runtime.run(runId))!.state).toBe("waiting");
  const run = await finish();
  expect(run.finishedAt! - run.startedAt!).toBe(7_200_000);
});

test.each([-1, Number.NaN, "60"])("a wait of %s seconds is refused", async (seconds) => {
  const { finish } = await startJob(async (io) => io.wait("wait", seconds as number));
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_BAD_CALL" });
});

test("random numbers stay the same, within their bounds", async () => {
  const seen: number[][] = [];
  const { finish } = await startJob(async (io) => {
    const plain = await io.random("plain");
    const dice = await io.random("dice", { min: 1, max: 6, round: true });
    const same = await io.random("same", { min: 3, max: 3 });
    seen.push([plain, dice, same]);
    await io.wait("a minute", 60);
    return [plain, dice, same];
  });
  const run = await finish();
  expect(seen).toHaveLength(2);
  expect(seen[0]).toEqual(seen[1]);
  expect(run.output).toEqual(seen[0]);
  const [plain, dice, same] = seen[0]!;
  expect(plain).toBeGreaterThanOrEqual(0);
  expect(plain).toBeLessThan(1);
  expect([1, 2, 3, 4, 5, 6]).toContain(dice);
  expect(same).toBe(3);
});

test("random refuses bounds in the wrong order", async () => {
  const { finish } = await startJob(async (io) => io.random("none", { min: 2, max: 1 }));
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_BAD_CALL" });
});

test("yield and brb are steps that give nothing", async () => {
  const { finish } = await startJob(async (io) => {
    await io.yield("first");
    await io.brb("second");
    return "on";
  });
  const run = await finish();
  expect(run.output).toBe("on");
  expect(run.stepIds).toEqual(["first", "second"]);
});

test("try gives what its callbacks give", async () => {
  const { finish } = await startJob(async (io) => [
    await io.try(
      async () => "fine",
      async () => "caught",
    ),
    await io.try(
      async () => io.runTask("fails", async () => Promise.reject(new TypeError("no"))),
      async (error) => (error as Error).name,
    ),
  ]);
  expect((await finish()).output).toEqual(["fine", "TypeError"]);
});

test("a line may be logged any number of times; it is kept with the run, once an execution", async () => {
  const { client, runId, finish } = await startJob(async (io) => {
    for (let i = 0; i < 3; i++) await io.logger.info("the same line", { i });
    await io.logger.debug("too fine");
    await io.wait("a minute", 60);
    await io.logger.error("after", new RangeError("oh"));
    await io.logger.warn("big", { n: 1n });
  });
  await finish();
  const { logs } = await client.getRunLogs(runId);
  expect(logs.map(({ level, message }) => [level, message])).toEqual([
    ["info", "the same line"],
    ["info", "the same line"],
    ["info", "the same line"],
    ["error", "after"],
    ["warn", "big"],
  ]);
  expect(logs[1]!.properties).toEqual({ i: 1 });
  expect(logs[3]!.properties).toMatchObject({ name: "RangeError", message: "oh" });
  expect(logs[4]!.properties).toEqual({ unreadable: expect.stringContaining("BigInt") });
});

test("the job's log level goes before the client's", async () => {
  const { client, runId, finish } = await startJob(
    async (io) => {
      await io.logger.debug("fine");
      await io.logger.log("always");
    },
    { logLevel: "debug" },
  );
  await finish();
  const { logs } = await client.getRunLogs(runId);
  expect(logs.map(({ message }) => message)).toEqual(["fine", "always"]);
});

test("ioLogLocalEnabled writes to the console too", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const client = new TriggerClient({ id: "app", ioLogLocalEnabled: true });
  const job = client.defineJob({
    ...named("job"),
    trigger: invokeTrigger(),
    run: async (_payload, io) => io.logger.warn("look", { a: 1 }),
  });
  const runtime = await serve(client);
  await job.invoke({});
  await runtime.drain();
  expect(warn.mock.calls).toEqual([["[app] look", { a: 1 }]]);
  warn.mockRestore();
});

test("events are sent once, and start jobs", async () => {
  const received: unknown[] = [];
  const greet = (client: TriggerClient): unknown =>
    client.defineJob({
      ...named("greet"),
      trigger: eventTrigger({ name: "greeted" }),
      run: async (payload, _io, ctx) =>
        void received.push([payload, ctx.event.id, ctx.account?.id, ctx.run.startedAt.getTime()]),
    });
  const { finish } = await startJob(
    async (io) => {
      const one = await io.sendEvent("one", { name: "greeted", payload: { n: 1 }, id: "mine" });
      const two = await io.sendEvents(
        "two",
        [
          { name: "greeted", payload: { n: 2 } },
          { name: "greeted", payload: "text" },
        ],
        { deliverAfter: 60, accountId: "acme" },
      );
      await io.wait("two minutes", 120);
      return { one, two };
    },
    {},
    greet,
  );
  const run = await finish();
  const { one, two } = run.output as { one: object; two: { id: string }[] };
  const later = run.startedAt! + 60_000;
  expect(one).toMatchObject({ id: "mine", name: "greeted", payload: { n: 1 } });
  const deliverAt = new Date(later).toISOString();
  expect(two).toMatchObject([{ deliverAt }, { deliverAt, payload: "text" }]);
  expect(run.stepIds).toEqual(["one", "two", "two minutes"]);
  expect(received).toEqual([
    [{ n: 1 }, "mine", undefined, run.startedAt],
    [{ n: 2 }, two[0]!.id, "acme", later],
    ["text", two[1]!.id, "acme", later],
  ]);
});

test("waitForEvent resumes with the event that fits, and parses it", async () => {
  const { runtime, client, finish } = await startJob(async (io) => {
    const paid = await io.waitForEvent(
      "paid",
      {
        name: "order.paid",
        filter: { orderId: ["o-1"], total: [{ $gte: 10 }] },
        schema: z.object({ total: z.number(), at: z.coerce.date() }),
      },
      { timeoutInSeconds: 86_400 },
    );
    return { ...paid, isDate: paid.payload.at instanceof Date };
  });
  const send = (payload: object, more: object = {}) =>
    client.sendEvent({ name: "order.paid", payload, ...more });
  const at = "2026-01-02T00:00:00.000Z";
  await send({ orderId: "o-2", total: 20, at });
  await send({ orderId: "o-1", total: 5, at });
  await send({ orderId: "o-1", total: 20, at }, { source: "elsewhere" });
  await runtime.advance("1h");
  await send({ orderId: "o-1", total: 30, at }, { context: { by: "card" }, id: "pay-1" });
  expect((await finish()).output).toMatchObject({
    id: "pay-1",
    name: "order.paid",
    source: "trigger.dev",
    context: { by: "card" },
    payload: { total: 30, at },
    isDate: true,
  });
});

test("waitForEvent asks for source, account and context if told to", async () => {
  const { runtime, client, finish } = await startJob(async (io) => {
    const filter = { contextFilter: { region: ["eu"] }, source: "github", accountId: "acme" };
    return (await io.waitForEvent("push", { name: "push", ...filter })).payload as unknown;
  });
  const send = (n: number, region: string, source: string, accountId: string) =>
    client.sendEvent({ name: "push", payload: { n }, context: { region }, source }, { accountId });
  await send(1, "us", "github", "acme");
  await send(2, "eu", "gitlab", "acme");
  await send(3, "eu", "github", "other");
  await send(4, "eu", "github", "acme");
  await runtime.drain();
  expect((await finish()).output).toEqual({ n: 4 });
});

test("waitForEvent throws when its time is over, an hour unless told, or the payload does not fit", async () => {
  const { client, runtime, finish } = await startJob(async (io) => {
    const timedOut = await io.try(
      async () => io.waitForEvent("never", { name: "never" }),
      async (error) => (error as { code: string }).code,
    );
    const schema = z.object({ n: z.number() });
    const invalid = await io.try(
      async () => io.waitForEvent("bad", { name: "bad", schema }),
      async (error) => (error as Error).message,
    );
    return { timedOut, invalid };
  });
  await runtime.advance(3_600_000);
  await client.sendEvent({ name: "bad", payload: { n: "no number" } });
  const run = await finish();
  expect(run.finishedAt! - run.startedAt!).toBe(3_600_000);
  expect(run.output).toEqual({
    timedOut: "TRIGGER_V2_TIMEOUT",
    invalid: expect.stringContaining("The payload of bad does not fit its schema: n: "),
  });
});

test("waitForRequest is refused", async () => {
  const { finish } = await startJob(async (io) => io.waitForRequest("url", async () => {}));
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_UNSUPPORTED" });
});

test("statuses are kept up to date, with what they said before", async () => {
  const { client, runId, finish } = await startJob(async (io) => {
    const status = await io.createStatus("images", {
      label: "Making images",
      state: "loading",
      data: { progress: 0.1 },
    });
    await io.wait("a minute", 60);
    await status.update("done", { state: "success", data: { progress: 1 } });
  });
  const images = { key: "images", label: "Making images" };
  const first = { label: "Making images", state: "loading", data: { progress: 0.1 } };
  expect(await client.getRunStatuses(runId)).toEqual({
    statuses: [{ ...images, ...first, history: [] }],
  });
  await finish();
  const { statuses } = await client.getRunStatuses(runId);
  expect(statuses).toEqual([
    { ...images, state: "success", data: { progress: 1 }, history: [first] },
  ]);
  expect((await client.getRun(runId))!.statuses).toEqual(statuses);
});

test("values are kept by run, by job, and for all", async () => {
  const client = new TriggerClient({ id: "app" });
  const counting = (id: string) =>
    client.defineJob({
      ...named(id),
      trigger: invokeTrigger(),
      run: async (_payload, io) => {
        const counts: unknown[] = [];
        for (const space of ["env", "job", "run"] as const) {
          const store = io.store[space];
          const count = (await store.get<number>(["get", space], "count")) ?? 0;
          await store.set(["set", space], "count", count + 1);
          counts.push(await store.get(["again", space], "count"));
        }
        await io.wait("a minute", 60);
        counts.push(await io.store.run.has("has", "count"), await io.store.run.has("has", "none"));
        counts.push(await io.store.run.delete("delete", "count"));
        counts.push(await io.store.run.delete("delete", "count"));
        counts.push((await io.store.run.get("gone", "count")) === undefined);
        return counts;
      },
    });
  const [a, b] = [counting("a"), counting("b")];
  const runtime = await serve(client);
  const outputOf = async (job: typeof a) =>
    (await runtime.finish((await job.invoke({})).id)).output;
  const rest = [true, false, true, false, true];
  expect(await outputOf(a)).toEqual([1, 1, 1, ...rest]);
  expect(await outputOf(a)).toEqual([2, 2, 1, ...rest]);
  expect(await outputOf(b)).toEqual([3, 1, 1, ...rest]);
  expect(await client.store.env.get("count")).toBe(3);
  expect(await client.store.env.set("other", { a: null })).toEqual({ a: null });
  expect(await client.store.env.get("other")).toEqual({ a: null });
  expect(await client.store.env.delete("other")).toBe(true);
  expect(await client.store.env.has("other")).toBe(false);
});

test("events can be found, and canceled while they are delayed", async () => {
  const started = vi.fn<() => Promise<unknown>>(async () => undefined);
  const late = (client: TriggerClient): unknown =>
    client.defineJob({
      ...named("late"),
      trigger: eventTrigger({ name: "later" }),
      run: started,
    });
  const { finish, client, runtime } = await startJob(
    async (io) => {
      const later = { deliverAfter: 3_600 };
      const sent = await io.sendEvent("send", { name: "later", payload: {}, id: "mine" }, later);
      const found = await io.getEvent("get", "mine");
      await io.wait("a minute", 60);
      const canceled = await io.cancelEvent("cancel", sent.id);
      return { found, canceled, none: await io.getEvent("none", "evt_none") };
    },
    {},
    late,
  );
  expect((await finish()).output).toMatchObject({
    found: { id: "mine", name: "later", runs: [{ status: "PENDING" }] },
    canceled: { id: "mine", runs: [{ status: "CANCELED" }] },
    none: null,
  });
  const { id } = await client.sendEvent(
    { name: "later", payload: {} },
    { deliverAt: new Date(runtime.now + 3_600_000) },
  );
  expect(await client.cancelEvent(id)).toMatchObject({ id, runs: [{ status: "CANCELED" }] });
  await runtime.advance("2h");
  expect(started).not.toHaveBeenCalled();
});
