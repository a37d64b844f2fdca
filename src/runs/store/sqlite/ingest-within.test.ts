import { createRequire } from "node:module";
import type BetterSqlite from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { RunKit } from "../../../../test/conformance/runs/kit.ts";
import { drivers, newPath, openStore } from "../../../../test/support/stores.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";

const require = createRequire(import.meta.url);

describe.runIf(drivers.includes("better-sqlite3"))("better-sqlite3", () => {
  function setUp() {
    const path = newPath("file");
    const runs = new SqliteRunStore(openStore({ path, driver: "better-sqlite3" }));
    onTestFinished(() => runs.close());
    const Database = require("better-sqlite3") as typeof BetterSqlite;
    const database = new Database(path);
    onTestFinished(() => void database.close());
    database.exec("CREATE TABLE mine (value)");
    const kit = new RunKit(runs);
    /** The application's own transaction, with an event in it. */
    function insertAndSend(fails: boolean): string {
      const request = kit.request({ slots: [{ key: "s", limit: 1 }] });
      database.transaction(() => {
        database.exec("INSERT INTO mine VALUES (1)");
        const batch = kit.batch(request.events, [request]);
        expect(runs.ingestWithin(database, { now: kit.now, ...batch })).toEqual([
          { outcome: "started", runId: request.runId },
        ]);
        if (fails) throw new Error("rolled back");
      })();
      return request.runId;
    }
    const rows = () => database.prepare("SELECT count(*) FROM mine").pluck().get();
    return { kit, runs, insertAndSend, rows };
  }

  test("an event sent in the caller's transaction is there with the caller's rows", async () => {
    const { kit, insertAndSend, rows } = setUp();
    const { work } = kit.listen();
    const runId = insertAndSend(false);
    expect(rows()).toBe(1);
    await expect.poll(() => work.length).toBeGreaterThan(0);
    const run = await kit.claimOne();
    expect(run.id).toBe(runId);
    expect(await kit.finish(run)).toBe(true);
    expect(await kit.state(runId)).toBe("completed");
  });

  test("neither is there when it is rolled back", async () => {
    const { kit, runs, insertAndSend, rows } = setUp();
    expect(() => insertAndSend(true)).toThrow("rolled back");
    expect(rows()).toBe(0);
    expect(await kit.claim()).toEqual([]);
    expect(await runs.listRuns({ limit: 5 })).toEqual([]);
    const runId = insertAndSend(false);
    expect(await kit.claimedIds()).toEqual([runId]);
  });

  test("a closed store takes nothing", async () => {
    const { runs, insertAndSend } = setUp();
    await runs.close();
    expect(() => insertAndSend(false)).toThrow(expect.objectContaining({ code: "STORE_CLOSED" }));
  });
});
