import { findJob } from "../jobs/job-record.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

const EXTEND = "UPDATE active SET locked_until = ?, stall_suspect = 0 WHERE queue = ? AND job = ?";

/** Renews the lock of an active job and clears the suspicion that it stalled. @returns whether the token held it */
export function extendLock(
  tx: QueueTransaction,
  queue: QueueState,
  {
    jobId,
    token,
    durationMs,
  }: { readonly jobId: string; readonly token: string; readonly durationMs: number },
): boolean {
  const pk =
    queue.claims.get(jobId)?.token === token
      ? queue.claims.get(jobId)!.pk
      : heldBy(tx, queue, jobId, token);
  if (pk === undefined) return false;
  tx.sql(EXTEND).run(tx.now + durationMs, queue.id, pk);
  return true;
}

function heldBy(
  tx: QueueTransaction,
  queue: QueueState,
  jobId: string,
  token: string,
): number | undefined {
  const job = findJob(tx, queue, jobId);
  return job?.state === State.active && job.token === token ? job.pk : undefined;
}
