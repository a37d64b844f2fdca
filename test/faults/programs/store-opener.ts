/** Waits until the file <gate> exists, opens a store at once, prints its owner and schema version, and closes it. */
import { existsSync } from "node:fs";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const [path = "", gate = ""] = process.argv.slice(2);
console.log("ready");
while (!existsSync(gate));
const store = SqliteStore.open({ path });
const version = store.connection.sql("PRAGMA user_version").get()![0];
console.log(JSON.stringify({ owner: store.owner, version }));
await store.close();
