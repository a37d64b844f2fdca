/**
 * Writes the numbers from <first> on into table `t`, a few at a time, and prints each outcome as soon as it is known:
 * `ack <n>` or `error <code>`. A line is on the pipe before the next write starts, so it outlives a SIGKILL.
 *
 *   store-acking-writer.ts <path> <first> <in flight> <durability>
 */
import { writeSync } from "node:fs";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const [path = "", first = "1", inFlight = "1", durability = "full"] = process.argv.slice(2);
const store = SqliteStore.open({ path, durability: durability as "full" | "relaxed" });
let next = Number(first);

/** The pipe takes lines while the reader keeps up; a full one says EAGAIN. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

async function writeOn(): Promise<void> {
  for (;;) {
    const n = next++;
    try {
      await store.write("insert", () => {
        const insert = store.connection.sql("INSERT INTO t (n, part) VALUES (?, ?)");
        insert.run(n, 1);
        insert.run(n, 2);
      });
      print(`ack ${n}`);
    } catch (error) {
      print(`error ${String((error as { code?: string }).code)}`);
      // A refused write must not spin.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

print("open");
await Promise.all(Array.from({ length: Number(inFlight) }, writeOn));
