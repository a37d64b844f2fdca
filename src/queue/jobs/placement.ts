import type { QueueState } from "../queue-state.ts";
import { State, type PendingState } from "../states.ts";
import type { QueueTransaction } from "../transaction.ts";

/**
 * A job's place in a line of its queue: a row of table `pending`, whose order is the order of the line.
 *   waiting            major = priority (0 first), minor = rank
 *   delayed            major = due time, minor = rank
 *   waiting-children   major = since when, minor = rank
 */
export interface Place {
  readonly state: PendingState;
  readonly major: number;
  readonly minor: number;
}

const INSERT = "INSERT INTO pending (queue, state, major, minor, job) VALUES (?, ?, ?, ?, ?)";
const DELETE = "DELETE FROM pending WHERE queue = ? AND state = ? AND major = ? AND minor = ?";

/** The next place for a job that may run: at the back of its priority, or at the front. */
export function waitingPlace(queue: QueueState, priority: number, front = false): Place {
  return {
    state: State.waiting,
    major: priority,
    minor: front ? queue.frontRank() : queue.nextRank(),
  };
}

/** A place among the delayed jobs; jobs due in the same millisecond keep the order they were placed in. */
export function delayedPlace(queue: QueueState, due: number): Place {
  return { state: State.delayed, major: Math.floor(due), minor: queue.nextRank() };
}

/** A place among the parents that wait for their children. */
export function waitingChildrenPlace(queue: QueueState, since: number): Place {
  return { state: State.waitingChildren, major: since, minor: queue.nextRank() };
}

/** Puts a job in its place. The caller writes the same place on the job's row. */
export function occupy(tx: QueueTransaction, queue: QueueState, pk: number, place: Place): void {
  arrive(queue, place);
  tx.sql(INSERT).run(queue.id, place.state, place.major, place.minor, pk);
}

/** A job is about to be put in its place: what the queue remembers of its lines. */
export function arrive(queue: QueueState, place: Place): void {
  if (place.state === State.waiting) queue.line.placed(place.major, place.minor);
  count(queue, place, 1);
  if (place.state === State.delayed && queue.nextDue !== undefined && place.major < queue.nextDue) {
    queue.nextDue = place.major;
  }
}

/** Takes a job out of its place. */
export function vacate(tx: QueueTransaction, queue: QueueState, place: Place): void {
  if (place.state === State.waiting) queue.line.forget();
  tx.sql(DELETE).run(queue.id, place.state, place.major, place.minor);
  count(queue, place, -1);
  if (place.state === State.delayed && place.major === queue.nextDue) queue.nextDue = undefined;
}

function count(queue: QueueState, place: Place, by: 1 | -1): void {
  if (place.state === State.delayed) queue.delayed += by;
  else if (place.state === State.waitingChildren) queue.waitingChildren += by;
  else if (place.major === 0) queue.waiting += by;
  else queue.prioritized += by;
}
