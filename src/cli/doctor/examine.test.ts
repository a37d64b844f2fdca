import { spawnSync } from "node:child_process";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../test/support/stores.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { openConnection } from "../../storage/sqlite/connection.ts";
import { processStart } from "../../storage/sqlite/process-identity.ts";
import { latestVersion } from "../../storage/sqlite/migrations.ts";
import { examine } from "./examine.ts";
import { checkDisk, checkNode } from "./machine.ts";

const newPath = (): string => join(tempFolder(), "jobs.db");

/** A store that was closed, as it is between two starts; `change` is done to it by force. */
async function closedStore(change = ""): Promise<string> {
  const path = newPath();
  await openStore({ path }).close();
  const connection = openConnection({ path });
  connection.exec(change);
  connection.close();
  return path;
}

const at = (path: string, check: string) =>
  examine(path, Date.now()).find((finding) => finding.check === check);

test("finds nothing wrong with a store that is well, open or not", async () => {
  const path = await closedStore();
  expect(examine(path, Date.now()).filter(({ status }) => status !== "ok")).toEqual([]);
  openStore({ path });
  expect(examine(path, Date.now()).filter(({ status }) => status !== "ok")).toEqual([]);
  expect(at(path, "processes")!.found).toBe("1 have the store open");
});

test("does not make what is not there", () => {
  const path = newPath();
  expect(at(path, "file")).toMatchObject({ status: "warning" });
  expect(at(path, "file")).toMatchObject({ fix: expect.stringContaining("longhaul migrate") });
});

test("tells what is no store, or another program's", async () => {
  const text = newPath();
  writeFileSync(text, "this is no database, and long enough to be looked at as one".repeat(20));
  expect(at(text, "file")).toMatchObject({ status: "wrong" });
  const other = newPath();
  const connection = openConnection({ path: other });
  connection.exec("CREATE TABLE t (a)");
  connection.close();
  expect(at(other, "file")).toMatchObject({
    status: "wrong",
    found: expect.stringMatching(/other/),
  });
});

test("tells a schema that is too old from one that is too new", async () => {
  const old = await closedStore("PRAGMA user_version = 3");
  expect(at(old, "schema")).toMatchObject({ status: "wrong", fix: "Run longhaul migrate." });
  const newer = await closedStore(`PRAGMA user_version = ${latestVersion() + 1}`);
  expect(at(newer, "schema")).toMatchObject({ status: "wrong", fix: "Update longhaul." });
});

test("tells a store that is not in WAL mode", async () => {
  const path = await closedStore("PRAGMA journal_mode = DELETE");
  expect(at(path, "journal")).toMatchObject({ status: "wrong", found: "delete" });
});

test("tells a file that is damaged", async () => {
  const path = await closedStore();
  const connection = openConnection({ path });
  connection.exec(
    "CREATE TABLE filler (a); INSERT INTO filler SELECT randomblob(3000) FROM api_token",
  );
  const [pageSize] = connection.sql("PRAGMA page_size").get()!;
  const root = "SELECT rootpage FROM sqlite_master WHERE name = 'run'";
  const [page] = connection.sql(root).get()!;
  connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  connection.close();
  const damaged = newPath();
  copyFileSync(path, damaged);
  const { buffer } = new Uint8Array(pageSize as number).fill(0x5a);
  const { writeSync, openSync, closeSync } = await import("node:fs");
  const file = openSync(damaged, "r+");
  writeSync(
    file,
    new Uint8Array(buffer),
    0,
    undefined,
    ((page as number) - 1) * (pageSize as number),
  );
  closeSync(file);
  rmSync(path);
  const findings = examine(damaged, Date.now());
  expect(findings.some(({ status }) => status === "wrong")).toBe(true);
  expect(findings.map(({ found }) => found).join()).toMatch(/run|malformed|btree|page/i);
});

test("tells a clock that went back", async () => {
  const ahead = Date.now() + 3_600_000;
  const path = await closedStore(
    `INSERT INTO process (boot_id, kernel, machine, pid, started, heartbeat_at)
     VALUES ('', '', 'elsewhere', 1, NULL, ${ahead})`,
  );
  const clock = at(path, "clock");
  expect(clock).toMatchObject({ status: "wrong", found: expect.stringMatching(/^3600 s behind/) });
});

test("tells processes that died, and work that they hold still", async () => {
  const path = newPath();
  const store = openStore({ path });
  const [machine] = store.connection.sql("SELECT machine FROM process").get()!;
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  store.connection
    .sql(
      `INSERT INTO process (id, boot_id, kernel, machine, pid, started, heartbeat_at)
       VALUES (77, '', '', ?, ?, '0', 0)`,
    )
    .run(machine!, pid);
  const hold = (owner: number, lockedUntil: number) =>
    store.connection
      .sql(
        `INSERT INTO active (queue, job, locked_until, owner, processed_on, rank)
         VALUES (1, ?, ?, ?, 0, 0)`,
      )
      .run(lockedUntil, lockedUntil, owner);
  expect(processStart(process.pid)).not.toBe("0");

  expect(at(path, "processes")).toMatchObject({ status: "warning" });
  hold(77, Date.now());
  expect(at(path, "leases")).toMatchObject({ status: "ok" });
  hold(77, 1);
  expect(at(path, "leases")).toMatchObject({
    status: "wrong",
    fix: expect.stringContaining("Start a worker"),
  });
  hold(store.owner, 2);
  expect(at(path, "leases")).toMatchObject({
    found: expect.stringMatching(/^2 /),
    fix: expect.stringContaining("it hangs"),
  });
});

test.each([
  ["18.20.0", "wrong"],
  ["20.18.3", "wrong"],
  ["20.19.0", "ok"],
  ["22.0.0", "ok"],
])("node %s is %s", (version, status) => {
  expect(checkNode(version)).toMatchObject({ status });
});

test.each([
  [10, "wrong"],
  [500 * 1024 ** 2, "warning"],
  [5 * 1024 ** 3, "ok"],
])("%d bytes of free disk are %s", (free, status) => {
  expect(checkDisk("/", free)).toMatchObject({ status });
});

test("tells a driver that cannot be loaded, and looks no further", () => {
  process.env["LONGHAUL_SQLITE_DRIVER"] = "no-such-driver";
  onTestFinished(() => {
    delete process.env["LONGHAUL_SQLITE_DRIVER"];
  });
  const findings = examine(newPath(), Date.now());
  expect(findings.find(({ check }) => check === "driver")).toMatchObject({ status: "wrong" });
  expect(findings.some(({ check }) => check === "file")).toBe(false);
});
