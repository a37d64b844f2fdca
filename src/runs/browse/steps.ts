import type { JournalEntry, SerializedError, StepKind } from "../types.ts";
import { entryKind, entryState } from "../store/sqlite/codes.ts";
import type { Reader } from "./reader.ts";

/** The journal of a run, window by window. */

const RUN = "SELECT pk FROM run WHERE id = ?";
const PAGE = `SELECT pk, key, code, attempt, at, due_at, error, args, length(data),
    CASE WHEN length(data) <= ? THEN data END
  FROM run_journal INDEXED BY run_journal_run WHERE run = ? AND pk > ? ORDER BY pk LIMIT ?`;
const ONE = `SELECT pk, key, code, attempt, at, due_at, error, args, length(data), data FROM run_journal
  WHERE pk = ? AND run = ?`;

/** An entry of a journal as stored. The last entry of a key is the last word on its step. */
export interface StepRecord {
  /** Its place in the journal. */
  readonly seq: number;
  readonly key: string;
  readonly kind: StepKind;
  readonly state: JournalEntry["state"];
  readonly attempt: number;
  /** When it was written, or answered. */
  readonly at: number;
  readonly dueAt?: number | undefined;
  readonly args?: string | undefined;
  readonly error?: SerializedError | undefined;
  /** Characters of its data; missing without data. */
  readonly size?: number | undefined;
  /** JSON text; missing where there is none, and where it is longer than was asked for. */
  readonly data?: string | undefined;
}

/** Which part of a journal. */
export interface StepWindow {
  readonly limit: number;
  /** The `seq` that the window begins after. @default 0 */
  readonly after?: number | undefined;
  /** Data that is longer is left out, characters. */
  readonly maxData: number;
}

/** Entries in the order they were written; `undefined` if there is no such run. */
export async function readSteps(
  reader: Reader,
  runId: string,
  { limit, after = 0, maxData }: StepWindow,
): Promise<StepRecord[] | undefined> {
  const [run] = await reader.query(RUN, [runId]);
  if (run === undefined) return undefined;
  return (await reader.query(PAGE, [maxData, run[0]!, after, limit])).map(toStep);
}

/** One entry with all of its data. */
export async function readStep(
  reader: Reader,
  runId: string,
  seq: number,
): Promise<StepRecord | undefined> {
  const [run] = await reader.query(RUN, [runId]);
  if (run === undefined) return undefined;
  const [row] = await reader.query(ONE, [seq, run[0]!]);
  return row && toStep(row);
}

function toStep(row: readonly unknown[]): StepRecord {
  const [seq, key, code, attempt, at, dueAt, error, args, size, data] = row as [
    number,
    string,
    number,
    number,
    number,
    number | null,
    string | null,
    string | null,
    number | null,
    string | null,
  ];
  return {
    seq,
    key,
    kind: entryKind(code),
    state: entryState(code),
    attempt,
    at,
    ...(dueAt !== null && { dueAt }),
    ...(args !== null && { args }),
    ...(error !== null && { error: JSON.parse(error) as SerializedError }),
    ...(size !== null && { size }),
    ...(data !== null && { data }),
  };
}
