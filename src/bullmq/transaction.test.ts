import { createRequire } from "node:module";
import { join } from "node:path";
import type BetterSqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { drivers } from "../../test/support/stores.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { Queue, Worker } from "./index.ts";

const Database = createRequire(import.meta.url)("better-sqlite3") as typeof BetterSqlite;
const hasDriver = drivers.includes("better-sqlite3");

// The caller's connection and the store's must be made by the same driver.
beforeEach(() => void vi.stubEnv("LONGHAUL_SQLITE_DRIVER", "better-sqlite3"));
afterEach(() => void vi.unstubAllEnvs());

/** A queue, and a connection of the caller's own to its file, with a table of the caller's. */
async function open() {
  const path = join(tempFolder(), "jobs.db");
  const connection = `file:${path}`;
  const queue = new Queue<{ n: number }>("mails", { connection });
  await queue.waitUntilReady();
  const db = new Database(path);
  db.exec("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)");
  const insert = db.prepare("INSERT INTO customer (name) VALUES (?)");
  const count = (): unknown => db.prepare("SELECT count(*) FROM customer").pluck().get();
  onTestFinished(async () => {
    db.close();
    await queue.close();
  });
  return { connection, queue, db, insert, count };
}

test.runIf(hasDriver)(
  "a job and a row of the caller's commit together, and a worker hears of it",
  async () => {
    const { connection, queue, db, insert, count } = await open();
    const done = new Promise((resolve) => {
      const worker = new Worker("mails", async (job) => resolve([job.id, job.data]), {
        connection,
      });
      onTestFinished(() => worker.close());
    });
    await queue.add("earlier", { n: 0 }, { delay: 3_600_000 });
    let id: string | undefined;
    db.transaction(() => {
      insert.run("Ada");
      void queue
        .add("welcome", { n: 1 }, { attempts: 3, transaction: db })
        .then((job) => (id = job.id));
    })();
    expect(await done).toEqual([id, { n: 1 }]);
    expect([id, count()]).toEqual(["2", 1]);
    const { opts } = (await queue.getJob(id!))!;
    expect(opts).toMatchObject({ attempts: 3 });
    expect(opts).not.toHaveProperty("transaction");
  },
);

test.runIf(hasDriver)("neither commits when the caller's transaction rolls back", async () => {
  const { queue, db, insert, count } = await open();
  expect(() =>
    db.transaction(() => {
      insert.run("Ada");
      void queue.add("welcome", { n: 1 }, { transaction: db });
      throw new Error("the caller's own");
    })(),
  ).toThrow("the caller's own");
  expect([await queue.count(), count()]).toEqual([0, 0]);
  expect((await queue.add("after", { n: 2 })).id).toBe("1");
});

test.runIf(hasDriver)(
  "a bad job throws at the call, so that the caller's transaction rolls back",
  async () => {
    const { queue, db, insert, count } = await open();
    const add = (opts: object) =>
      db.transaction(() => {
        insert.run("Ada");
        void queue.add("welcome", { n: 1 }, { ...opts, transaction: db });
      });
    expect(add({ priority: 1.5 })).toThrow("Priority");
    expect(add({ jobId: "0:1" })).toThrow("JobId");
    expect(add({ parent: { id: "x", queue: "bull:nowhere" } })).toThrow("Missing key");
    expect(add({ repeat: { every: 5_000 } })).toThrow("schedule");
    expect([await queue.count(), count()]).toEqual([0, 0]);
  },
);

test.runIf(hasDriver)("only with add(), and only on Longhaul's own SQLite file", async () => {
  const { queue, db } = await open();
  const other = new Database(join(tempFolder(), "other.db"));
  onTestFinished(() => void other.close());
  const bad = expect.objectContaining({ code: "STORE_BAD_TRANSACTION" });
  expect(() => void queue.add("x", { n: 1 }, { transaction: other })).toThrow(bad);
  expect(() => void queue.add("x", { n: 1 }, { transaction: {} })).toThrow(bad);
  expect(
    () => void queue.addBulk([{ name: "x", data: { n: 1 }, opts: { transaction: db } }]),
  ).toThrow(bad);
  await queue.close();
  expect(() => void queue.add("x", { n: 1 }, { transaction: db })).toThrow(
    expect.objectContaining({ code: "STORE_CLOSED" }),
  );
});
