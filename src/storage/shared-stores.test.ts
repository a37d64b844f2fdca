import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { openShared, type SharedStore, type SharedStoreOptions } from "./shared-stores.ts";

function share(url: string, options?: SharedStoreOptions): SharedStore {
  const shared = openShared(url, options);
  onTestFinished(() => shared.release());
  return shared;
}

test("all users of one file share one store, and the last to leave closes it", async () => {
  const url = `file:${join(tempFolder(), "jobs.db")}`;
  const first = share(url);
  const second = share(url);
  expect(second.store).toBe(first.store);

  await first.release();
  await first.release();
  expect(await second.store.write("test", () => "open")).toBe("open");
  await second.release();
  await expect(second.store.write("test", () => 1)).rejects.toMatchObject({ code: "STORE_CLOSED" });
  expect(share(url).store).not.toBe(first.store);
});

test("a file is the same by whatever path it is reached", () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "data"));
  symlinkSync(join(folder, "data"), join(folder, "link"));
  const { store } = share(`file:${folder}/data/jobs.db`);
  symlinkSync(join(folder, "data", "jobs.db"), join(folder, "direct.db"));
  expect(share(`file:${folder}/link/jobs.db`).store).toBe(store);
  expect(share(`file:${folder}/data/../link/./jobs.db`).store).toBe(store);
  expect(share(`file:${folder}/direct.db`).store).toBe(store);
});

test("files that are not there yet are told apart before they are made", () => {
  const folder = tempFolder();
  expect(share(`file:${folder}/a/jobs.db`).store).not.toBe(share(`file:${folder}/b/jobs.db`).store);
});

test("a file may be opened again while its last user still closes it", async () => {
  const url = `file:${join(tempFolder(), "jobs.db")}`;
  const first = share(url);
  const written = first.store.write("test", () =>
    first.store.connection.exec("CREATE TABLE t (a)"),
  );
  const released = first.release();
  const second = share(url);
  await Promise.all([written, released]);
  expect(second.store.connection.sql("SELECT count(*) FROM t").get()).toEqual([0]);
});

test(":memory: is one database, and a new one after its last user has left", async () => {
  const first = share(":memory:");
  const second = share("file::memory:");
  expect(second.store).toBe(first.store);
  await first.store.write("test", () => first.store.connection.exec("CREATE TABLE t (a)"));
  await first.release();
  await second.release();
  expect(() => share(":memory:").store.connection.sql("SELECT * FROM t")).toThrow("no such table");
});

test("a durability that differs from the open store's is refused", () => {
  const path = join(tempFolder(), "jobs.db");
  const { store } = share(`file:${path}`, { durability: "relaxed" });
  expect(share(`file:${path}`).store).toBe(store);
  expect(() => openShared(`file:${path}`, { durability: "full" })).toThrow(
    expect.objectContaining({
      code: "STORE_OPTIONS_CONFLICT",
      message: expect.stringContaining("with durability relaxed, and now full"),
    }),
  );
});

test("servers are no files", () => {
  expect(() => openShared("redis://user:secret@localhost")).toThrow(
    expect.objectContaining({
      code: "STORE_BAD_URL",
      message: expect.not.stringContaining("secret"),
    }),
  );
});
