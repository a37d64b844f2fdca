/** Opens a store and stops itself with SIGSTOP in the middle of a transaction; closes it when it is continued. */
import { SqliteStore } from "../../src/storage/sqlite/store.ts";

const store = SqliteStore.open({ path: process.argv[2]! });
await store.write("hold", () => {
  store.connection.sql("INSERT INTO t VALUES (?, ?)").run(process.pid, 1);
  process.stdout.write("holding\n");
  process.kill(process.pid, "SIGSTOP");
});
await store.close();
