import { encodeJobId } from "../jobs/job-id.ts";
import type { QueueReader } from "../reader.ts";
import type { QueueRef } from "../transaction.ts";

const PARENT = "SELECT pk FROM job WHERE queue = ? AND id = ?";

/** The row number of a job, under which table `child` keeps its children. */
export function parentPk(reader: QueueReader, ref: QueueRef, jobId: string): number | undefined {
  const queue = reader.queueId(ref);
  if (queue === undefined) return undefined;
  return reader.sql(PARENT).get(queue, encodeJobId(jobId))?.[0] as number | undefined;
}
