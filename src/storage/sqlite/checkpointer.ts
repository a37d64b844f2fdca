import type { Connection } from "./connection.ts";
import type { Participant } from "./group-commit.ts";
import type { Reader } from "./reader.ts";

/** How many commits between two checkpoints of the thread. */
const EVERY_COMMITS = 40;
/** A WAL of more pages than this (16 MB) is ended by the writer itself, or under steady load it would grow for ever. */
const LONG_WAL_PAGES = 4000;

/**
 * Moves the WAL into the file in the worker thread, so that commits do not pay for it: with relaxed durability that is
 * half of what a small commit costs. The thread never catches up with a writer that does not pause, so the writer does
 * the rest now and then; little is left to do by then.
 */
export class Checkpointer implements Participant {
  readonly #connection: Connection;
  readonly #reader: Reader;
  #commits = 0;
  #isRunning = false;

  constructor(connection: Connection, reader: Reader) {
    this.#connection = connection;
    this.#reader = reader;
  }

  committed(): void {
    if (++this.#commits < EVERY_COMMITS || this.#isRunning) return;
    this.#commits = 0;
    this.#isRunning = true;
    void this.#run();
  }

  stale(): void {}
  flush(): void {}
  rolledBack(): void {}

  async #run(): Promise<void> {
    try {
      const walPages = await this.#reader.checkpoint();
      if (walPages > LONG_WAL_PAGES) this.#connection.sql("PRAGMA wal_checkpoint(RESTART)").get();
    } catch {
      // Another process is at it, or the store closes. The WAL waits; SQLite itself steps in when it is very long.
    } finally {
      this.#isRunning = false;
    }
  }
}
