/**
 * Opens a store, prints `open`, waits for a line on stdin, keeps ten writes in flight for <ms>, closes, and prints
 * { acked, worstWaitMs }.
 *
 *   store-saturating-writer.ts <path> <durability> <ms>
 */
import { once } from "node:events";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const [path = "", durability = "full", ms = "1000"] = process.argv.slice(2);
const store = SqliteStore.open({ path, durability: durability as "full" | "relaxed" });
console.log("open");
await once(process.stdin, "data");
process.stdin.destroy();

const end = performance.now() + Number(ms);
let acked = 0;
let worstWaitMs = 0;

async function writeOn(): Promise<void> {
  while (performance.now() < end) {
    const start = performance.now();
    await store.write(
      "insert",
      () => store.connection.sql("INSERT INTO t VALUES (?, ?)").run(process.pid, 1).changes,
    );
    worstWaitMs = Math.max(worstWaitMs, performance.now() - start);
    acked++;
  }
}

await Promise.all(Array.from({ length: 10 }, writeOn));
await store.close();
console.log(JSON.stringify({ acked, worstWaitMs }));
