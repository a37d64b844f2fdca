import type { DependenciesOpts, IQueueBackend } from "bullmq";
import type { QueueReader } from "../reader.ts";
import type { QueueRef } from "../transaction.ts";
import { ChildState } from "./children.ts";
import { parentPk } from "./parent-row.ts";

export { paginate } from "./paginate.ts";

/** A job's children by how they stand with it, as BullMQ's `Job.getDependencies` takes them. */
export type Dependencies = Awaited<ReturnType<IQueueBackend["getDependencies"]>>;

/** BullMQ's words for the states of a child. */
const KINDS = {
  processed: ChildState.processed,
  unprocessed: ChildState.pending,
  ignored: ChildState.ignored,
  failed: ChildState.failed,
} as const;

const DEFAULT_COUNT = 20;

const COUNT = "SELECT state, count(*) FROM child WHERE parent = ? GROUP BY state";
const OF_STATE = "SELECT child_key, value FROM child WHERE parent = ? AND state = ? ORDER BY rank";
const ALL = "SELECT child_key, value, state FROM child WHERE parent = ? ORDER BY state, rank";
const PAGE =
  "SELECT child_key, value, rank FROM child WHERE parent = ? AND state = ? AND rank > ? ORDER BY rank LIMIT ?";

/** How many children a job has of each kind asked for: `processed`, `unprocessed`, `ignored`, else failed. */
export async function getDependencyCounts(
  reader: QueueReader,
  ref: QueueRef,
  { jobId, types }: { readonly jobId: string; readonly types: readonly string[] },
): Promise<number[]> {
  const counts = new Map((await listChildren(reader, ref, jobId, COUNT)) as [number, number][]);
  return types.map(
    (type) => counts.get(KINDS[type as keyof typeof KINDS] ?? ChildState.failed) ?? 0,
  );
}

/** Return values of the completed children as JSON text, by key. */
export async function getProcessedChildrenValues(
  reader: QueueReader,
  ref: QueueRef,
  { jobId }: { readonly jobId: string },
): Promise<Record<string, string>> {
  return fromRows(await listChildren(reader, ref, jobId, OF_STATE, ChildState.processed));
}

/** Why children failed whose failure the job ignores, by key. */
export async function getIgnoredChildrenFailures(
  reader: QueueReader,
  ref: QueueRef,
  { jobId }: { readonly jobId: string },
): Promise<Record<string, string>> {
  return fromRows(await listChildren(reader, ref, jobId, OF_STATE, ChildState.ignored));
}

/**
 * A job's children: all of them, or a page of each kind asked for. A page ends with the cursor of the next one, 0 after
 * the last. Cursors are places in the order in which children came to their state, so that pages neither overlap nor
 * leave gaps while children go on finishing.
 */
export async function getDependencies(
  reader: QueueReader,
  ref: QueueRef,
  {
    jobId,
    opts = {},
  }: { readonly jobId: string; readonly opts?: Readonly<DependenciesOpts> | undefined },
): Promise<Dependencies> {
  if (!opts.processed && !opts.unprocessed && !opts.ignored && !opts.failed) {
    const rows = (await listChildren(reader, ref, jobId, ALL)) as [
      string,
      string | null,
      ChildState,
    ][];
    const of = (state: ChildState) => rows.filter((row) => row[2] === state);
    return {
      processed: parsed(of(ChildState.processed)),
      unprocessed: keys(of(ChildState.pending)),
      failed: keys(of(ChildState.failed)),
      ignored: fromRows(of(ChildState.ignored)),
    };
  }
  const page = async (kind: keyof typeof KINDS) => {
    const { cursor = 0, count = DEFAULT_COUNT } = opts[kind]!;
    const rows = await listChildren(reader, ref, jobId, PAGE, KINDS[kind], cursor, count + 1);
    const isLast = rows.length <= count;
    const shown = isLast ? rows : rows.slice(0, count);
    return { rows: shown, next: isLast ? 0 : (shown.at(-1)![2] as number) };
  };
  const result: Dependencies = {};
  if (opts.processed) {
    const { rows, next } = await page("processed");
    Object.assign(result, { processed: parsed(rows), nextProcessedCursor: next });
  }
  if (opts.unprocessed) {
    const { rows, next } = await page("unprocessed");
    Object.assign(result, { unprocessed: keys(rows), nextUnprocessedCursor: next });
  }
  if (opts.ignored) {
    const { rows, next } = await page("ignored");
    Object.assign(result, { ignored: fromRows(rows), nextIgnoredCursor: next });
  }
  if (opts.failed) {
    const { rows, next } = await page("failed");
    Object.assign(result, { failed: keys(rows), nextFailedCursor: next });
  }
  return result;
}

type Rows = Awaited<ReturnType<QueueReader["list"]>>;

async function listChildren(
  reader: QueueReader,
  ref: QueueRef,
  jobId: string,
  sql: string,
  ...params: number[]
): Promise<Rows> {
  const parent = parentPk(reader, ref, jobId);
  return parent === undefined ? [] : reader.list(sql, [parent, ...params]);
}

const keys = (rows: Rows): string[] => rows.map(([key]) => key as string);

const fromRows = (rows: Rows): Record<string, string> =>
  Object.fromEntries(rows.map(([key, value]) => [key, value])) as Record<string, string>;

const parsed = (rows: Rows): Record<string, unknown> =>
  Object.fromEntries(rows.map(([key, value]) => [key, JSON.parse(value as string) as unknown]));
