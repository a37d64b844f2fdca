import type { Statement } from "../../../storage/sqlite/connection.ts";
import type { JournalEntry, SerializedError } from "../../types.ts";
import type { RunKey } from "../run-store.ts";
import { entryCode, entryKind, entryState } from "./codes.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const INSERT =
  "INSERT INTO run_journal (run, key, code, attempt, at, due_at, data, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const INSERT_WITH_ARGS = `INSERT INTO run_journal (run, key, code, attempt, at, due_at, data, error, args)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
export const JOURNAL =
  "SELECT key, code, attempt, at, due_at, data, error, args FROM run_journal WHERE run = ? ORDER BY pk";

const ANSWER = "UPDATE run_journal SET data = ?, error = ?, at = ? WHERE pk = ?";
const ENTRY =
  "SELECT key, code, attempt, at, due_at, data, error, args FROM run_journal WHERE pk = ?";

/** Appends an entry; it overrides earlier ones of its key. @returns its row's key */
export function writeEntry(tx: RunTransaction, run: RunKey, entry: JournalEntry): number {
  const values = [
    run,
    entry.key,
    entryCode(entry.kind, entry.state),
    entry.attempt,
    entry.at,
    entry.dueAt === undefined ? null : storableTime(entry.dueAt),
    entry.data ?? null,
    entry.error === undefined ? null : JSON.stringify(entry.error),
  ];
  const { lastInsertRowid } =
    entry.args === undefined
      ? tx.sql(INSERT).run(...values)
      : tx.sql(INSERT_WITH_ARGS).run(...values, entry.args);
  return lastInsertRowid;
}

/** What a wait comes to. */
export type Answer = { readonly data: string } | { readonly error: SerializedError };

/** Fills an answer in to the pending entry of a wait. @returns the entry */
export function answerEntry(
  tx: RunTransaction,
  entry: number,
  answer: Answer,
  now: number,
): JournalEntry {
  const data = "data" in answer ? answer.data : null;
  const error = "error" in answer ? JSON.stringify(answer.error) : null;
  tx.sql(ANSWER).run(data, error, now, entry);
  return entryByKey(tx, entry);
}

/** One entry, by its row's key. */
export function entryByKey(tx: { sql(text: string): Statement }, entry: number): JournalEntry {
  const row = tx.sql(ENTRY).get(entry)!;
  return toEntry(row[0] as string, row);
}

/** The last entry of each key, in the order they were written. */
export function loadJournal(tx: { sql(text: string): Statement }, run: RunKey): JournalEntry[] {
  return toJournal(tx.sql(JOURNAL).all(run));
}

/** A journal from the rows of {@link JOURNAL}. */
export function toJournal(rows: readonly (readonly unknown[])[]): JournalEntry[] {
  const entries = new Map<string, JournalEntry>();
  for (const row of rows) {
    const key = row[0] as string;
    // Deleting first moves a key to the end.
    entries.delete(key);
    entries.set(key, toEntry(key, row));
  }
  return [...entries.values()];
}

/** An entry from a row that is like those of {@link JOURNAL} but for the key. */
export function toEntry(key: string, row: readonly unknown[]): JournalEntry {
  const code = row[1] as number;
  const dueAt = row[4] as number | null;
  const data = row[5] as string | null;
  const error = row[6] as string | null;
  const args = row[7] as string | null;
  return {
    key,
    kind: entryKind(code),
    state: entryState(code),
    attempt: row[2] as number,
    at: row[3] as number,
    ...(args === null ? undefined : { args }),
    ...(dueAt === null ? undefined : { dueAt }),
    ...(data === null ? undefined : { data }),
    ...(error === null ? undefined : { error: JSON.parse(error) as SerializedError }),
  };
}
