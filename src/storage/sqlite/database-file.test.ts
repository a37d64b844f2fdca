import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { drivers } from "../../../test/support/stores.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { openConnection } from "./connection.ts";
import { locateDatabase } from "./database-file.ts";
import { APPLICATION_ID, latestVersion, schemaVersion } from "./migrations.ts";
import { SqliteStore } from "./store.ts";

/** Every file of a folder with its bytes. A -shm is an index of locks that readers write as well. */
function contentsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder).filter((file) => !file.endsWith("-shm"));
  return new Map(
    files.sort().map((file) => [file, readFileSync(join(folder, file)).toString("base64")]),
  );
}

describe("the folder of a database", () => {
  test("is made, and a .longhaul folder of ours ignores itself in git", () => {
    const folder = tempFolder();
    locateDatabase(join(folder, "app", ".longhaul", "longhaul.db"));
    expect(readFileSync(join(folder, "app", ".longhaul", ".gitignore"), "utf8")).toBe("*\n");
    locateDatabase(join(folder, "data", "jobs.db"));
    expect(readdirSync(join(folder, "data"))).toEqual([]);
  });

  test("is left alone when it was there", () => {
    const folder = join(tempFolder(), ".longhaul");
    mkdirSync(folder);
    locateDatabase(join(folder, "longhaul.db"));
    expect(existsSync(join(folder, ".gitignore"))).toBe(false);
  });

  test("that cannot be made is an error with a code", () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    expect(() => locateDatabase(join(file, "data", "jobs.db"))).toThrow(
      expect.objectContaining({ code: "STORE_IO" }),
    );
  });

  test("a path is followed to the real file", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    expect(locateDatabase(join(folder, "link", "jobs.db"))).toBe(
      join(locateDatabase(join(folder, "real", "jobs.db"))),
    );
  });

  test.skipIf(process.platform !== "linux")(
    "on a network filesystem is refused, unless the user insists",
    () => {
      const path = join(tempFolder(), "jobs.db");
      const probe = { typeOf: () => 0x6969, mounts: () => "" };
      expect(() => locateDatabase(path, { probe })).toThrow(
        expect.objectContaining({
          code: "STORE_NETWORK_FILESYSTEM",
          message: expect.stringContaining("(nfs)"),
        }),
      );
      expect(locateDatabase(path, { probe, allowNetworkFilesystem: true })).toContain("jobs.db");
    },
  );
});

describe.each(drivers)("a file that is not ours, with %s", (driver) => {
  const open = (path: string): SqliteStore => SqliteStore.open({ path, driver });

  /** Makes a file, tries to open it, and tells the outcome and what the folder held before and after. */
  function tryToOpen(make: (path: string) => void) {
    const folder = tempFolder();
    const path = join(folder, "jobs.db");
    make(path);
    const before = contentsOf(folder);
    let code: unknown;
    try {
      open(path);
    } catch (error) {
      ({ code } = error as { code: unknown });
    }
    return { code, before, after: contentsOf(folder), files: readdirSync(folder) };
  }

  const sqlite = (sql: string) => (path: string) => {
    const connection = openConnection({ path, driver });
    connection.exec(sql);
    connection.close();
  };

  test.each([
    ["a text", (path: string) => writeFileSync(path, "hello")],
    ["a long text", (path: string) => writeFileSync(path, "hello ".repeat(10_000))],
    ["another program's database", sqlite("CREATE TABLE users (id)")],
    [
      "another's database in WAL mode",
      sqlite("PRAGMA journal_mode = WAL; CREATE TABLE users (id)"),
    ],
    ["a database that says whose it is", sqlite("PRAGMA application_id = 77; CREATE TABLE t (a)")],
    ["an empty one that says whose it is", sqlite("PRAGMA application_id = 77")],
    ["an empty one with a version", sqlite("PRAGMA user_version = 1")],
  ])("%s is refused and left byte for byte", (_name, make) => {
    const { code, before, after, files } = tryToOpen(make);
    expect(code).toBe("STORE_NOT_A_DATABASE");
    expect(after).toEqual(before);
    expect(files).toEqual(["jobs.db"]);
  });

  test("a folder is refused", () => {
    expect(() => open(tempFolder())).toThrow(
      expect.objectContaining({
        code: "STORE_NOT_A_DATABASE",
        message: expect.stringContaining("it is a folder"),
      }),
    );
  });

  test("a newer version's file is refused and left byte for byte", () => {
    const version = latestVersion() + 1;
    const { code, before, after, files } = tryToOpen(
      sqlite(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}; CREATE TABLE later (a)`,
      ),
    );
    expect(code).toBe("STORE_TOO_NEW");
    expect(after).toEqual(before);
    expect(files).toEqual(["jobs.db"]);
  });

  test("a database that another program has open, or left with a -wal, is not touched either", () => {
    const folder = tempFolder();
    const path = join(folder, "jobs.db");
    const other = openConnection({ path, driver });
    onTestFinished(() => other.close());
    other.exec("PRAGMA journal_mode = WAL; CREATE TABLE users (id); INSERT INTO users VALUES (1)");
    const before = contentsOf(folder);
    expect([...before.keys()]).toEqual(["jobs.db", "jobs.db-wal"]);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: "STORE_NOT_A_DATABASE" }));
    expect(contentsOf(folder)).toEqual(before);
  });

  test.each([
    ["an empty file", (path: string) => writeFileSync(path, "")],
    ["an empty database", sqlite("VACUUM")],
  ])("%s is taken", async (_name, make) => {
    const path = join(tempFolder(), "jobs.db");
    make(path);
    const store = open(path);
    expect(schemaVersion(store.connection)).toBe(latestVersion());
    await store.close();
  });

  test("a damaged database of ours is reported as such", async () => {
    const path = join(tempFolder(), "jobs.db");
    await open(path).close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096);
    writeFileSync(path, bytes);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: "STORE_CORRUPT" }));
  });
});
