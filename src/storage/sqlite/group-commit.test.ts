import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { drivers, newPath, openStore, storeKinds } from "../../../test/support/stores.ts";
import { type DriverName, openConnection } from "./connection.ts";
import { type Participant, refuse, type SqliteStore, type SqliteStoreOptions } from "./store.ts";

afterEach(() => {
  vi.useRealTimers();
});

type Setting = Partial<SqliteStoreOptions> & { kind: "file" | ":memory:"; driver: DriverName };

/** A store with a table `t`, and a participant that notes what it is told. */
function setUpStore({ kind, ...options }: Setting) {
  const store = openStore({ path: newPath(kind), ...options });
  store.connection.exec("CREATE TABLE t (a UNIQUE)");
  const told: string[] = [];
  const participant: Participant = {
    stale: () => told.push("stale"),
    flush: () => told.push("flush"),
    committed: () => told.push("committed"),
    rolledBack: () => told.push("rolledBack"),
  };
  store.attach(participant);
  const insert = (value: number): Promise<number> =>
    store.write(
      "insert",
      () => store.connection.sql("INSERT INTO t VALUES (?)").run(value).changes,
    );
  return { store, told, insert };
}

const rowsOf = ({ connection }: SqliteStore): unknown[] =>
  connection.sql("SELECT a FROM t ORDER BY rowid").all().flat();

describe.each(storeKinds)("group commit on $kind with $driver", ({ driver, kind }) => {
  const setUp = () => setUpStore({ driver, kind });

  test("operations of one turn share a transaction and run in order", async () => {
    const { store, told, insert } = setUp();
    expect(await Promise.all([insert(3), insert(1), insert(2)])).toEqual([1, 1, 1]);
    expect(rowsOf(store)).toEqual([3, 1, 2]);
    expect(told).toEqual(["flush", "committed"]);
    await insert(4);
    expect(told).toEqual(["flush", "committed", "flush", "committed"]);
  });

  test("a lone write waits for one turn of the event loop at most", async () => {
    const { insert } = setUp();
    let turns = 0;
    const count = (): void => {
      turns++;
      setImmediate(count);
    };
    const written = insert(1);
    const immediate = setImmediate(count);
    await written;
    clearImmediate(immediate);
    expect(turns).toBeLessThanOrEqual(1);
  });

  test("participants hear of a commit before the promises resolve", async () => {
    const { told, insert } = setUp();
    await Promise.all([insert(1).then(() => told.push("1")), insert(2).then(() => told.push("2"))]);
    expect(told).toEqual(["flush", "committed", "1", "2"]);
  });

  test("what an operation returns is handed over as it is", async () => {
    const { store } = setUp();
    const value = { rows: [1] };
    expect(await store.write("test", () => value)).toBe(value);
    expect(await store.write("test", () => undefined)).toBeUndefined();
  });

  test("writes made by operations, participants and callers join the next transaction", async () => {
    const { store, insert } = setUp();
    let inner: Promise<number> | undefined;
    await store.write("outer", () => {
      inner = insert(1);
      expect(rowsOf(store)).toEqual([]);
    });
    await inner;
    let fromCommit: Promise<number> | undefined;
    const nothing = (): void => {};
    store.attach({
      stale: nothing,
      flush: nothing,
      rolledBack: nothing,
      committed: () => void (fromCommit ??= insert(2)),
    });
    await insert(3);
    await fromCommit;
    expect(rowsOf(store)).toEqual([1, 3, 2]);
  });

  test("a refusal rejects alone and costs nobody a rollback", async () => {
    const { store, told, insert } = setUp();
    const error = new Error("Missing key for job 7");
    const refused = store.write("test", () => {
      throw refuse(error);
    });
    const results = await Promise.allSettled([insert(1), refused, insert(2)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expect(refused).rejects.toBe(error);
    expect(Object.getOwnPropertySymbols(error)).toEqual([]);
    expect(rowsOf(store)).toEqual([1, 2]);
    expect(told).toEqual(["flush", "committed"]);
  });

  test("after an unexpected error all run again, each in its own transaction, and only the culprit rejects", async () => {
    const { store, told, insert } = setUp();
    const culprit = store.write("test", () => {
      store.connection.sql("INSERT INTO t VALUES (?)").run(99);
      throw new Error("bug");
    });
    const results = await Promise.allSettled([insert(1), culprit, insert(2), insert(2), insert(3)]);
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    await expect(culprit).rejects.toThrow("bug");
    expect(rowsOf(store)).toEqual([1, 2, 3]);
    const committed = ["flush", "committed"];
    // The batch, the culprit (which was queued first), 1, 2, the second 2, and 3.
    const alone = ["rolledBack", ...committed, ...committed, "rolledBack", ...committed];
    expect(told).toEqual(["rolledBack", ...alone]);
    told.length = 0;
    await Promise.all([insert(4), insert(5)]);
    expect(told).toEqual(committed);
  });

  test("an error of the last step, the flush, is nobody's neighbour's problem either", async () => {
    const { store, insert } = setUp();
    let poisoned = false;
    store.attach({
      stale: () => {},
      committed: () => {},
      rolledBack: () => (poisoned = false),
      flush: () => {
        if (poisoned) throw new Error("cannot flush");
      },
    });
    const poison = store.write("test", () => void (poisoned = true));
    const results = await Promise.allSettled([insert(1), poison, insert(2)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(rowsOf(store)).toEqual([1, 2]);
  });

  test("operations that came after a failed batch stay behind it", async () => {
    const { store, insert } = setUp();
    const first = insert(1);
    const failing = store.write("test", () => {
      throw new Error("bug");
    });
    const later = new Promise<void>((resolve) =>
      setImmediate(() => resolve(insert(2).then(() => {}))),
    );
    await Promise.allSettled([first, failing, later]);
    expect(rowsOf(store)).toEqual([1, 2]);
  });

  test("a full disk rejects the batch with one typed error, and the store goes on when there is room", async () => {
    const { store, told, insert } = setUp();
    await insert(0);
    const pages = store.connection.sql("PRAGMA page_count").get()![0] as number;
    store.connection.exec(`PRAGMA max_page_count = ${pages}`);
    const big = store.write(
      "test",
      () => void store.connection.sql("INSERT INTO t VALUES (?)").run("x".repeat(100_000)),
    );
    told.length = 0;
    const results = await Promise.allSettled([insert(1), big, insert(2)]);
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "STORE_FULL", retryable: true, status: 507 },
      });
    }
    expect(told).toEqual(["rolledBack"]);
    expect(rowsOf(store)).toEqual([0]);
    store.connection.exec(`PRAGMA max_page_count = ${pages + 100}`);
    await insert(3);
    expect(rowsOf(store)).toEqual([0, 3]);
  });

  test("a flood is cut into transactions, and the event loop gets its turn between them", async () => {
    const { told, store } = setUp();
    const spin = (): void => {
      const end = performance.now() + 8;
      while (performance.now() < end);
    };
    const order: number[] = [];
    let turns = 0;
    const count = (): void => {
      turns++;
      if (order.length < 9) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      Array.from({ length: 9 }, (_, n) => store.write("spin", spin).then(() => order.push(n))),
    );
    expect(told.filter((what) => what === "committed").length).toBeGreaterThanOrEqual(3);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("a transaction that somebody left open on the connection fails writes, not the store", async () => {
    const { store, insert } = setUp();
    store.connection.exec("BEGIN");
    await expect(Promise.all([insert(1), insert(2)])).rejects.toThrow("within a transaction");
    store.connection.exec("ROLLBACK");
    await insert(3);
    expect(rowsOf(store)).toEqual([3]);
  });

  test("fake timers do not stop it", async () => {
    const { store, insert } = setUp();
    vi.useFakeTimers({
      toFake: ["setTimeout", "setInterval", "setImmediate", "Date", "performance"],
    });
    await insert(1);
    expect(rowsOf(store)).toEqual([1]);
  });

  test("whatever a batch is made of, exactly the operations that succeed are stored, in order", async () => {
    const { store } = setUp();
    let value = 0;
    const kinds = fc.constantFrom("insert", "refuse", "throw", "writeAndThrow", "duplicate");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(kinds, { maxLength: 8 }), { maxLength: 4 }),
        async (turns) => {
          const expected: PromiseSettledResult<number>["status"][] = [];
          const stored: number[] = [];
          const writes: Promise<number>[] = [];
          store.connection.exec("DELETE FROM t");
          const insert = store.connection.sql("INSERT INTO t VALUES (?)");
          for (const turn of turns) {
            for (const kind of turn) {
              const mine = ++value;
              if (kind === "insert") stored.push(mine);
              expected.push(kind === "insert" ? "fulfilled" : "rejected");
              const written = store.write(kind, () => {
                if (kind === "refuse") throw refuse(new Error(kind));
                if (kind !== "throw") insert.run(mine);
                if (kind === "duplicate") insert.run(mine);
                if (kind !== "insert") throw new Error(kind);
                return mine;
              });
              writes.push(written);
              written.catch(() => {});
            }
            await new Promise(setImmediate);
          }
          const outcomes = await Promise.allSettled(writes);
          expect(outcomes.map(({ status }) => status)).toEqual(expected);
          expect(rowsOf(store)).toEqual(stored);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe.each(drivers)("group commit beside another connection, with %s", (driver) => {
  function setUpTwo(options: { busyTimeoutMs?: number } = {}) {
    const own = setUpStore({ kind: "file", driver, ...options });
    const other = openConnection({ path: own.store.path, driver });
    onTestFinished(() => other.close());
    return { ...own, other };
  }

  test("a commit of its own is seen by others once the promise resolves", async () => {
    const { other, insert } = setUpTwo();
    await insert(1);
    expect(other.sql("SELECT a FROM t").all()).toEqual([[1]]);
  });

  test("participants forget what they know after another's commit, before any operation runs", async () => {
    const { other, store, told, insert } = setUpTwo();
    await insert(1);
    other.exec("INSERT INTO t VALUES (2)");
    told.length = 0;
    await Promise.all([store.write("test", () => void told.push("operation")), insert(3)]);
    await insert(4);
    expect(told).toEqual(["stale", "operation", "flush", "committed", "flush", "committed"]);
  });

  test("while another writes it waits, and operations that arrive meanwhile join", async () => {
    const { other, store, told, insert } = setUpTwo();
    other.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
    const first = insert(2);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    const second = insert(3);
    expect(told).toEqual([]);
    other.exec("COMMIT");
    await Promise.all([first, second]);
    expect(rowsOf(store)).toEqual([1, 2, 3]);
    expect(told).toEqual(["stale", "flush", "committed"]);
  });

  test("when the other never ends, writes reject after their limit, and later ones work", async () => {
    const { other, insert } = setUpTwo({ busyTimeoutMs: 20 });
    other.exec("BEGIN IMMEDIATE");
    const results = await Promise.allSettled([insert(1), insert(2)]);
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "STORE_BUSY_TIMEOUT", retryable: true },
      });
    }
    other.exec("ROLLBACK");
    expect(await insert(3)).toBe(1);
  });

  test("a lock that comes between the transactions of a rerun only delays them", async () => {
    const { other, store, insert } = setUpTwo();
    let runs = 0;
    const locks = store.write("test", () => {
      if (++runs === 2)
        setImmediate(() => other.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (50)"));
    });
    const failing = store.write("test", () => {
      throw new Error("bug");
    });
    const last = insert(2);
    const release = setInterval(() => {
      if (runs < 2) return;
      clearInterval(release);
      other.exec("COMMIT");
    }, 5);
    await Promise.allSettled([locks, failing, last]);
    expect(new Set(rowsOf(store))).toEqual(new Set([50, 2]));
  });
});
