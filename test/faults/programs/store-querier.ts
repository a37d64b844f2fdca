/** Opens a store, makes everything that could keep a process alive, prints the answer of a query, and closes nothing. */
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const store = SqliteStore.open({ path: process.argv[2]! });
store.onForeignCommit(() => {});
store.onOwnersLost(() => {});
console.log(JSON.stringify(await store.query("SELECT 1")));
