import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { drivers, newPath, openStore, storeKinds } from "../../../test/support/stores.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { Reader } from "./reader.ts";

describe.each(storeKinds)("queries on $kind with $driver", ({ driver, kind }) => {
  test("see what is committed, as rows of arrays", async () => {
    const store = openStore({ path: newPath(kind), driver });
    const { connection } = store;
    await store.write("test", () =>
      connection.exec("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL)"),
    );
    expect(await store.query("SELECT b, a FROM t WHERE a > ? ORDER BY a", [0])).toEqual([
      ["x", 1],
      [null, 2],
    ]);
    await store.write(
      "test",
      () => void connection.sql("INSERT INTO t VALUES (?, ?)").run(3, new Uint8Array([7])),
    );
    const [row] = await store.query("SELECT b FROM t WHERE a = 3");
    expect([...(row![0] as Uint8Array)]).toEqual([7]);
  });

  test("do not see half of a transaction", async () => {
    const store = openStore({ path: newPath(kind), driver });
    await store.write("test", () => store.connection.exec("CREATE TABLE t (a)"));
    let seen: Promise<unknown> | undefined;
    await store.write("test", () => {
      store.connection.exec("INSERT INTO t VALUES (1)");
      seen = store.query("SELECT count(*) FROM t");
      store.connection.exec("DELETE FROM t");
    });
    expect(await seen).toEqual([[0]]);
  });

  test("reject with SQLite's own message", async () => {
    const store = openStore({ path: newPath(kind), driver });
    await expect(store.query("SELECT * FROM nowhere")).rejects.toThrow("no such table: nowhere");
    expect(await store.query("SELECT 1")).toEqual([[1]]);
  });

  test("reject after the store has closed", async () => {
    const store = openStore({ path: newPath(kind), driver });
    await store.close();
    await expect(store.query("SELECT 1")).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });
});

describe.each(drivers)("the reader's thread with %s", (driver) => {
  test("leaves the event loop free", async () => {
    const store = openStore({ path: newPath("file"), driver });
    await store.query("SELECT 1");
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    const slow =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n";
    expect(await store.query(slow)).toEqual([[300_000]]);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThan(10);
  });

  test("cannot write", async () => {
    const store = openStore({ path: newPath("file"), driver });
    await expect(store.query("DELETE FROM job RETURNING pk")).rejects.toMatchObject({
      code: "STORE_READ_ONLY",
    });
  });

  test("answers what was asked before it is closed", async () => {
    const store = openStore({ path: newPath("file"), driver });
    const answers = Promise.all([store.query("SELECT 1"), store.query("SELECT 2")]);
    await store.close();
    expect(await answers).toEqual([[[1]], [[2]]]);
  });

  test("keeps many statements and forgets them all before they become too many", async () => {
    const store = openStore({ path: newPath("file"), driver });
    const texts = Array.from({ length: 450 }, (_, n) => `SELECT ${n}`);
    const answers = await Promise.all(texts.map((text) => store.query(text)));
    expect(answers.flat(2)).toEqual(texts.map((_, n) => n));
  });

  test("a file that is gone is an error of the query", async () => {
    const reader = new Reader(join(tempFolder(), "none.db"), driver);
    onTestFinished(() => reader.close());
    await expect(reader.query("SELECT 1", [])).rejects.toMatchObject({ code: "STORE_IO" });
  });

  test("never started, it closes at once", async () => {
    await expect(new Reader("/none.db", driver).close()).resolves.toBeUndefined();
  });

  test("a value that cannot be sent to the thread is an error of the query", async () => {
    const { path } = openStore({ path: newPath("file"), driver });
    const reader = new Reader(path, driver);
    onTestFinished(() => reader.close());
    const value = (() => {}) as unknown as string;
    await expect(reader.query("SELECT ?", [value])).rejects.toThrow("could not be cloned");
    expect(await reader.query("SELECT 1", [])).toEqual([[1]]);
  });
});
