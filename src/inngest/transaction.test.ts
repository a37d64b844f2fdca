import { createRequire } from "node:module";
import { join } from "node:path";
import type BetterSqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { drivers } from "../../test/support/stores.ts";
import { attach } from "../runs/hosting.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import {
  eventType,
  Inngest,
  InngestMiddleware,
  Middleware,
  type StandardSchemaV1,
} from "./index.ts";

const Database = createRequire(import.meta.url)("better-sqlite3") as typeof BetterSqlite;
const hasDriver = drivers.includes("better-sqlite3");

// The caller's connection and the store's must be made by the same driver.
beforeEach(() => void vi.stubEnv("LONGHAUL_SQLITE_DRIVER", "better-sqlite3"));
afterEach(() => void vi.unstubAllEnvs());

const inngest = new Inngest({ id: "app", logger: silent });
const placed = inngest.createFunction(
  { id: "placed" },
  { event: "order/placed" },
  ({ event }) => event.data,
);

/** A schema that accepts objects with an id; `later` answers in a promise. */
const schema = (later: boolean): StandardSchemaV1<{ id: number }> => ({
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const result =
        "id" in (value as object)
          ? { value: value as { id: number } }
          : { issues: [{ message: "is missing", path: ["id"] }] };
      return later ? Promise.resolve(result) : result;
    },
  },
});

/** A runtime on a file, and a connection of the caller's own to it, with a table of the caller's. */
async function open() {
  const path = join(tempFolder(), "app.db");
  const kit = await InngestKit.start([placed], { path });
  const db = new Database(path);
  db.exec("CREATE TABLE purchase (id INTEGER PRIMARY KEY, name TEXT)");
  const insert = db.prepare("INSERT INTO purchase (name) VALUES (?)");
  const count = (): unknown => db.prepare("SELECT count(*) FROM purchase").pluck().get();
  onTestFinished(async () => {
    db.close();
    await kit[Symbol.asyncDispose]();
  });
  return { kit, db, insert, count };
}

test.runIf(hasDriver)("events, what they start and the caller's rows commit together", async () => {
  const { kit, db, insert, count } = await open();
  let sent!: Promise<{ ids: string[] }>;
  // better-sqlite3's transactions may not return the promise themselves.
  db.transaction(() => {
    const { lastInsertRowid } = insert.run("Ada");
    sent = inngest.send(
      [{ name: "order/placed", data: { id: lastInsertRowid } }, { name: "order/counted" }],
      { transaction: db },
    );
  })();
  const { ids } = await sent;
  expect([ids.length, count()]).toEqual([2, 1]);
  const [run] = await kit.store.runsOfEvent(ids[0]!);
  // Its commit is another process's to the engine: it is noticed within milliseconds.
  expect(await kit.store.waitForEnd(run!.id)).toBe("completed");
  expect(await kit.output("app-placed")).toEqual({ id: 1 });
});

test.runIf(hasDriver)("neither commits when the caller's transaction rolls back", async () => {
  const { kit, db, insert, count } = await open();
  const place = db.transaction(() => {
    insert.run("Ada");
    void inngest.send({ name: "order/placed" }, { transaction: db });
    throw new Error("the caller's own");
  });
  expect(place).toThrow("the caller's own");
  expect([await kit.runs("app-placed"), count()]).toEqual([[], 0]);
});

test.runIf(hasDriver)(
  "what is wrong is thrown at the call, so that the transaction rolls back",
  async () => {
    const { db, insert, count } = await open();
    const send = (event: never, client: Inngest.Any = inngest) =>
      db.transaction(() => {
        insert.run("Ada");
        void client.send(event, { transaction: db });
      });
    const typed = eventType("order/placed", { schema: schema(false) });
    const slow = eventType("order/placed", { schema: schema(true) });
    class Wraps extends Middleware.BaseMiddleware {
      readonly id = "wraps";
      override wrapSendEvent({ next }: Middleware.WrapSendEventArgs) {
        return next();
      }
    }
    const waits = new InngestMiddleware({ name: "waits", init: async () => ({}) });
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(send({ name: "inngest/x" } as never)).toThrow(code("INNGEST_BAD_EVENT"));
    expect(send({ name: "x", data: { n: 1n } } as never)).toThrow(code("RUNS_NOT_JSON"));
    expect(send(typed.create({} as never) as never)).toThrow(code("INNGEST_EVENT_INVALID"));
    expect(send(slow.create({ id: 1 }) as never)).toThrow(code("INNGEST_TRANSACTION"));
    for (const middleware of [Wraps, waits])
      expect(
        send(
          { name: "x" } as never,
          new Inngest({ id: "m", logger: silent, middleware: [middleware] }),
        ),
      ).toThrow(code("INNGEST_TRANSACTION"));
    expect(count()).toBe(0);
    const ready = new Inngest({ id: "m", logger: silent, middleware: [waits] });
    await ready.ready;
    expect(send({ name: "x" } as never, ready)).not.toThrow();
    expect(send([] as never)).not.toThrow();
  },
);

test.runIf(hasDriver)("only on the runtime's own SQLite file", async () => {
  await open();
  const other = new Database(join(tempFolder(), "other.db"));
  onTestFinished(() => void other.close());
  const bad = expect.objectContaining({ code: "STORE_BAD_TRANSACTION" });
  expect(() => void inngest.send({ name: "x" }, { transaction: other })).toThrow(bad);
  expect(() => void inngest.send({ name: "x" }, { transaction: {} })).toThrow(bad);
});

test.runIf(hasDriver)("a connection that is closed, or may not write", async () => {
  const { db } = await open();
  const send = (handle: object) => () =>
    void inngest.send({ name: "order/placed" }, { transaction: handle });
  const reader = new Database(db.name, { readonly: true });
  reader.exec("BEGIN");
  expect(send(reader)).toThrow(/readonly/);
  reader.close();
  for (const closed of [reader, new Database(db.name).close()])
    expect(send(closed)).toThrow(
      expect.objectContaining({
        code: "STORE_BAD_TRANSACTION",
        message: expect.stringContaining("closed"),
      }),
    );
});

test.runIf(hasDriver)("outside of a transaction the events commit by themselves", async () => {
  const { kit, db } = await open();
  const { ids } = await inngest.send({ name: "order/placed" }, { transaction: db });
  const [run] = await kit.store.runsOfEvent(ids[0]!);
  expect(await kit.store.waitForEnd(run!.id)).toBe("completed");
});

test.runIf(hasDriver)("the runs may be another process's: the sender's never begins", async () => {
  const path = join(tempFolder(), "app.db");
  const executes = await InngestKit.start([placed], { path });
  const sends = await InngestKit.start([], { path });
  const sender = new Inngest({ id: "app", logger: silent });
  const known = sender.createFunction({ id: "placed" }, { event: "order/placed" }, () => "not me");
  const detach = known[attach](sends.engine);
  await sends.engine.close();
  const db = new Database(path);
  onTestFinished(async () => {
    db.close();
    detach();
    await sends[Symbol.asyncDispose]();
    await executes[Symbol.asyncDispose]();
  });
  db.exec("BEGIN IMMEDIATE");
  const { ids } = await sender.send({ name: "order/placed", data: { id: 9 } }, { transaction: db });
  expect(await executes.store.runsOfEvent(ids[0]!)).toEqual([]);
  db.exec("COMMIT");
  const [run] = await executes.store.runsOfEvent(ids[0]!);
  expect(await executes.store.waitForEnd(run!.id)).toBe("completed");
  expect(await executes.output("app-placed")).toEqual({ id: 9 });
});

test.runIf(hasDriver)("a savepoint that is rolled back takes its events along", async () => {
  const { kit, db, insert, count } = await open();
  const inner = db.transaction(() => {
    insert.run("dropped");
    void inngest.send({ name: "order/placed", data: { id: 1 } }, { transaction: db });
    throw new Error("not this one");
  });
  db.transaction(() => {
    insert.run("kept");
    expect(inner).toThrow("not this one");
    void inngest.send({ name: "order/placed", data: { id: 2 } }, { transaction: db });
  })();
  const { id } = (await kit.store.listRuns({ functionId: "app-placed", limit: 10 }))[0]!;
  expect(await kit.store.waitForEnd(id)).toBe("completed");
  const outputs = (await kit.runs("app-placed")).map(({ output }) => output);
  expect([outputs, count()]).toEqual([['{"id":2}'], 1]);
});
