import { decodeJobId } from "../jobs/job-id.ts";
import { occupy, vacate, waitingPlace } from "../jobs/placement.ts";
import type { QueueState } from "../queue-state.ts";
import { State } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/** How many due jobs one operation moves to the waiting line; the next one goes on. */
const PROMOTE_AT_MOST = 250;

const DUE = `SELECT pending.major, pending.minor, job.pk, job.id, job.priority
  FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ${State.delayed} AND pending.major <= ?
  ORDER BY pending.major, pending.minor LIMIT ${PROMOTE_AT_MOST}`;
const SET_WAITING = `UPDATE job SET state = ${State.waiting}, major = ?, minor = ?, delay = 0 WHERE pk = ?`;

/** Moves jobs whose time has come to the back of the waiting line, in due order. */
export function promoteDue(tx: QueueTransaction, queue: QueueState): void {
  if (queue.delayed === 0) return;
  const due = tx.sql(DUE).all(queue.id, tx.now) as [number, number, number, unknown, number][];
  for (const [major, minor, pk, id, priority] of due) {
    vacate(tx, queue, { state: State.delayed, major, minor });
    const place = waitingPlace(queue, priority);
    tx.sql(SET_WAITING).run(place.major, place.minor, pk);
    occupy(tx, queue, pk, place);
    queue.emit("W", decodeJobId(id), "delayed");
  }
}
