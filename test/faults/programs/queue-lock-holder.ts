/** Another program on the same file: takes the write lock, or a read snapshot, and keeps it until told to `release`. */
import { openConnection } from "../../../src/storage/sqlite/connection.ts";
import { obey, setting, tell } from "./program.ts";

const { path, lock } = setting<{ path: string; lock: "write" | "read" }>();
const connection = openConnection({ path });

obey({
  hold: () => {
    connection.exec(lock === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
    // A transaction reads from the moment of its first look.
    connection.sql("SELECT count(*) FROM job").get();
    return {};
  },
  release: () => {
    connection.exec("ROLLBACK");
    return {};
  },
});
tell("ready");
