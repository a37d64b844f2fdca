import { refusal, Refusal } from "../errors.ts";
import { encodeJobId } from "./job-id.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueTransaction } from "../transaction.ts";

const SET_DATA = "UPDATE job SET data = ? WHERE queue = ? AND id = ?";
const SET_PROGRESS = "UPDATE job SET progress = ? WHERE queue = ? AND id = ?";

/** Replaces a job's payload, JSON text. @throws missing job (-1) */
export function updateData(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, data }: { readonly jobId: string; readonly data: string },
): void {
  const { changes } = tx.sql(SET_DATA).run(data, queue.id, encodeJobId(jobId));
  if (changes === 0) throw refusal(Refusal.missingJob, { command: "updateData", jobId });
}

/** Records how far a job has come, JSON text, and tells who listens. @throws missing job (-1) */
export function updateProgress(
  tx: QueueTransaction,
  queue: QueueState,
  { jobId, progress }: { readonly jobId: string; readonly progress: string },
): void {
  const { changes } = tx.sql(SET_PROGRESS).run(progress, queue.id, encodeJobId(jobId));
  if (changes === 0) throw refusal(Refusal.missingJob, { command: "updateProgress", jobId });
  if (!queue.claims.has(jobId)) queue.jobChanged(jobId);
  queue.emit("g", jobId, progress);
}
