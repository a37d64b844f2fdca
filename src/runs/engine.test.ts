import { createRequire } from "node:module";
import { join } from "node:path";
import type BetterSqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { drivers } from "../../test/support/stores.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { INVOKED_EVENT, RunEngine } from "./engine.ts";
import { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";

const DAY_MS = 86_400_000;

test("an event starts a function, whose steps are journaled", async () => {
  await using kit = await EngineKit.start([
    define("greet", async (run) => {
      const name = await run.run("load", () => (run.event.data as { name: string }).name);
      const text = await run.run("greet", async () => `Hello ${String(name)}`);
      return { text };
    }),
  ]);
  const run = await kit.run(await kit.begin("greet", { name: "Ada" }));
  expect(run).toMatchObject({ state: "completed", output: '{"text":"Hello Ada"}' });
  expect(run.journal.map(({ key, state, data }) => [key, state, data])).toEqual([
    ["load", "done", '"Ada"'],
    ["greet", "done", '"Hello Ada"'],
  ]);
});

test("a sleep of days leaves the worker, and the run goes on when it is over", async () => {
  const bodies: string[] = [];
  await using kit = await EngineKit.start([
    define("nap", async (run) => {
      await run.run("before", () => void bodies.push("before"));
      await run.sleepUntil("nap", kit.clock.now() + 3 * DAY_MS);
      await run.run("after", () => void bodies.push("after"));
      return "rested";
    }),
  ]);
  const id = await kit.begin("nap");
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(3 * DAY_MS - 1);
  expect(await kit.run(id)).toMatchObject({ state: "waiting" });
  await kit.advance(1);
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"rested"' });
  expect(bodies).toEqual(["before", "after"]);
});

test("the handle tells what the run is about", async () => {
  await using kit = await EngineKit.start([
    define(
      "tells",
      async (run) => ({
        id: run.id,
        functionId: run.functionId,
        attempt: run.attempt,
        maxAttempts: run.maxAttempts,
        names: run.events.map(({ name }) => name),
        journal: run.journal,
        aborted: run.signal.aborted,
      }),
      { retries: 4 },
    ),
  ]);
  const id = await kit.begin("tells");
  expect(JSON.parse((await kit.run(id)).output!)).toEqual({
    id,
    functionId: "tells",
    attempt: 0,
    maxAttempts: 5,
    names: ["start/tells"],
    journal: [],
    aborted: false,
  });
});

test("send gives the ids of the events, in order; without events it does nothing", async () => {
  await using kit = await EngineKit.start([]);
  const ids = await kit.engine.send([{ name: "a" }, { name: "b", id: "mine" }]);
  expect(ids).toHaveLength(2);
  expect(ids[0]! < ids[1]!).toBe(true);
  expect(await kit.engine.send([])).toEqual([]);
});

test.each([
  ["no name", { name: "" }],
  ["a name that is too long", { name: "x".repeat(513) }],
  ["data that is no object", { name: "a", data: [1] }],
  ["an id that is no text", { name: "a", id: 7 as unknown as string }],
  ["a ts that is no time", { name: "a", ts: Number.NaN }],
  ["a ts in seconds", { name: "a", ts: 1_700_000 }],
])("an event with %s is refused, and nothing is stored", async (_name, event) => {
  await using kit = await EngineKit.start([]);
  const sent = kit.engine.send([{ name: "fine" }, event]);
  await expect(sent).rejects.toMatchObject({ code: "RUNS_BAD_EVENT" });
  expect(kit.sqlite.connection.sql("SELECT count(*) FROM run_event").get()).toEqual([0]);
});

test("data that is no JSON is refused; Dates become text", async () => {
  await using kit = await EngineKit.start([
    define("dates", (run) => Promise.resolve(run.event.data)),
  ]);
  const sent = kit.engine.send([{ name: "a", data: { n: 1n } }]);
  await expect(sent).rejects.toMatchObject({ code: "RUNS_NOT_JSON" });
  const run = await kit.run(await kit.begin("dates", { at: new Date(0) }));
  expect(run.output).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});

test("an event with a ts ahead starts its function then", async () => {
  await using kit = await EngineKit.start([define("later", () => Promise.resolve("done"))]);
  await kit.engine.send([{ name: "start/later", ts: kit.clock.now() + DAY_MS }]);
  const [run] = await kit.store.listRuns({ limit: 1 });
  await kit.advance(DAY_MS - 1);
  expect(await kit.run(run!.id)).toMatchObject({ state: "delayed" });
  await kit.advance(1);
  expect(await kit.run(run!.id)).toMatchObject({ state: "completed" });
});

test("trigger starts a function without an event of its own, and invoke waits for it", async () => {
  await using kit = await EngineKit.start([
    define("add", async (run) => {
      const { a, b } = run.event.data as { a: number; b: number };
      return { sum: a + b, event: run.event.name };
    }),
    define("fails", () => Promise.reject(new RangeError("too far"))),
    define("naps", (run) => run.sleepUntil("nap", run.event.ts + DAY_MS)),
  ]);
  const id = await kit.engine.trigger("add", { data: { a: 1, b: 2 } });
  expect(await kit.run(id)).toMatchObject({ state: "completed" });
  expect(await kit.engine.invoke("add", { data: { a: 1, b: 2 } })).toEqual({
    sum: 3,
    event: INVOKED_EVENT,
  });
  await expect(kit.engine.invoke("fails")).rejects.toThrow(new RangeError("too far"));
  await expect(kit.engine.invoke("missing")).rejects.toMatchObject({
    code: "RUNS_UNKNOWN_FUNCTION",
  });
  const abort = new AbortController();
  const waiting = kit.engine.invoke("naps", {}, abort.signal);
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("invoking what flow control refuses says so", async () => {
  await using kit = await EngineKit.start([
    define("limited", () => Promise.resolve(1), { rateLimit: { limit: 1, periodMs: DAY_MS } }),
    define("single", (run) => run.sleepUntil("nap", run.event.ts + DAY_MS), {
      singleton: { mode: "skip" },
    }),
  ]);
  for (const id of ["limited", "single"]) {
    await kit.engine.trigger(id);
    await expect(kit.engine.trigger(id)).rejects.toMatchObject({ code: "RUNS_START_REFUSED" });
  }
});

test("functions may be registered after the start, and take the place of older ones", async () => {
  await using kit = await EngineKit.start([define("f", () => Promise.resolve("old"))]);
  kit.engine.register([define("f", () => Promise.resolve("new"))]);
  expect(await kit.run(await kit.begin("f"))).toMatchObject({ output: '"new"' });
});

test("runs that were stored before the start are executed after it", async () => {
  await using kit = EngineKit.open([define("f", () => Promise.resolve("done"))]);
  const id = await kit.begin("f");
  await kit.engine.start();
  await kit.engine.start();
  expect(await kit.run(id)).toMatchObject({ state: "completed" });
});

test("cron triggers start their function at each tick", async () => {
  const ticks: string[] = [];
  await using kit = await EngineKit.start([
    define(
      "report",
      (run) => Promise.resolve(void ticks.push(new Date(run.event.ts).toISOString())),
      {
        triggers: [{ cron: "0 9 * * *", timeZone: "Europe/Paris" }],
      },
    ),
  ]);
  await kit.advance(2 * DAY_MS);
  expect(ticks).toEqual(["2026-01-01T08:00:00.000Z", "2026-01-02T08:00:00.000Z"]);
  kit.engine.register([define("report", () => Promise.resolve(), { triggers: [] })]);
  await kit.advance(2 * DAY_MS);
  expect(ticks).toHaveLength(2);
  expect(kit.errors).toEqual([]);
});

test("what a run's end causes is stored with it; failing to make it is reported", async () => {
  await using kit = await EngineKit.start([
    define("works", () => Promise.resolve(7), {
      endEvents: ({ state, output, functionId }) => [
        { name: "start/hears", data: { state, output, functionId } },
      ],
    }),
    define("hears", (run) => Promise.resolve(run.event.data)),
    define("broken", () => Promise.resolve(1), {
      endEvents: () => {
        throw new Error("no events");
      },
    }),
  ]);
  await kit.run(await kit.begin("works"));
  const [heard] = await kit.store.listRuns({ functionId: "hears", limit: 1 });
  expect(heard!.output).toBe('{"state":"completed","output":"7","functionId":"works"}');
  expect(await kit.run(await kit.begin("broken"))).toMatchObject({ state: "completed" });
  expect(kit.errors).toMatchObject([{ message: "no events" }]);
});

test("old runs are removed while the engine runs", async () => {
  await using kit = await EngineKit.start([define("f", () => Promise.resolve(1))], {
    retention: { keepRunsMs: DAY_MS },
  });
  const id = await kit.begin("f");
  await kit.run(id);
  await kit.clock.advance(DAY_MS + 120_000);
  await kit.engine.close();
  expect(await kit.store.getRun(id)).toBeUndefined();
});

test("a run that is canceled causes its events too", async () => {
  await using kit = await EngineKit.start([
    define("naps", (run) => run.sleepUntil("nap", run.event.ts + DAY_MS), {
      endEvents: ({ state, error }) => [
        { name: "start/hears", data: { state, reason: error?.message } },
      ],
    }),
    define("hears", (run) => Promise.resolve(run.event.data)),
  ]);
  const id = await kit.begin("naps");
  await kit.run(id);
  await kit.engine.cancel(id, "enough");
  const [heard] = await kit.store.listRuns({ functionId: "hears", limit: 1 });
  const { output } = await kit.run(heard!.id);
  expect(JSON.parse(output!)).toMatchObject({ state: "canceled" });
});

test.runIf(drivers.includes("better-sqlite3"))(
  "sendWithin joins the caller's transaction",
  async () => {
    const Database = createRequire(import.meta.url)("better-sqlite3") as typeof BetterSqlite;
    const folder = tempFolder();
    const path = join(folder, "jobs.db");
    const sqlite = SqliteStore.open({ path });
    const store = new SqliteRunStore(sqlite);
    await using engine = new RunEngine({ store, retention: false });
    engine.register([define("f", () => Promise.resolve("done"))]);
    await engine.start();
    const caller = new Database(path);
    caller.exec("BEGIN IMMEDIATE");
    engine.sendWithin(caller, [{ name: "start/f" }]);
    caller.exec("ROLLBACK");
    expect(await store.listRuns({ limit: 9 })).toEqual([]);
    caller.exec("BEGIN IMMEDIATE");
    const [eventId] = engine.sendWithin(caller, [{ name: "start/f" }]);
    expect(engine.sendWithin(caller, [])).toEqual([]);
    caller.exec("COMMIT");
    caller.close();
    const [run] = await store.runsOfEvent(eventId!);
    expect(await store.waitForEnd(run!.id)).toBe("completed");
    await engine.close();
    await store.close();
    await sqlite.close();
  },
);
