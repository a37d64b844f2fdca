import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { drivers, newPath, openStore, storeKinds } from "../../../test/support/stores.ts";
import { filesystemOf } from "./filesystem.ts";
import { machineIdentity, processStart } from "./process-identity.ts";
import { SqliteStore } from "./store.ts";

afterEach(() => {
  vi.useRealTimers();
});

interface Row {
  pid?: number;
  started?: string | null;
  kernel?: string;
  machine?: string;
  heartbeatAt?: number;
}

/** Puts another owner into the table and returns its id. */
function addOwner(store: SqliteStore, row: Row): number {
  const here = machineIdentity();
  const {
    pid = process.pid,
    started = null,
    kernel = here.kernel,
    machine = here.machine,
    heartbeatAt = Date.now(),
  } = row;
  return store.connection
    .sql(
      "INSERT INTO process (boot_id, kernel, machine, pid, started, heartbeat_at) VALUES ('', ?, ?, ?, ?, ?)",
    )
    .run(kernel, machine, pid, started, heartbeatAt).lastInsertRowid;
}

const ownersOf = (store: SqliteStore): unknown[] =>
  store.connection.sql("SELECT id FROM process ORDER BY id").all().flat();

const nextLost = (store: SqliteStore): Promise<number[]> =>
  new Promise((resolve) => {
    const leave = store.onOwnersLost((owners) => {
      leave();
      resolve(owners);
    });
  });

async function startChild(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return child;
}

test.each(storeKinds)("an open store has a row ($kind, $driver)", ({ driver, kind }) => {
  const store = openStore({ path: newPath(kind), driver });
  expect(ownersOf(store)).toEqual([store.owner]);
});

describe.each(drivers)("process registry with %s", (driver) => {
  const open = (): SqliteStore => openStore({ path: newPath("file"), driver });

  test("every open store has a row of its own, until it closes", async () => {
    const path = newPath("file");
    const [first, second] = [openStore({ path, driver }), openStore({ path, driver })];
    expect(ownersOf(second)).toEqual([first.owner, second.owner]);
    await first.close();
    expect(ownersOf(second)).toEqual([second.owner]);
  });

  test("ids are not used again", async () => {
    const path = newPath("file");
    const first = SqliteStore.open({ path, driver });
    await first.close();
    expect(openStore({ path, driver }).owner).toBeGreaterThan(first.owner);
  });

  test("the dead are told apart from the living as soon as somebody listens", async () => {
    const store = open();
    const dead = await startChild();
    const pid = dead.pid!;
    const started = processStart(pid);
    dead.kill("SIGKILL");
    await once(dead, "exit");
    const living = await startChild();
    addOwner(store, { pid: living.pid!, started: processStart(living.pid!) });
    const owner = addOwner(store, { pid, started });
    expect(await nextLost(store)).toEqual([owner]);
  });

  test("a process that dies later is noticed within a second", async () => {
    const store = open();
    const child = await startChild();
    const owner = addOwner(store, { pid: child.pid!, started: processStart(child.pid!) });
    const lost = nextLost(store);
    await new Promise(setImmediate);
    child.kill("SIGKILL");
    await once(child, "exit");
    const start = performance.now();
    expect(await lost).toEqual([owner]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test.skipIf(process.platform !== "linux")(
    "a pid that now belongs to another process does not count",
    async () => {
      const store = open();
      const owner = addOwner(store, { pid: process.pid, started: "1" });
      expect(await nextLost(store)).toEqual([owner]);
    },
  );

  test("owners elsewhere are lost when they were silent for a minute", async () => {
    const store = open();
    const machine = "elsewhere";
    const silent = addOwner(store, { machine, heartbeatAt: Date.now() - 61_000 });
    addOwner(store, { machine, heartbeatAt: Date.now() - 50_000 });
    expect(await nextLost(store)).toEqual([silent]);
  });

  test("owners from before the machine's last boot are lost at once, on a disk that only it can have mounted", async () => {
    const path = newPath("file");
    const isLocal = filesystemOf(dirname(path)).kind === "local" && machineIdentity().kernel !== "";
    const store = openStore({ path, driver });
    const earlier = addOwner(store, { machine: "host earlier-boot", kernel: "earlier-boot" });
    const silent = addOwner(store, { machine: "elsewhere", heartbeatAt: 0 });
    expect(await nextLost(store)).toEqual(isLocal ? [earlier, silent] : [silent]);
  });

  test("listeners are reminded until the owners are forgotten", async () => {
    const store = open();
    const owner = addOwner(store, { machine: "elsewhere", heartbeatAt: 0 });
    const calls: number[][] = [];
    await new Promise<void>((resolve) => {
      store.onOwnersLost((owners) => {
        calls.push(owners);
        if (calls.length === 2) resolve();
      });
    });
    expect(calls).toEqual([[owner], [owner]]);
    await store.forgetOwners([owner]);
    expect(ownersOf(store)).toEqual([store.owner]);
  });

  test("while somebody listens, the store gives signs of life, also when others had given it up", async () => {
    const path = newPath("file");
    const store = openStore({ path, driver });
    const other = openStore({ path, driver });
    await other.forgetOwners([store.owner]);
    const beaten = new Promise<void>((resolve) => other.onForeignCommit(resolve));
    store.onOwnersLost(() => {});
    await beaten;
    expect(ownersOf(other)).toEqual([store.owner, other.owner]);
  });

  test("a closing store stops looking", async () => {
    const store = open();
    const listener = vi.fn<() => void>();
    store.onOwnersLost(listener);
    addOwner(store, { machine: "elsewhere", heartbeatAt: 0 });
    await store.close();
    await new Promise(setImmediate);
    expect(listener).not.toHaveBeenCalled();
    store.onOwnersLost(listener)();
  });
});
