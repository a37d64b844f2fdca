import { refuse, type SqliteStore } from "../../../storage/sqlite/store.ts";
import { checkSize } from "../checks.ts";
import { MAX_CHUNKS } from "../limits.ts";
import type { RunKey } from "../run-store.ts";
import type { StreamPage, StreamStore } from "../stream-store.ts";
import { noteBelongings } from "./details.ts";
import type { RunTransaction } from "./transaction.ts";

/** Streams of runs, chunk by chunk. */

const RUN = "SELECT pk FROM run WHERE id = ?";
const STREAM = "SELECT pk, next, is_closed FROM run_stream WHERE run = ? AND name = ?";
const OPEN = "INSERT INTO run_stream (run, name, next) VALUES (?, ?, 0)";
const APPEND = "INSERT INTO run_chunk (stream, position, data) VALUES (?, ?, ?)";
const SET_NEXT = "UPDATE run_stream SET next = ? WHERE pk = ?";
const CLOSE = "UPDATE run_stream SET is_closed = 1 WHERE pk = ?";
const PAGE = `SELECT run_stream.next, run_stream.is_closed, run_chunk.data FROM run
  JOIN run_stream ON run_stream.run = run.pk AND run_stream.name = ?
  LEFT JOIN run_chunk ON run_chunk.stream = run_stream.pk AND run_chunk.position >= ?
  WHERE run.id = ? ORDER BY run_chunk.position LIMIT ?`;
const NAMES = `SELECT run_stream.name FROM run JOIN run_stream ON run_stream.run = run.pk
  WHERE run.id = ? ORDER BY run_stream.name`;

type Params<M extends "append" | "close" | "read"> = Parameters<StreamStore[M]>[0];
type Reader = Pick<SqliteStore, "query">;

interface Stream {
  readonly pk: number;
  readonly next: number;
  readonly isClosed: boolean;
}

/** Whether a stream takes chunks, and how many it has; undefined if it is not there. Outside of transactions too. */
export function findStream(
  tx: Pick<RunTransaction, "sql">,
  run: RunKey,
  name: string,
): Stream | undefined {
  const row = tx.sql(STREAM).get(run, name) as [number, number, number] | undefined;
  return row && { pk: row[0], next: row[1], isClosed: row[2] === 1 };
}

/** Adds chunks. @returns how many the stream has then; undefined if it takes none */
export function appendChunks(
  tx: RunTransaction,
  { runId, stream, chunks }: Params<"append">,
): number | undefined {
  const found = open(tx, runId, stream);
  if (found === undefined || found.isClosed) return undefined;
  let { next } = found;
  checkRoom(next + chunks.length);
  for (const chunk of chunks) tx.sql(APPEND).run(found.pk, next++, chunk);
  tx.sql(SET_NEXT).run(next, found.pk);
  tx.touched({ id: streamId(runId, stream) });
  return next;
}

/** Closes a stream. @returns whether it was open */
export function closeStream(tx: RunTransaction, { runId, stream }: Params<"close">): boolean {
  const found = open(tx, runId, stream);
  if (found === undefined || found.isClosed) return false;
  tx.sql(CLOSE).run(found.pk);
  tx.touched({ id: streamId(runId, stream) });
  return true;
}

/** Nothing is written yet, but a stream without chunks. */
function checkRoom(chunks: number): void {
  try {
    checkSize("The stream", chunks, MAX_CHUNKS);
  } catch (error) {
    throw refuse(error as Error);
  }
}

/** How those who watch a stream call it. */
export const streamId = (runId: string, stream: string): string => `${runId}/${stream}`;

/** The stream; it is made if it is not there. */
function open(tx: RunTransaction, runId: string, name: string): Stream | undefined {
  const run = tx.sql(RUN).get(runId)?.[0] as RunKey | undefined;
  if (run === undefined) return undefined;
  const found = findStream(tx, run, name);
  if (found) return found;
  noteBelongings(tx, tx.run(run)!);
  return { pk: tx.sql(OPEN).run(run, name).lastInsertRowid, next: 0, isClosed: false };
}

export async function readStream(
  reader: Reader,
  { runId, stream, from, limit }: Params<"read">,
): Promise<StreamPage> {
  const rows = await reader.query(PAGE, [stream, from, runId, limit]);
  const [count, isClosed] = (rows[0] ?? [0, 0]) as [number, number];
  const chunks = rows.map((row) => row[2]).filter((data) => data !== null) as string[];
  const next = from + chunks.length;
  return { chunks, next, isClosed: isClosed === 1 && next >= count };
}

export const streamNames = async (reader: Reader, runId: string): Promise<string[]> =>
  (await reader.query(NAMES, [runId])).map(([name]) => name as string);
