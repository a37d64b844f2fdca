import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { drivers, newPath, openStore } from "../../../test/support/stores.ts";
import { ChangeSignal } from "./change-signal.ts";
import { type Connection, openConnection } from "./connection.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe.each(drivers)("change signal with %s", (driver) => {
  function setUp(): {
    own: Connection;
    other: Connection;
    signal: ChangeSignal;
    onMoved: () => void;
  } {
    const path = newPath("file");
    const [own, other] = [openConnection({ path, driver }), openConnection({ path, driver })];
    own.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    const onMoved = vi.fn<() => void>();
    const signal = new ChangeSignal(own, { shared: true, onMoved });
    onTestFinished(() => {
      signal.stop();
      own.close();
      other.close();
    });
    return { own, other, signal, onMoved };
  }

  test("moves with another connection's commit, not with our own", () => {
    const { own, other, signal } = setUp();
    own.exec("INSERT INTO t VALUES (1)");
    own.exec("BEGIN; INSERT INTO t VALUES (2); ROLLBACK");
    expect(signal.moved()).toBe(false);
    other.exec("INSERT INTO t VALUES (3)");
    expect(signal.moved()).toBe(true);
    expect(signal.moved()).toBe(false);
  });

  test("tells listeners of another's commit, and the store first", async () => {
    const { other, signal, onMoved } = setUp();
    const heard = new Promise<void>((resolve) => {
      signal.listen(() => {
        expect(onMoved).toHaveBeenCalledOnce();
        resolve();
      });
    });
    other.exec("INSERT INTO t VALUES (1)");
    await heard;
  });

  test("a commit that is noticed by a transaction is told to listeners too, once", async () => {
    const { other, signal, onMoved } = setUp();
    const listener = vi.fn<() => void>();
    signal.listen(listener);
    other.exec("INSERT INTO t VALUES (1)");
    expect(signal.moved()).toBe(true);
    expect(listener).not.toHaveBeenCalled();
    await new Promise(setImmediate);
    expect(listener).toHaveBeenCalledOnce();
    expect(onMoved).not.toHaveBeenCalled();
  });

  test("a listener may leave, also twice, and one function may listen twice", async () => {
    const { other, signal } = setUp();
    const listener = vi.fn<() => void>();
    const leave = signal.listen(listener);
    signal.listen(listener);
    leave();
    leave();
    other.exec("INSERT INTO t VALUES (1)");
    signal.moved();
    await new Promise(setImmediate);
    expect(listener).toHaveBeenCalledOnce();
  });

  test("works under fake timers", async () => {
    const { other, signal } = setUp();
    vi.useFakeTimers();
    const heard = new Promise<void>((resolve) => signal.listen(resolve));
    other.exec("INSERT INTO t VALUES (1)");
    await expect(heard).resolves.toBeUndefined();
  });

  test("between two stores: participants forget, listeners hear", async () => {
    const path = newPath("file");
    const [a, b] = [openStore({ path, driver }), openStore({ path, driver })];
    const stale = vi.fn<() => void>();
    const nothing = (): void => {};
    a.attach({ stale, flush: nothing, committed: nothing, rolledBack: nothing });
    // Settles the opening of b, which is a foreign commit to a.
    await a.write("test", nothing);
    stale.mockClear();
    const heard = new Promise<void>((resolve) => a.onForeignCommit(resolve));
    await b.write("test", () => b.connection.exec("CREATE TABLE t (a)"));
    await heard;
    expect(stale).toHaveBeenCalledOnce();
    await a.write("test", nothing);
    expect(stale).toHaveBeenCalledOnce();
  });
});
