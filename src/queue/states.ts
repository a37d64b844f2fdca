/**
 * The states of a job and the numbers they are stored as.
 *
 *   added ──► WAITING ──► ACTIVE ──► COMPLETED | FAILED     (FAILED and COMPLETED may be retried: back to WAITING)
 *     ├─────► DELAYED ──► WAITING        when due, or promoted
 *     └─────► WAITING_CHILDREN ──► WAITING | DELAYED        when its last child finished
 *   ACTIVE ──► WAITING | DELAYED | WAITING_CHILDREN         retried, rate limited, stalled, or moved by its processor
 *
 * Only the holder of the lock moves a job out of ACTIVE; the stalled check does when the lock is gone.
 * WAITING with a priority above 0 is what BullMQ calls "prioritized".
 */
export const State = {
  waiting: 1,
  delayed: 2,
  waitingChildren: 3,
  completed: 4,
  failed: 5,
  active: 6,
} as const;

/** One of the numbers in {@link State}. */
export type State = (typeof State)[keyof typeof State];

/** States whose jobs stand in a line: rows of table `pending`. */
export type PendingState =
  typeof State.waiting | typeof State.delayed | typeof State.waitingChildren;

/** States a job ends in: rows of table `finished`. */
export type FinishedState = typeof State.completed | typeof State.failed;
