import { expect, test, vi } from "vitest";
import { InngestKit, MemoryLogger, silent } from "../../test/support/inngest-kit.ts";
import { eventType, Inngest, slugify, type StandardSchemaV1 } from "./index.ts";
import type { Untyped } from "./types/json.ts";

const inngest = new Inngest({ id: "app", logger: silent });
const echo = inngest.createFunction({ id: "echo" }, { event: "go" }, ({ event }) => event);

test("ids of events, in their order; committed when send resolves", async () => {
  await using kit = await InngestKit.start([echo]);
  const { ids } = await inngest.send([{ name: "go" }, { name: "nobody" }, { name: "go" }]);
  expect(new Set(ids).size).toBe(3);
  expect(ids.toSorted()).toEqual(ids);
  expect(await kit.store.runsOfEvent(ids[1]!)).toEqual([]);
  expect((await kit.store.runsOfEvent(ids[2]!)).length).toBe(1);
});

test("an empty list sends nothing and says so", async () => {
  const logger = new MemoryLogger();
  const client = new Inngest({ id: "app", logger });
  await using _kit = await InngestKit.start([echo]);
  expect(await client.send([])).toEqual({ ids: [] });
  expect(logger.lines[0]?.[0]).toBe("warn");
});

test("the sender's id starts a function once in 24 hours", async () => {
  await using kit = await InngestKit.start([echo]);
  await inngest.send({ name: "go", id: "once" });
  await inngest.send({ name: "go", id: "once" });
  expect(await kit.runs("app-echo")).toHaveLength(1);
  await kit.advance(24 * 3_600_000 + 1);
  await inngest.send({ name: "go", id: "once" });
  expect(await kit.runs("app-echo")).toHaveLength(2);
});

test("a ts in the future delays the run", async () => {
  await using kit = await InngestKit.start([echo]);
  await inngest.send({ name: "go", ts: kit.clock.now() + 60_000 });
  expect((await kit.run("app-echo")).state).toBe("delayed");
  await kit.advance(60_000);
  expect(await kit.output("app-echo")).toMatchObject({ name: "go" });
});

test.each([
  [undefined, "no object"],
  [{}, "no name"],
  [{ name: " " }, "no name"],
  [{ name: "x".repeat(513) }, "512"],
  [{ name: "inngest/function.failed" }, "the engine's"],
  [{ name: "x", data: [1] }, "a list"],
  [{ name: "x", data: "text" }, "string"],
  [{ name: "x", ts: "now" }, "epoch ms"],
  [{ name: "x", ts: 5 }, "1980"],
  [{ name: "x", id: 5 }, "id is a string"],
  [{ name: "x", userId: 5 }, "userId"],
  [{ name: "x", meta: [] }, "meta"],
  [{ name: "x", meta: { sessions: { a: {} } } }, "meta.sessions"],
] as [Untyped, string][])("%j is refused", async (event, reason) => {
  await using _kit = await InngestKit.start([echo]);
  await expect(inngest.send(event)).rejects.toThrow(
    expect.objectContaining({
      code: "INNGEST_BAD_EVENT",
      message: expect.stringContaining(reason),
    }),
  );
});

test("data that is no JSON is refused, and nothing of the list is stored", async () => {
  await using kit = await InngestKit.start([echo]);
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  await expect(
    inngest.send([{ name: "go" }, { name: "go", data: circular }]),
  ).rejects.toMatchObject({ code: "RUNS_NOT_JSON" });
  expect(await kit.runs("app-echo")).toEqual([]);
});

test("environments are stores of their own", async () => {
  await expect(inngest.send({ name: "go" }, { env: "x" as never })).rejects.toMatchObject({
    code: "INNGEST_UNSUPPORTED",
  });
  await expect(inngest.sendSignal({ signal: "x", env: "y" as never })).rejects.toMatchObject({
    code: "INNGEST_UNSUPPORTED",
  });
  await expect(inngest.sendSignal({ signal: "" })).rejects.toMatchObject({
    code: "INNGEST_BAD_EVENT",
  });
});

test("sessions: shared by all events of a run, inherited by what it sends and invokes", async () => {
  const child = inngest.createFunction(
    { id: "child" },
    { event: "child" },
    ({ sessions }) => sessions ?? null,
  );
  const parent = inngest.createFunction({ id: "parent" }, { event: "go" }, async ({ step }) => {
    await step.sendEvent("a", { name: "child" });
    await step.sendEvent("b", { name: "child", meta: { sessions: { chat: "own", user: null } } });
    await step.sendEvent("c", { name: "child", meta: { sessions: null } });
    return step.invoke("d", { function: child });
  });
  await using kit = await InngestKit.start([child, parent]);
  await inngest.send({ name: "go", meta: { sessions: { chat: 5, user: "u" } } });
  const shared = { chat: "5", user: "u" };
  expect(await kit.output("app-parent")).toEqual(shared);
  const outputs = (await kit.runs("app-child")).map(({ output }) => JSON.parse(output!) as unknown);
  expect(outputs).toContainEqual(shared);
  expect(outputs).toContainEqual({ chat: "own" });
  expect(outputs).toContainEqual(null);
});

test("schemas of event types: the run fails, and the field is named; one of several may fit", async () => {
  const schema = (field: string): StandardSchemaV1<Record<string, unknown>> => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) =>
        field in (value as object)
          ? { value: value as Record<string, unknown> }
          : { issues: [{ message: "is missing", path: [field] }] },
    },
  });
  const handler = vi.fn<() => void>();
  const fn = inngest.createFunction(
    {
      id: "typed",
      triggers: [
        eventType("t", { schema: schema("a") }),
        { event: eventType("t", { schema: schema("b") }), if: "true" },
        eventType("p/*", { schema: schema("c") }),
      ],
    },
    handler,
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "t", data: { b: 1 } });
  await inngest.send({ name: "p/q", data: { c: 1 } });
  await kit.engine.whenQuiet();
  expect(handler).toHaveBeenCalledTimes(2);
  await inngest.send({ name: "p/q", data: {} });
  expect(await kit.run("app-typed")).toMatchObject({
    state: "failed",
    error: {
      code: "INNGEST_EVENT_INVALID",
      message: expect.stringContaining("data.c: is missing"),
    },
  });
});

test("the engine's own events: finished, failed, cancelled; none of their own runs", async () => {
  const heard = vi.fn<(name: string, data: object) => void>();
  const ends = inngest.createFunction(
    { id: "ends", cancelOn: [{ event: "stop" }] },
    { event: "go" },
    async ({ event, step }) => {
      if (event.data.wait) await step.sleep("s", "1d");
      if (event.data.fail) throw new TypeError("bad");
      return "ok";
    },
  );
  const listens = inngest.createFunction(
    { id: "listens" },
    [
      { event: "inngest/function.finished" },
      { event: "inngest/function.failed" },
      { event: "inngest/function.cancelled" },
    ],
    ({ event }) => heard(event.name, event.data),
  );
  await using kit = await InngestKit.start([ends, listens], {});
  await inngest.send({ name: "go", data: {} });
  await kit.engine.whenQuiet();
  expect(heard.mock.calls).toEqual([
    [
      "inngest/function.finished",
      { function_id: "app-ends", run_id: expect.any(String), result: "ok" },
    ],
  ]);
  heard.mockClear();
  await inngest.send({ name: "go", data: { wait: true } });
  await kit.engine.whenQuiet();
  await inngest.send({ name: "stop" });
  await kit.engine.whenQuiet();
  expect(heard.mock.calls.map(([name]) => name)).toEqual(["inngest/function.cancelled"]);
});

test("slugify", () => {
  expect(slugify("  Send Welcome E-Mail! ")).toBe("send-welcome-e-mail");
});
