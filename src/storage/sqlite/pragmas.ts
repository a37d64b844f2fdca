import type { Connection } from "./connection.ts";

/**
 * What a commit means. `"full"`: on disk. `"relaxed"`: survives the death of the process; a power cut may take the last
 * commits, never the middle of the file.
 */
export type Durability = "full" | "relaxed";

/** Prepares the writing connection. Switching to WAL needs the file for a moment and may throw a busy error. */
export function applyWriterPragmas(connection: Connection, durability: Durability): void {
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec(`PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`);
  // Waiting inside SQLite would stop the event loop and starve one of two busy writers; group-commit.ts waits instead.
  connection.exec("PRAGMA busy_timeout = 0");
  connection.exec("PRAGMA foreign_keys = OFF");
  connection.exec("PRAGMA temp_store = MEMORY");
  connection.exec("PRAGMA cache_size = -65536");
  // SQLite moves the WAL into the file within a commit, every 1,000 pages. With relaxed durability a thread does that
  // (checkpointer.ts), and this is the safety net. Full commits would be up to twice as slow that way: a WAL that gets
  // no pause grows, and to append to a file, synced, costs more than to write over it. After a long reader has made it
  // grow, it is cut back to the limit.
  connection.exec(`PRAGMA wal_autocheckpoint = ${durability === "full" ? 1000 : 16000}`);
  connection.exec("PRAGMA journal_size_limit = 67108864");
}
