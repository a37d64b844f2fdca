/** Opens a store and stays in the middle of a transaction until it can read a line; then commits and closes. */
import { readSync, writeSync } from "node:fs";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const store = SqliteStore.open({ path: process.argv[2]! });
await store.write("hold", () => {
  store.connection.sql("INSERT INTO t VALUES (?, ?)").run(process.pid, 1);
  writeSync(1, "holding\n");
  readSync(0, Buffer.alloc(1));
});
await store.close();
