import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { State } from "../states.ts";

/** How all jobs stood at a moment: enough to tell of each whether it has moved since. */
export interface JobSnapshot {
  /** The moment, epoch ms. */
  readonly at: number;
  /** The key of the newest job. */
  readonly lastKey: number;
  /** By queue: the first and the last place that its lines had given. */
  readonly ranks: Readonly<Record<string, readonly [first: number, last: number]>>;
}

interface Reader {
  query(sql: string, params?: SqlValue[]): Promise<SqlValue[][]>;
}

// One statement, so that all of it is of the same commit.
const TAKE = `SELECT (SELECT max(pk) FROM job),
  (SELECT json_group_object(id, json_array(first_rank, last_rank)) FROM queue)`;

/** Takes a snapshot of committed jobs. */
export async function takeJobSnapshot(reader: Reader, now: number): Promise<JobSnapshot> {
  const [[lastKey, ranks] = [null, null]] = await reader.query(TAKE);
  return {
    at: now,
    lastKey: (lastKey as number | null | undefined) ?? 0,
    ranks: JSON.parse((ranks as string | null | undefined) ?? "{}") as JobSnapshot["ranks"],
  };
}

/** Whether a job stands where it stood then: whatever moves gets a later time, or a place that had not been given yet. */
export function hasNotMoved(job: JobRecord, queue: number, { at, ranks }: JobSnapshot): boolean {
  if (job.state === State.completed || job.state === State.failed) return job.finishedOn! <= at;
  if (job.state === State.active) return (job.processedOn ?? 0) <= at;
  const range = ranks[queue];
  return range !== undefined && job.place.minor >= range[0] && job.place.minor <= range[1];
}
