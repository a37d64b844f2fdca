import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { type Script, startScript } from "../support/child-process.ts";
import { newPath, openStore } from "../support/stores.ts";
import { tempFolder } from "../support/temp-folder.ts";

const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args).status === 0;

/** A filesystem of one megabyte, where the system lets us have one. */
const smallDisk = ((): string | undefined => {
  const folder = join("/tmp", `longhaul-small-disk-${process.pid}`);
  mkdirSync(folder);
  if (succeeds("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
})();
afterAll(() => {
  if (smallDisk === undefined) return;
  succeeds("umount", smallDisk);
  rmSync(smallDisk, { recursive: true });
});

const hasPrlimit = succeeds("prlimit", "--version");

test.skipIf(smallDisk === undefined)(
  "a full disk rejects writes with a code, and they work again once there is room",
  async () => {
    const folder = smallDisk!;
    const store = SqliteStore.open({ path: join(folder, "jobs.db") });
    await store.write("make", () => store.connection.exec("CREATE TABLE t (a)"));
    const insert = (size: number): Promise<void> =>
      store.write(
        "insert",
        () => void store.connection.sql("INSERT INTO t VALUES (?)").run("x".repeat(size)),
      );
    const filler = join(folder, "filler");
    writeFileSync(filler, Buffer.alloc(500_000));
    let stored = 0;
    const fill = async (): Promise<never> => {
      for (;;) {
        await insert(10_000);
        stored++;
      }
    };

    await expect(fill()).rejects.toMatchObject({ code: "STORE_FULL", retryable: true });
    // It stays full, and one attempt after another says so.
    await expect(Promise.all([insert(300_000), insert(300_000)])).rejects.toMatchObject({
      code: "STORE_FULL",
    });
    expect(store.connection.sql("SELECT count(*) FROM t").get()).toEqual([stored]);
    rmSync(filler);
    await insert(10_000);
    expect(store.connection.sql("PRAGMA integrity_check").get()).toEqual(["ok"]);
    await store.close();
    const reopened = SqliteStore.open({ path: join(folder, "jobs.db") });
    expect(reopened.connection.sql("SELECT count(*) FROM t").get()).toEqual([stored + 1]);
    await reopened.close();
  },
);

/** Reads the outcomes of a store-acking-writer.ts until one matches; returns the numbers acknowledged on the way. */
async function readUntil(script: Script, matches: (line: string) => boolean): Promise<number[]> {
  const acked: number[] = [];
  for (;;) {
    const line = await script.next();
    if (line.startsWith("ack ")) acked.push(Number(line.slice(4)));
    if (matches(line)) return acked;
  }
}

test.skipIf(!hasPrlimit)(
  "a file that may not grow is an error with a code, and writes work again once it may",
  async () => {
    const path = newPath("file");
    const store = openStore({ path });
    await store.write("make", () => store.connection.exec("CREATE TABLE t (n, part)"));
    const script = startScript(new URL("./programs/store-acking-writer.ts", import.meta.url), [
      path,
      "1",
      "5",
      "relaxed",
    ]);
    const limit = (size: string): boolean =>
      succeeds("prlimit", "--pid", String(script.process.pid), `--fsize=${size}:unlimited`);
    const isAck = (line: string): boolean => line.startsWith("ack");
    const acked = await readUntil(script, isAck);
    expect(limit(String(statSync(`${path}-wal`).size + 20_000))).toBe(true);
    acked.push(...(await readUntil(script, (line) => /^error STORE_(IO|FULL)$/.test(line))));
    limit("unlimited");
    acked.push(...(await readUntil(script, isAck)));
    script.process.kill("SIGKILL");
    acked.push(...(await readUntil(script, () => false).catch(() => [])));
    const stored = new Set(store.connection.sql("SELECT n FROM t").all().flat());
    expect(acked.filter((n) => !stored.has(n))).toEqual([]);
    expect(store.connection.sql("PRAGMA integrity_check").get()).toEqual(["ok"]);
  },
);

test.each([
  { what: "a folder", folderMode: 0o555, fileMode: 0o666 },
  { what: "a file", folderMode: 0o777, fileMode: 0o444 },
])("$what that may not be written to is an error with a code", async ({ folderMode, fileMode }) => {
  const outer = tempFolder();
  const folder = join(outer, "data");
  const path = join(folder, "jobs.db");
  await SqliteStore.open({ path }).close();
  chmodSync(outer, 0o755);
  chmodSync(folder, folderMode);
  chmodSync(path, fileMode);
  const script = startScript(new URL("./programs/store-unprivileged-opener.ts", import.meta.url), [
    path,
  ]);
  expect(await script.next()).toBe("STORE_READ_ONLY");
  chmodSync(folder, 0o777);
});
