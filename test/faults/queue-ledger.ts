import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/**
 * What happened, in the words of those who did it, kept outside of the database: one append-only file a process, a
 * line an entry, written with one system call, so that SIGKILL loses nothing that was written.
 *
 *   adding     a producer is about to add the job     added      and the store acknowledged it
 *   rejected   the store refused to add it            started    a handler was called with it
 *   returned   the handler is done                    completed  the store acknowledged that, too
 *   failed     the store acknowledged a failure
 */
export type EntryKind =
  "adding" | "added" | "rejected" | "started" | "returned" | "completed" | "failed";

/** One line. `key` is the producer's own name for the job, and travels in its data. */
export interface Entry {
  readonly kind: EntryKind;
  readonly key: string;
  /** Who wrote it. */
  readonly by: string;
  /** Epoch ms, of the machine's clock. */
  readonly at: number;
}

const realNow = Date.now;

/** Writes the ledger of one process. */
export class Ledger {
  readonly #by: string;
  readonly #file: number;

  constructor(folder: string, by: string) {
    mkdirSync(folder, { recursive: true });
    this.#by = by;
    this.#file = openSync(join(folder, `${by}-${process.pid}.log`), "a");
  }

  write(kind: EntryKind, key: string): void {
    writeSync(this.#file, `${kind}\t${key}\t${this.#by}\t${realNow()}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** All entries of all processes, in each process's order. */
export function readLedger(folder: string): Entry[] {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const [kind, key, by, at] = line.split("\t");
        return { kind: kind as EntryKind, key: key!, by: by!, at: Number(at) };
      }),
  );
}
