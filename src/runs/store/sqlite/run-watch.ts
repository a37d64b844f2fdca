import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import { MAX_PAGE } from "../limits.ts";
import type { RunFilter } from "../run-list.ts";
import type { RunRecord } from "../run-store.ts";
import type { StreamStore } from "../stream-store.ts";
import { changes, type Subscribe } from "./changes.ts";
import { isFinal, State } from "./codes.ts";
import { listByFilter, matchingIds } from "./run-list.ts";
import { readStream, streamId } from "./streams.ts";

/** What those who watch runs and streams need. */
export interface WatchHost {
  readonly reader: Pick<SqliteStore, "query">;
  readonly subscribe: Subscribe;
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal;
}

/** How many runs a watch remembers, to tell changes from what it has said already. */
const MAX_SEEN = 10_000;
const CHUNKS = 100;

export async function* watchRun(
  { reader, subscribe, closed }: WatchHost,
  runId: string,
  signal?: AbortSignal,
): AsyncGenerator<RunRecord, void, undefined> {
  let last: string | undefined;
  for await (const changed of changes(subscribe, [signal, closed])) {
    if (changed && !changed.has(runId)) continue;
    const [record] = await matchingIds(reader, [runId], {});
    if (record === undefined) return;
    const text = signature(record);
    if (text === last) continue;
    last = text;
    yield record;
    if (isOver(record)) return;
  }
}

export async function* watchRuns(
  { reader, subscribe, closed }: WatchHost,
  filter: RunFilter,
  signal?: AbortSignal,
): AsyncGenerator<RunRecord, void, undefined> {
  const seen = new Map<string, string>();
  const readNew = async (changed: ReadonlySet<string> | undefined): Promise<RunRecord[]> =>
    changed === undefined
      ? (await listByFilter(reader, { ...filter, limit: MAX_PAGE })).toReversed()
      : matchingIds(
          reader,
          [...changed].filter((id) => !seen.has(id)),
          filter,
        );
  for await (const changed of changes(subscribe, [signal, closed])) {
    const known =
      changed === undefined ? [...seen.keys()] : [...changed].filter((id) => seen.has(id));
    // What fitted once is followed, also when it fits no longer.
    const followed = await matchingIds(reader, known, {});
    for (const record of [...followed, ...(await readNew(changed))]) {
      const text = signature(record);
      if (seen.get(record.id) === text) continue;
      seen.set(record.id, text);
      yield record;
    }
    for (const id of seen.keys()) {
      if (seen.size <= MAX_SEEN) break;
      seen.delete(id);
    }
  }
}

export async function* watchStream(
  { reader, subscribe, closed }: WatchHost,
  { runId, stream, from }: Parameters<StreamStore["watch"]>[0],
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const id = streamId(runId, stream);
  let next = from;
  for await (const changed of changes(subscribe, [signal, closed])) {
    if (changed && !changed.has(id) && !changed.has(runId)) continue;
    // Before its chunks are read: what it says last must not be missed.
    const [record] = await matchingIds(reader, [runId], {});
    for (;;) {
      const page = await readStream(reader, { runId, stream, from: next, limit: CHUNKS });
      next = page.next;
      yield* page.chunks;
      if (page.isClosed) return;
      if (page.chunks.length < CHUNKS) break;
    }
    if (record === undefined || isOver(record)) return;
  }
}

const isOver = ({ state }: RunRecord): boolean => isFinal(State[state]);

/** All that a watch tells changes by. */
const signature = ({
  state,
  attempt,
  queuedAt,
  startedAt,
  finishedAt,
  dueAt,
  details,
}: RunRecord) => JSON.stringify([state, attempt, queuedAt, startedAt, finishedAt, dueAt, details]);
