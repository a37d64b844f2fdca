import type { Clock } from "../../core/clock.ts";
import { nextDue } from "./claim.ts";
import type { QueueState } from "../queue-state.ts";
import type { QueueRef, QueueTransaction } from "../transaction.ts";

/** What BullMQ's worker takes as "look for a job now". */
export interface Marker {
  readonly member: string;
  readonly score: number;
}

/** Timers neither notice that the clock was set nor that the machine slept, so alarms look at the clock this often. */
const LOOK_AGAIN_MS = 1000;

/** Stands for all queues: theirs have a colon in their keys. */
const ANY = "*";

const LOOK_NOW: Marker = { member: "0", score: 0 };

interface Waiter {
  wake(): void;
}

/**
 * Workers that wait for a job, and readers that wait for events, by queue. They are woken by commits: of this process
 * at once, of others when the store notices them. Jobs wake as many workers as there are jobs; each that claims one
 * commits, which wakes the next.
 */
export class Waiters {
  readonly #tx: QueueTransaction;
  readonly #clock: Clock;
  readonly #workers = new Map<string, Set<Worker>>();
  readonly #readers = new Map<string, Set<Waiter>>();

  constructor(tx: QueueTransaction, clock: Clock) {
    this.#tx = tx;
    this.#clock = clock;
  }

  /** Whether anybody waits for anything. */
  get isIdle(): boolean {
    return this.#workers.size === 0 && this.#readers.size === 0;
  }

  /**
   * Resolves when a job of the queue may be claimed, a delayed one is due, `timeoutMs` has passed (`null`) or the
   * signal aborts (`null`). A job that can be claimed already resolves it at once.
   */
  forJob(ref: QueueRef, timeoutMs: number, signal: AbortSignal): Promise<Marker | null> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(null);
      const worker = new Worker(this.#clock, timeoutMs, (marker) => {
        signal.removeEventListener("abort", abort);
        remove(this.#workers, ref.key, worker);
        resolve(marker);
      });
      const abort = () => worker.end(null);
      signal.addEventListener("abort", abort);
      add(this.#workers, ref.key, worker);
      const queue = this.#tx.peek(ref);
      if (queue) this.#arm(queue, [worker]);
    });
  }

  /** Resolves when events of the queue were committed (true), or after `timeoutMs` or an abort (false). */
  forEvents(ref: QueueRef, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const end = (woken: boolean) => {
        signal.removeEventListener("abort", abort);
        cancel();
        remove(this.#readers, ref.key, reader);
        resolve(woken);
      };
      const reader = { wake: () => end(true) };
      const abort = () => end(false);
      const cancel = this.#clock.after(timeoutMs, abort);
      signal.addEventListener("abort", abort);
      add(this.#readers, ref.key, reader);
    });
  }

  /**
   * Calls back whenever a queue may have changed; without a queue, whenever any may have. @returns a function that ends it
   */
  onChanges(ref: QueueRef | undefined, listener: () => void): () => void {
    const key = ref?.key ?? ANY;
    const reader = { wake: listener };
    add(this.#readers, key, reader);
    return () => remove(this.#readers, key, reader);
  }

  /** After a commit of this process: wakes who waits for the queues it touched. */
  notify(queues: Iterable<QueueState>): void {
    this.#wakeReaders(ANY);
    for (const queue of queues) {
      this.#wakeReaders(queue.key);
      const workers = this.#workers.get(queue.key);
      if (workers) this.#arm(queue, workers);
    }
  }

  /** After a commit of another process, which may have touched any queue. */
  notifyAll(): void {
    for (const readers of [...this.#readers.values()])
      for (const reader of [...readers]) reader.wake();
    for (const [key, workers] of [...this.#workers]) {
      const colon = key.lastIndexOf(":");
      const queue = this.#tx.peek({ prefix: key.slice(0, colon), name: key.slice(colon + 1), key });
      if (queue) this.#arm(queue, workers);
    }
  }

  #wakeReaders(key: string): void {
    const readers = this.#readers.get(key);
    if (readers) for (const reader of [...readers]) reader.wake();
  }

  /** Wakes as many workers as find a job, and sets the alarm of the others to the next due time. */
  #arm(queue: QueueState, workers: Iterable<Worker>): void {
    let claimable = queue.isClaimable ? queue.waiting + queue.prioritized : 0;
    const due = queue.delayed > 0 ? nextDue(this.#tx, queue) : Infinity;
    for (const worker of [...workers]) {
      if (claimable-- > 0) worker.end(LOOK_NOW);
      else worker.alarm(due);
    }
  }
}

/** One worker's wait: ended by a job, by the due time of a delayed one, or by its time limit. */
class Worker {
  readonly #clock: Clock;
  readonly #end: (marker: Marker | null) => void;
  readonly #cancelTimeout: () => void;
  #cancelAlarm: () => void = () => {};
  #due = Infinity;

  constructor(clock: Clock, timeoutMs: number, end: (marker: Marker | null) => void) {
    this.#clock = clock;
    this.#end = end;
    this.#cancelTimeout = clock.after(timeoutMs, () => this.end(null));
  }

  alarm(due: number): void {
    if (due === this.#due) return;
    this.#due = due;
    this.#setAlarm();
  }

  #setAlarm(): void {
    this.#cancelAlarm();
    if (this.#due === Infinity) return;
    const leftMs = Math.max(0, this.#due - this.#clock.now());
    this.#cancelAlarm = this.#clock.after(Math.min(leftMs, LOOK_AGAIN_MS), () => {
      if (this.#clock.now() >= this.#due) this.end(LOOK_NOW);
      else this.#setAlarm();
    });
  }

  end(marker: Marker | null): void {
    this.#cancelTimeout();
    this.#cancelAlarm();
    this.#end(marker);
  }
}

function add<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

function remove<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const set = map.get(key);
  set?.delete(value);
  if (set?.size === 0) map.delete(key);
}
