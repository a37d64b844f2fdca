import type { IQueueBackend, JobJson } from "bullmq";
import { encodeJobId } from "../jobs/job-id.ts";
import { JOB_ANYWHERE, jobJsonAnywhere } from "../jobs/job-json.ts";
import type { QueueReader } from "../reader.ts";
import { queueRef, type QueueRef } from "../transaction.ts";
import { ChildState } from "./children.ts";
import { parentPk } from "./parent-row.ts";

/** A page of children, as BullMQ's `Queue.getDependencies` takes it. */
export type ChildrenPage = Awaited<ReturnType<IQueueBackend["paginate"]>>;

/** Which children BullMQ means by the last part of a key. */
const SETS = new Map<string, ChildState>([
  ["processed", ChildState.processed],
  ["dependencies", ChildState.pending],
]);

const COUNT = "SELECT count(*) FROM child WHERE parent = ? AND state = ?";
const PAGE =
  "SELECT child_key, value FROM child WHERE parent = ? AND state = ? ORDER BY rank LIMIT ? OFFSET ?";
const JOB = `${JOB_ANYWHERE} WHERE job.queue = ? AND job.id = ?`;

/**
 * A page of a job's children, by a key of the form `<prefix>:<queue>:<job id>:processed` or `…:dependencies`.
 * @param params `start` and `end` count from 0 and are inclusive; `end` -1 is the last; `jobs` has the children that
 * still exist
 */
export async function paginate(
  reader: QueueReader,
  ref: QueueRef,
  params: {
    readonly key: string;
    readonly start: number;
    readonly end: number;
    readonly fetchJobs?: boolean;
  },
): Promise<ChildrenPage> {
  const { key, start, end, fetchJobs } = params;
  const colon = key.lastIndexOf(":");
  const state = SETS.get(key.slice(colon + 1));
  const parent = parentPk(reader, ref, key.slice(ref.key.length + 1, colon));
  if (state === undefined || parent === undefined)
    return { cursor: "0", items: [], total: 0, jobs: [] };
  const [counted] = await reader.list(COUNT, [parent, state]);
  const rows = await reader.list(PAGE, [parent, state, end < 0 ? -1 : end - start + 1, start]);
  const children = rows as [string, string | null][];
  return {
    cursor: "0",
    items: children.map(([id, value]) =>
      state === ChildState.processed ? { id, v: JSON.parse(value!) } : { id },
    ),
    total: counted![0] as number,
    jobs: fetchJobs ? children.flatMap(([id]) => jobByKey(reader, id) ?? []) : [],
  };
}

function jobByKey(reader: QueueReader, key: string): JobJson | undefined {
  for (let colon = key.lastIndexOf(":"); colon > 0; colon = key.lastIndexOf(":", colon - 1)) {
    const nameColon = key.lastIndexOf(":", colon - 1);
    if (nameColon < 0) break;
    const queue = reader.queueId(
      queueRef(key.slice(0, nameColon), key.slice(nameColon + 1, colon)),
    );
    const row =
      queue === undefined
        ? undefined
        : reader.sql(JOB).get(queue, encodeJobId(key.slice(colon + 1)));
    if (row) return jobJsonAnywhere(row);
  }
  return undefined;
}
