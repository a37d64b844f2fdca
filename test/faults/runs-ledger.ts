import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What happened to runs, in the words of those who did it, kept outside of the database: one append-only file a
 * process, a line an entry, written with one system call, so that SIGKILL loses nothing that was written.
 *
 *   sending   an event is about to be sent       sent   and the store acknowledged it
 *   began     a step's body was called           ended  it is about to return
 *   saw       the code got the step's result, so it is on disk
 */
export type RunEntryKind = "sending" | "sent" | "began" | "ended" | "saw";

/** One line. */
export interface RunEntry {
  readonly kind: RunEntryKind;
  /** The event's id, or the function and the key of the step. */
  readonly what: string;
  readonly pid: number;
  /** Epoch ms, with fractions; of the machine's clock. */
  readonly at: number;
}

const now = (): number => performance.timeOrigin + performance.now();

/** Adds to the ledger of this process. */
export function note(folder: string, kind: RunEntryKind, what: string): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${process.pid}.log`), `${kind}\t${what}\t${now()}\n`);
}

/** All entries of all processes, in each process's order. */
export function readNotes(folder: string): RunEntry[] {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const [kind, what, at] = line.split("\t");
        const pid = Number.parseInt(file, 10);
        return { kind: kind as RunEntryKind, what: what!, pid, at: Number(at) };
      }),
  );
}

/** Whether something is in the ledger. */
export const wasNoted = (folder: string, kind: RunEntryKind, what: string): boolean => {
  mkdirSync(folder, { recursive: true });
  return readNotes(folder).some((entry) => entry.kind === kind && entry.what === what);
};
