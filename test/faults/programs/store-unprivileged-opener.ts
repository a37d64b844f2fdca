/** Gives up root's rights, if it has them, opens a store and prints the code of the error. */
import { openConnection } from "../../../src/storage/sqlite/connection.ts";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

// The driver's files may be out of reach for nobody, so it is loaded before.
openConnection({ path: ":memory:" }).close();
const NOBODY = 65_534;
if (process.getuid?.() === 0) process.setuid!(NOBODY);
try {
  SqliteStore.open({ path: process.argv[2]! });
  console.log("opened");
} catch (error) {
  console.log((error as { code?: string }).code);
}
