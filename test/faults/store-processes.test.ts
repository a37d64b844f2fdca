import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { latestVersion } from "../../src/storage/sqlite/migrations.ts";
import { startScript } from "../support/child-process.ts";
import { newPath, openStore } from "../support/stores.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Outcome {
  acked: number;
  worstWaitMs: number;
}

test.each([
  { processes: 2, durability: "full" },
  { processes: 2, durability: "relaxed" },
  { processes: 4, durability: "relaxed" },
])(
  "$processes saturated writers ($durability): nothing is lost, and shares are fair",
  async ({ processes, durability }) => {
    const path = newPath("file");
    const store = openStore({ path });
    await store.write("make", () => store.connection.exec("CREATE TABLE t (pid, n)"));
    const writers = Array.from({ length: processes }, () =>
      startScript(new URL("./programs/store-saturating-writer.ts", import.meta.url), [
        path,
        durability,
        "2000",
      ]),
    );
    for (const writer of writers) expect(await writer.next()).toBe("open");
    for (const writer of writers) writer.process.stdin!.write("go\n");
    const outcomes: Outcome[] = [];
    for (const writer of writers) outcomes.push(JSON.parse(await writer.next()));

    const stored = store.connection.sql("SELECT pid, count(*) FROM t GROUP BY pid").all();
    const expected = writers.map(({ process }, index) => [process.pid, outcomes[index]!.acked]);
    expect(new Set(stored.map(String))).toEqual(new Set(expected.map(String)));
    const shares = outcomes.map(({ acked }) => acked);
    // Typically 0.6 to 1. SQLite's own waiting gives the loser under 0.01, and seconds of waiting.
    expect(Math.min(...shares) / Math.max(...shares)).toBeGreaterThan(0.2);
    expect(Math.max(...outcomes.map(({ worstWaitMs }) => worstWaitMs))).toBeLessThan(1_500);
  },
);

test("a writer that is stopped with the lock in its hands delays others, and fails nobody", async () => {
  const path = newPath("file");
  const store = openStore({ path });
  await store.write("make", () => store.connection.exec("CREATE TABLE t (pid, n)"));
  const holder = startScript(new URL("./programs/store-lock-holder.ts", import.meta.url), [path]);
  expect(await holder.next()).toBe("holding");
  holder.process.kill("SIGSTOP");
  holder.process.stdin!.write("go\n");

  let settled = 0;
  const insert = (n: number): Promise<void> =>
    store.write("insert", () => {
      store.connection.sql("INSERT INTO t VALUES (?, ?)").run(process.pid, n);
      settled++;
    });
  const writes = [insert(1), insert(2)];
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  writes.push(insert(3));
  expect(settled).toBe(0);
  holder.process.kill("SIGCONT");
  await Promise.all(writes);
  expect((await holder.ended).code).toBe(0);
  expect(store.connection.sql("SELECT count(*) FROM t").get()).toEqual([4]);
});

test("processes that open a new file at the same moment migrate it once", async () => {
  for (let round = 0; round < 3; round++) {
    const path = newPath("file");
    const gate = join(tempFolder(), "gate");
    const openers = Array.from({ length: 4 }, () =>
      startScript(new URL("./programs/store-opener.ts", import.meta.url), [path, gate]),
    );
    for (const opener of openers) expect(await opener.next()).toBe("ready");
    writeFileSync(gate, "");
    const seen = [];
    for (const opener of openers)
      seen.push(JSON.parse(await opener.next()) as { owner: number; version: number });
    expect(seen.map(({ version }) => version)).toEqual([1, 2, 3, 4].map(() => latestVersion()));
    expect(new Set(seen.map(({ owner }) => owner)).size).toBe(4);
    for (const opener of openers) expect(await opener.ended).toMatchObject({ code: 0, errors: "" });
  }
});

test("a killed process is noticed, and a query alone does not keep a process alive", async () => {
  const path = newPath("file");
  const store = openStore({ path });
  await store.write("make", () => store.connection.exec("CREATE TABLE t (n, part)"));
  const writer = startScript(new URL("./programs/store-acking-writer.ts", import.meta.url), [
    path,
    "1",
    "1",
    "relaxed",
  ]);
  expect(await writer.next()).toBe("open");
  const [owner] = store.connection.sql("SELECT id FROM process WHERE id <> ?").get(store.owner) as [
    number,
  ];
  const lost = new Promise<{ owners: number[]; at: number }>((resolve) =>
    store.onOwnersLost((owners) => resolve({ owners, at: performance.now() })),
  );
  writer.process.kill("SIGKILL");
  await writer.ended;
  const diedAt = performance.now();
  const { owners, at } = await lost;
  expect(owners).toEqual([owner]);
  expect(at - diedAt).toBeLessThan(1_000);

  const querying = startScript(new URL("./programs/store-querier.ts", import.meta.url), [path]);
  expect(await querying.next()).toBe("[[1]]");
  expect(await querying.ended).toMatchObject({ code: 0, errors: "" });
});
