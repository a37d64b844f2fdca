import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { RunKit } from "../../../../test/conformance/runs/kit.ts";
import { newPath, openStore } from "../../../../test/support/stores.ts";
import { machineIdentity } from "../../../storage/sqlite/process-identity.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";

const OWNERS = "SELECT id FROM process ORDER BY id";
const TAKE_JOB =
  "INSERT INTO active (queue, job, locked_until, owner, processed_on, rank) VALUES (1, 1, 0, ?, 0, 1)";

interface Scene {
  readonly store: SqliteStore;
  readonly kit: RunKit;
  /** A process that died with a run in its hands. */
  readonly dead: number;
  readonly runId: string;
  owners(): unknown[];
}

/** The pid of a process that is no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}

async function setUp(): Promise<Scene> {
  const store = openStore({ path: newPath("file") });
  const runs = new SqliteRunStore(store);
  onTestFinished(() => runs.close());
  const kit = new RunKit(runs);
  const pid = await deadPid();
  const { kernel, machine } = machineIdentity();
  const { id: runId } = await kit.running();
  const dead = await store.write("test", () => {
    const { lastInsertRowid: owner } = store.connection
      .sql(
        "INSERT INTO process (boot_id, kernel, machine, pid, heartbeat_at) VALUES ('', ?, ?, ?, 0)",
      )
      .run(kernel, machine, pid);
    store.connection.sql("UPDATE run SET owner = ?").run(owner);
    return owner;
  });
  const owners = () => store.connection.sql(OWNERS).all().flat();
  return { store, kit, dead, runId, owners };
}

test("a dead process's runs are given back at once, as lost, and it is forgotten", async () => {
  const { store, kit, dead, runId, owners } = await setUp();
  expect(owners()).toEqual([store.owner, dead]);
  const { work } = kit.listen();
  await expect.poll(() => work.some((item) => item?.claimable)).toBe(true);
  expect(await kit.claimOne()).toMatchObject({ id: runId, generation: 2, losses: 1 });
  await expect.poll(owners).toEqual([store.owner]);
});

test("a dead process that also held a job is remembered until that is taken over", async () => {
  const { store, kit, dead, runId, owners } = await setUp();
  await store.write("test", () => store.connection.sql(TAKE_JOB).run(dead));
  const { work } = kit.listen();
  await expect.poll(() => work.some((item) => item?.claimable)).toBe(true);
  expect(await kit.claimedIds()).toEqual([runId]);
  expect(owners()).toContain(dead);
  await store.write("test", () => store.connection.sql("DELETE FROM active").run());
  await expect.poll(owners, { timeout: 3000 }).toEqual([store.owner]);
});

test("a dead process that holds runs is not forgotten by those who take over jobs", async () => {
  const { store, dead, owners } = await setUp();
  await store.forgetOwners([dead]);
  expect(owners()).toContain(dead);
  await store.write("test", () => store.connection.sql("UPDATE run SET owner = NULL").run());
  await store.forgetOwners([dead]);
  expect(owners()).not.toContain(dead);
});

test("what a process had named goes with it", async () => {
  const { store, dead } = await setUp();
  const { connection } = store;
  const insert = "INSERT INTO client (owner, name, created_at) VALUES (?, 'worker', 0)";
  await store.write("test", () => {
    connection.sql("UPDATE run SET owner = NULL").run();
    connection.sql(insert).run(dead);
    connection.sql(insert).run(store.owner);
  });
  await store.forgetOwners([dead]);
  expect(connection.sql("SELECT owner FROM client").all()).toEqual([[store.owner]]);
});
