import { existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { drivers, newPath, openStore, storeKinds } from "../../../test/support/stores.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { systemClock } from "../../core/clock.ts";
import { openConnection } from "./connection.ts";
import { SqliteStore } from "./store.ts";

describe.each(storeKinds)("store on $kind with $driver", ({ driver, kind }) => {
  const open = (): SqliteStore => openStore({ path: newPath(kind), driver });

  test("what was queued before close() is committed, what comes after is refused", async () => {
    const store = open();
    const before = store.write("test", () => store.connection.exec("CREATE TABLE t (a)"));
    const closed = store.close();
    await expect(store.write("test", () => 1)).rejects.toMatchObject({
      code: "STORE_CLOSED",
      name: "ConnectionClosedError",
      message: "Connection is closed.",
    });
    await before;
    await closed;
  });

  test("close() may be called again and again", async () => {
    const store = open();
    const closed = store.close();
    expect(store.close()).toBe(closed);
    await closed;
    await store.close();
    store.onForeignCommit(() => {})();
  });

  test("is closed by await using", async () => {
    let store: SqliteStore;
    {
      await using scoped = open();
      store = scoped;
    }
    await expect(store.write("test", () => 1)).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  test("has the clock it was given, else the machine's", () => {
    expect(open().clock).toBe(systemClock);
    const clock = { ...systemClock, now: () => 7 };
    expect(openStore({ path: newPath(kind), driver, clock }).clock.now()).toBe(7);
  });

  test("an operation may read what it wrote", async () => {
    const store = open();
    await store.write("test", () => store.connection.exec("CREATE TABLE t (a)"));
    const count = store.write("test", () => {
      store.connection.exec("INSERT INTO t VALUES (1)");
      return store.connection.sql("SELECT count(*) FROM t").get()![0];
    });
    expect(await count).toBe(1);
  });
});

describe.each(drivers)("file with %s", (driver) => {
  const pragma = (store: SqliteStore, name: string): unknown =>
    store.connection.sql(`PRAGMA ${name}`).get()![0];

  test("commits are on disk unless the user chose otherwise", () => {
    const full = openStore({ path: newPath("file"), driver });
    expect([pragma(full, "journal_mode"), pragma(full, "synchronous")]).toEqual(["wal", 2]);
    const relaxed = openStore({ path: newPath("file"), driver, durability: "relaxed" });
    expect([pragma(relaxed, "journal_mode"), pragma(relaxed, "synchronous")]).toEqual(["wal", 1]);
    expect(pragma(full, "busy_timeout")).toBe(0);
  });

  test("data is there when it is opened again", async () => {
    const path = newPath("file");
    const first = SqliteStore.open({ path, driver });
    await first.write("test", () =>
      first.connection.exec("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')"),
    );
    await first.close();
    expect(openStore({ path, driver }).connection.sql("SELECT a FROM t").all()).toEqual([["kept"]]);
  });

  test("the last to close leaves one file, whoever read from it", async () => {
    const path = newPath("file");
    const [first, second] = [
      SqliteStore.open({ path, driver }),
      SqliteStore.open({ path, driver }),
    ];
    await first.query("SELECT 1");
    await first.close();
    expect(existsSync(`${path}-wal`)).toBe(true);
    await second.close();
    expect([existsSync(path), existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("a relative path stays the same file when the folder changes", () => {
    const path = join(tempFolder(), "jobs.db");
    const store = openStore({ path: relative(process.cwd(), path), driver });
    expect(store.path).toBe(path);
  });

  test("writers of one process and one file do not disturb each other", async () => {
    const path = newPath("file");
    const stores = [
      openStore({ path, driver }),
      openStore({ path, driver }),
      openStore({ path, driver }),
    ];
    stores[0]!.connection.exec("CREATE TABLE t (a)");
    const writes = stores.flatMap((store) =>
      Array.from({ length: 100 }, (_, n) =>
        store.write("test", () => void store.connection.sql("INSERT INTO t VALUES (?)").run(n)),
      ),
    );
    await Promise.all(writes);
    expect(stores[0]!.connection.sql("SELECT count(*) FROM t").get()).toEqual([300]);
    expect(new Set(stores.map(({ owner }) => owner)).size).toBe(3);
  });

  test("a locked file is waited for when it is opened", () => {
    const path = newPath("file");
    openStore({ path, driver });
    const other = openConnection({ path, driver });
    onTestFinished(() => other.close());
    other.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    expect(() => SqliteStore.open({ path, driver, busyTimeoutMs: 50 })).toThrow(
      expect.objectContaining({ code: "STORE_BUSY_TIMEOUT" }),
    );
    expect(performance.now() - start).toBeGreaterThanOrEqual(50);
  });

  test("the WAL shrinks again after a long reader made it grow", async () => {
    const path = newPath("file");
    const store = openStore({ path, driver, durability: "relaxed" });
    store.connection.exec("PRAGMA journal_size_limit = 1000000; CREATE TABLE t (a)");
    const reader = openConnection({ path, driver });
    onTestFinished(() => reader.close());
    reader.exec("BEGIN; SELECT * FROM t");
    const fill = (): Promise<void> =>
      store.write(
        "fill",
        () => void store.connection.sql("INSERT INTO t VALUES (?)").run("x".repeat(500_000)),
      );
    for (let n = 0; n < 30; n++) await fill();
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(12_000_000);
    reader.exec("COMMIT");
    const walSize = (): number => statSync(`${path}-wal`).size;
    for (let n = 0; n < 400 && walSize() >= 8_000_000; n++) await fill();
    expect(walSize()).toBeLessThan(8_000_000);
  });
});
