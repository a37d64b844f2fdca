import { describe, expect, test } from "vitest";
import { startScript } from "../support/child-process.ts";
import { newPath, openStore } from "../support/stores.ts";

const writer = new URL("./programs/store-acking-writer.ts", import.meta.url);
const ROUNDS = Number(process.env["LONGHAUL_FAULT_ROUNDS"] ?? 5);

/** A file with an empty table, which no process has open. */
async function makeTable(): Promise<string> {
  const path = newPath("file");
  const store = openStore({ path });
  await store.write("make", () => store.connection.exec("CREATE TABLE t (n, part)"));
  await store.close();
  return path;
}

/** What is in the file now: numbers with both of their rows, and those with only one. */
async function readTable(
  path: string,
): Promise<{ whole: Set<number>; halves: unknown[]; integrity: unknown }> {
  const store = openStore({ path });
  const rows = store.connection.sql("SELECT n, count(*) FROM t GROUP BY n").all() as [
    number,
    number,
  ][];
  const integrity = store.connection.sql("PRAGMA integrity_check").get()![0];
  await store.close();
  return {
    whole: new Set(rows.filter(([, count]) => count === 2).map(([n]) => n)),
    halves: rows.filter(([, count]) => count !== 2),
    integrity,
  };
}

describe("kill -9", () => {
  test.each([
    { point: "insert:before-commit#3", stored: [1, 2], acked: ["ack 1", "ack 2"] },
    { point: "insert:after-commit#3", stored: [1, 2, 3], acked: ["ack 1", "ack 2"] },
  ])("at $point", async ({ point, stored, acked }) => {
    const path = await makeTable();
    const script = startScript(writer, [path, "1", "1", "full"], { LONGHAUL_CRASH_AT: point });
    const lines: string[] = [];
    for (let line = await script.lines.next(); !line.done; line = await script.lines.next())
      lines.push(line.value);
    expect((await script.ended).signal).toBe("SIGKILL");
    expect(lines).toEqual(["open", ...acked]);
    expect([...(await readTable(path)).whole]).toEqual(stored);
  });

  test.each(["full", "relaxed"])(
    `at ${ROUNDS} random moments loses nothing that was acknowledged (%s)`,
    async (durability) => {
      const path = await makeTable();
      const acked: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const script = startScript(writer, [path, String(1 + round * 1_000_000), "20", durability]);
        expect(await script.next()).toBe("open");
        let left = 20 + Math.floor(Math.random() * 3_000);
        for (let line = await script.lines.next(); !line.done; line = await script.lines.next()) {
          acked.push(Number(line.value.split(" ")[1]));
          if (--left === 0) script.process.kill("SIGKILL");
        }
        expect((await script.ended).signal).toBe("SIGKILL");
      }
      const { whole, halves, integrity } = await readTable(path);
      expect(acked.filter((n) => !whole.has(n))).toEqual([]);
      expect(halves).toEqual([]);
      expect(integrity).toBe("ok");
    },
  );
});
