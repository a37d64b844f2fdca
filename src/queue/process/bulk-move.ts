import { jobByPk, type JobRecord } from "../jobs/job-record.ts";
import type { Statement } from "../../storage/sqlite/connection.ts";
import type { QueueTransaction } from "../transaction.ts";

/** Rows a bulk move reads at once: the limit of the statements it is given. */
export const BULK_ROWS = 100;

/**
 * Moves up to `count` jobs. `next` yields up to {@link BULK_ROWS} row numbers of jobs in order, and, because `move`
 * takes them away from where it looks, those that follow when asked again.
 * @returns 1 if `count` jobs were moved and there may be more, 0 if there are no more
 */
export function moveMany(
  tx: QueueTransaction,
  count: number,
  next: () => ReturnType<Statement["all"]>,
  move: (job: JobRecord) => void,
): 0 | 1 {
  for (let left = count; left > 0;) {
    const rows = next();
    if (rows.length === 0) return 0;
    for (const [pk] of rows.slice(0, left)) move(jobByPk(tx, pk as number)!);
    left -= rows.length;
  }
  return 1;
}
