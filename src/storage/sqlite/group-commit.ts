import { crashPoint, crashPointsArmed } from "../../core/crash-points.ts";
import { LonghaulError } from "../../core/errors.ts";
import { monotonicNow, realSetImmediate, realSetTimeout } from "../../core/real-timers.ts";
import type { Connection, Statement } from "./connection.ts";
import { isRefusal } from "./refuse.ts";
import { isBusy, resultCode, toStoreError } from "./result-codes.ts";

/**
 * Group commit: all operations that arrive in one turn of the event loop share one transaction.
 *
 *   idle       nothing queued
 *   scheduled  operations are queued and a `setImmediate` will run them       (write)
 *   waiting    another process holds the write lock; a short random timer     (run: BEGIN said busy)
 *              runs them again; operations that arrive meanwhile join
 *   running    BEGIN IMMEDIATE … COMMIT, synchronous: no other code of this process sees it
 *
 * An operation that throws a refusal (refuse.ts) rejects alone. After any other error nothing of the batch is kept: it
 * is rolled back and its operations run again, one transaction each, so that only the culprit rejects. Errors of the
 * disk (full, I/O, read-only) reject the whole batch: to try each operation again would only fail once more.
 */

/** What lives on top of a store and remembers things about it. */
export interface Participant {
  /** Another process committed: forget everything. Called inside the transaction that notices, or between two. */
  stale(): void;
  /** The operations of a transaction are done: write what was only counted in memory. */
  flush(): void;
  /** The transaction is on disk; its promises resolve right after this. Must not throw. */
  committed(): void;
  /** The transaction never happened: forget everything. */
  rolledBack(): void;
}

/** What group commit needs from the store around it. */
export interface GroupCommitHost {
  readonly path: string;
  readonly connection: Connection;
  readonly participants: readonly Participant[];
  /** Whether another process committed since the last call. Asked under the write lock. */
  foreignCommitSeen(): boolean;
  /** How long an operation may wait for another process's lock. */
  readonly busyTimeoutMs: number;
  /** Writes an operation that failed again, if the store is still open. */
  write<T>(label: string, run: () => T, recover: Recover): Promise<T>;
}

/**
 * What to do when an operation could not be written, instead of rejecting: wait and write it `again`, say. Called for
 * errors of the store, not for refusals. It costs less than a `catch` on every promise.
 */
export type Recover = <T>(error: unknown, again: () => Promise<T>) => Promise<T>;

interface Operation {
  readonly label: string;
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly recover: Recover | undefined;
  /** What `run` returned, or the refusal it threw. */
  outcome: unknown;
  refused: boolean;
}

/** After this long a transaction takes no further operations, so that a flood does not stop the event loop. */
const BATCH_LIMIT_MS = 20;

// A Promise calls its executor at once, so one shared executor can hand the two functions over without a closure a write.
let handedResolve!: (value: unknown) => void;
let handedReject!: (error: unknown) => void;
const handOver = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
  handedResolve = resolve;
  handedReject = reject;
};

/** Runs operations in shared transactions. */
export class GroupCommit {
  readonly #host: GroupCommitHost;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #run = (): void => this.#runBatch();
  #queue: Operation[] = [];
  /** How many operations at the head of the queue have to run in a transaction of their own. */
  #alone = 0;
  #scheduled = false;
  #busySince: number | undefined;
  #drained: (() => void) | undefined;

  constructor(host: GroupCommitHost) {
    this.#host = host;
    this.#begin = host.connection.sql("BEGIN IMMEDIATE");
    this.#commit = host.connection.sql("COMMIT");
  }

  /** Queues an operation; resolves with its result after the commit. */
  write<T>(label: string, run: () => T, recover?: Recover): Promise<T> {
    const promise = new Promise<unknown>(handOver);
    this.#queue.push({
      label,
      run,
      resolve: handedResolve,
      reject: handedReject,
      recover,
      outcome: undefined,
      refused: false,
    });
    if (!this.#scheduled) {
      this.#scheduled = true;
      realSetImmediate(this.#run);
    }
    return promise as Promise<T>;
  }

  /** Resolves when nothing is queued. */
  drain(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  #runBatch(): void {
    if (!this.#begins()) return;
    const batch = this.#takeBatch();
    let ran = 0;
    try {
      if (this.#host.foreignCommitSeen())
        for (const participant of this.#host.participants) participant.stale();
      ran = runOperations(batch);
      for (const participant of this.#host.participants) participant.flush();
      if (crashPointsArmed) passCrashPoints(batch, ran, "before-commit");
      this.#commit.run();
    } catch (error) {
      this.#undo(batch, error);
      this.#runRest();
      return;
    }
    if (crashPointsArmed) passCrashPoints(batch, ran, "after-commit");
    for (const participant of this.#host.participants) participant.committed();
    for (let index = 0; index < ran; index++) settle(batch[index]!);
    if (ran < batch.length) this.#queue = batch.slice(ran).concat(this.#queue);
    this.#runRest();
  }

  /** Takes the write lock. If that is not possible now, sees to it that the queue is run or rejected later. */
  #begins(): boolean {
    try {
      this.#begin.run();
      this.#busySince = undefined;
      return true;
    } catch (error) {
      if (isBusy(error)) this.#waitForLock(error);
      else this.#rejectQueue(toStoreError(error, this.#host.path));
      return false;
    }
  }

  #waitForLock(cause: unknown): void {
    const now = monotonicNow();
    this.#busySince ??= now;
    const waitedMs = Math.round(now - this.#busySince);
    if (waitedMs >= this.#host.busyTimeoutMs) {
      this.#busySince = undefined;
      this.#rejectQueue(
        new LonghaulError("STORE_BUSY_TIMEOUT", { path: this.#host.path, waitedMs }, { cause }),
      );
      return;
    }
    // A random pause keeps two saturated processes from taking turns unfairly.
    const pauseMs = Math.floor(Math.random() * 3);
    if (pauseMs === 0) realSetImmediate(this.#run);
    else realSetTimeout(this.#run, pauseMs);
  }

  #takeBatch(): Operation[] {
    if (this.#alone > 0) {
      this.#alone--;
      return [this.#queue.shift()!];
    }
    const batch = this.#queue;
    this.#queue = [];
    return batch;
  }

  /** Rolls a failed transaction back and decides who pays for it. */
  #undo(batch: Operation[], error: unknown): void {
    try {
      this.#host.connection.exec("ROLLBACK");
    } catch {
      // SQLite rolls back by itself after some errors; then there is nothing to roll back.
    }
    for (const participant of this.#host.participants) participant.rolledBack();
    if (batch.length === 1 || isDiskError(error)) {
      const reason = toStoreError(error, this.#host.path);
      for (const operation of batch) this.#fail(operation, reason);
    } else {
      this.#alone = batch.length;
      this.#queue = batch.concat(this.#queue);
    }
  }

  #rejectQueue(error: unknown): void {
    const rejected = this.#queue;
    this.#queue = [];
    this.#alone = 0;
    for (const operation of rejected) this.#fail(operation, error);
    this.#runRest();
  }

  #fail({ label, run, recover, resolve, reject }: Operation, error: unknown): void {
    if (recover) resolve(recover(error, () => this.#host.write(label, run, recover)));
    else reject(error);
  }

  #runRest(): void {
    if (this.#queue.length > 0) {
      realSetImmediate(this.#run);
      return;
    }
    this.#scheduled = false;
    this.#drained?.();
    this.#drained = undefined;
  }
}

/** Runs operations in order and returns how many were run before time was up. */
function runOperations(batch: readonly Operation[]): number {
  const end = monotonicNow() + BATCH_LIMIT_MS;
  let ran = 0;
  do {
    const operation = batch[ran++]!;
    try {
      operation.outcome = operation.run();
      operation.refused = false;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      operation.outcome = error;
      operation.refused = true;
    }
  } while (ran < batch.length && monotonicNow() < end);
  return ran;
}

function settle(operation: Operation): void {
  if (operation.refused) operation.reject(operation.outcome);
  else operation.resolve(operation.outcome);
}

function isDiskError(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && code !== "BUSY" && code !== "LOCKED" && code !== "PROTOCOL";
}

function passCrashPoints(batch: readonly Operation[], ran: number, moment: string): void {
  for (let index = 0; index < ran; index++) crashPoint(`${batch[index]!.label}:${moment}`);
}
