/** Files that are none of ours, or from a newer version, or damaged: refused by `new Queue`, and not a byte of them changed. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { openConnection } from "../../src/storage/sqlite/connection.ts";
import { faultsKit, FlowProducer, Queue, QueueEvents, Worker, type Place } from "./queue-kit.ts";

const kit = faultsKit();

/** All files of a folder, by their contents. */
function fingerprint(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

/** A file of ours with some jobs in it. */
async function ours({ connection }: Place): Promise<void> {
  const queue = new Queue("bad", { connection });
  await queue.addBulk(
    Array.from({ length: 500 }, () => ({ name: "n", data: { filler: "x".repeat(100) } })),
  );
  await queue.close();
}

function change(path: string, sql: string): void {
  const connection = openConnection({ path });
  connection.exec(sql);
  connection.close();
}

const cases: Record<string, { code: string; make(place: Place): unknown }> = {
  "a text file": {
    code: "STORE_NOT_A_DATABASE",
    make: ({ path }) => writeFileSync(path, "Dear diary,\n".repeat(500)),
  },
  "a short text file": {
    code: "STORE_NOT_A_DATABASE",
    make: ({ path }) => writeFileSync(path, "hello\n"),
  },
  "another program's SQLite database": {
    code: "STORE_NOT_A_DATABASE",
    make: ({ path }) => change(path, "CREATE TABLE job (a); INSERT INTO job VALUES (1)"),
  },
  "another program's SQLite database in WAL mode": {
    code: "STORE_NOT_A_DATABASE",
    make: ({ path }) => change(path, "PRAGMA journal_mode = WAL; CREATE TABLE notes (a)"),
  },
  "another program's empty SQLite database with a version": {
    code: "STORE_NOT_A_DATABASE",
    make: ({ path }) => change(path, "PRAGMA user_version = 7"),
  },
  "a file of a newer Longhaul": {
    code: "STORE_TOO_NEW",
    make: async (place) => {
      await ours(place);
      change(place.path, "PRAGMA user_version = 9999");
    },
  },
  "half a file": {
    code: "STORE_CORRUPT",
    make: async (place) => {
      await ours(place);
      truncateSync(place.path, 40_000);
    },
  },
  "the beginning of a file": {
    code: "STORE_CORRUPT",
    make: async (place) => {
      await ours(place);
      truncateSync(place.path, 50);
    },
  },
};

describe.each(Object.entries(cases))("%s", (_, { code, make }) => {
  test("is refused and left alone", async () => {
    const place = kit.place();
    const { connection } = place;
    await make(place);
    const before = fingerprint(dirname(place.path));
    const refused = expect.objectContaining({ name: "LonghaulError", code, retryable: false });
    expect(() => new Queue("bad", { connection })).toThrow(refused);
    expect(() => new Worker("bad", async () => {}, { connection })).toThrow(refused);
    expect(() => new QueueEvents("bad", { connection })).toThrow(refused);
    expect(() => new FlowProducer({ connection })).toThrow(refused);
    expect(
      () => new Queue("bad", { connection: { url: connection, durability: "relaxed" } }),
    ).toThrow(refused);
    expect(fingerprint(dirname(place.path))).toEqual(before);
  });
});

test("an empty file is a new one", async () => {
  const { path, connection } = kit.place();
  writeFileSync(path, "");
  const queue = kit.closing(new Queue("new", { connection }));
  await queue.add("job", {});
  expect(await queue.getWaitingCount()).toBe(1);
});

test("a folder is refused", () => {
  const { folder } = kit.place();
  const refused = expect.objectContaining({ code: "STORE_NOT_A_DATABASE" });
  expect(() => new Queue("bad", { connection: `file:${folder}` })).toThrow(refused);
});
