import type { IQueueBackend, JobJson, KeyPrefixOptions, MinimalJob, ParentKeyOpts } from "bullmq";
import { LonghaulError } from "../core/errors.ts";
import { realSetImmediate } from "../core/real-timers.ts";
import { addJob } from "./add/add.ts";
import { type ClaimOptions, type ClaimResult, NO_LOCK, claimNext } from "./process/claim.ts";
import { addWithin } from "./add/add-within.ts";
import { cleanJobs } from "./removal/clean.ts";
import { registerClient, unregisterClient } from "./clients.ts";
import {
  deadLetterQueue,
  type DeadLetterQueue,
  type RetriedDeadLetter,
} from "./dead-letters/dead-letter.ts";
import { retryDeadLetter } from "./dead-letters/unbury.ts";
import { deleteDeduplicationKey, removeDeduplicationKey } from "./add/deduplication.ts";
import { changeDelay, moveToDelayed, promote, promoteJobs } from "./process/delay.ts";
import { drain } from "./removal/drain.ts";
import type { QueueEngine } from "./engine.ts";
import { publishEvent, trimEvents } from "./events/publish.ts";
import { lastEventId, readEvents } from "./events/read.ts";
import { type Finish, finishJob } from "./process/finish.ts";
import { addFlow } from "./flow/add-flow.ts";
import { moveToWaitingChildren } from "./flow/waiting-children.ts";
import { removeRateLimit, setRateLimit } from "./process/limiter.ts";
import { Patience } from "./process/patience.ts";
import { extendLock } from "./process/locks.ts";
import { addLog, clearLogs } from "./jobs/logs.ts";
import { removeQueueMetaFields, setQueueMeta } from "./meta.ts";
import { obliterate } from "./removal/obliterate.ts";
import { removeOrphanedJobs } from "./removal/orphans.ts";
import { setPaused } from "./pause.ts";
import { changePriority } from "./jobs/priority.ts";
import type { QueueState } from "./queue-state.ts";
import type { Recover } from "../storage/sqlite/store.ts";
import { removeChildDependency, removeJob, removeUnprocessedChildren } from "./removal/remove.ts";
import type { Keep } from "./process/retention.ts";
import {
  moveJobFromActiveToWait,
  retryFinishedJob,
  retryFinishedJobs,
  retryJob,
} from "./process/retry.ts";
import { addJobScheduler, removeJobScheduler, updateJobScheduler } from "./schedulers/scheduler.ts";
import { moveStalledJobs } from "./process/stalled.ts";
import { type FinishedState, State } from "./states.ts";
import { type QueueTransaction, queueRef } from "./transaction.ts";
import { updateData, updateProgress } from "./jobs/update.ts";
import type { Marker } from "./process/wait.ts";
import { ReadingBackend, type Params, type Result } from "./reading-backend.ts";

/** Options of BullMQ's worker that its backend needs. */
interface WorkerOptions {
  readonly name?: string;
  readonly lockDuration?: number;
  readonly limiter?: { readonly max: number; readonly duration: number };
  readonly metrics?: { readonly maxDataPoints?: number };
  readonly maxStalledCount?: number;
  readonly stalledInterval?: number;
  readonly removeOnComplete?: Keep;
  readonly removeOnFail?: Keep;
  readonly deadLetterQueue?: string | DeadLetterQueue | undefined;
}

/** What a backend is made with. */
export interface SqliteQueueBackendOptions {
  readonly engine: QueueEngine;
  readonly name: string;
  readonly opts: KeyPrefixOptions & WorkerOptions;
  /** Whether it waits for jobs or events, and so has to notice other processes. */
  readonly isWaiting: boolean;
  /** Whether it is a worker's, to be seen by `getWorkers()`. */
  readonly isWorker?: boolean | undefined;
  /** Lets go of the store; none for siblings, which share their origin's. */
  readonly release?: (() => Promise<void>) | undefined;
}

const DEFAULT_PREFIX = "bull";
const DEFAULT_LOCK_MS = 30_000;
const DEFAULT_STALLED_INTERVAL_MS = 30_000;
const DEFAULT_MAX_STALLED = 1;
/** Waits are ended by commits and alarms, so a worker need not come back to look. */
const MAXIMUM_BLOCK_SECONDS = 3600;

/**
 * BullMQ's storage contract on SQLite. Every method is a thin door to the theme that does the work: reads look at
 * committed data, writes join the next transaction and resolve once it is committed.
 */
export class SqliteQueueBackend extends ReadingBackend implements IQueueBackend {
  readonly minimumBlockTimeout = 0.001;
  readonly maximumBlockTimeout = MAXIMUM_BLOCK_SECONDS;
  closing: Promise<void> | undefined;

  readonly #opts: SqliteQueueBackendOptions["opts"];
  readonly #release: (() => Promise<void>) | undefined;
  readonly #unwatch: () => void;
  #blocking = new AbortController();
  /** Only a worker's backend has it: others have a caller who can try again. */
  readonly #recover: Recover | undefined;
  readonly #deadLetters: DeadLetterQueue | undefined;
  #clientId: number | undefined;
  #pinnedEventId: string | undefined;
  #ready: Promise<void> = Promise.resolve();

  constructor({ engine, name, opts, isWaiting, isWorker, release }: SqliteQueueBackendOptions) {
    super(engine, queueRef(opts.prefix ?? DEFAULT_PREFIX, name));
    this.#opts = opts;
    this.#release = release;
    const { maxStalledCount = DEFAULT_MAX_STALLED, deadLetterQueue: letters } = opts;
    if (isWorker && letters !== undefined) this.#deadLetters = deadLetterQueue(letters);
    const served = isWorker ? { key: this.ref.key, maxStalledCount } : undefined;
    this.#unwatch = isWaiting ? engine.watch(served) : () => {};
    if (isWaiting) this.#pinnedEventId = lastEventId(engine.reader, this.ref);
    if (isWorker) {
      const patience = new Patience((error) => this.emit("error", error));
      this.#recover = (error, again) => patience.recover(error, again, this.#blocking.signal);
      this.#announce();
    }
  }

  // ── connection ────────────────────────────────────────────────────────────────────────────────────────────────

  async waitUntilReady(): Promise<void> {
    if (this.closing) throw new LonghaulError("STORE_CLOSED");
    await this.#ready;
  }

  #announce(): void {
    this.#ready = this.setName(this.clientName(this.#opts.name ? `:w:${this.#opts.name}` : ""));
    this.#ready.catch((error: unknown) => this.emit("error", error));
  }

  close(): Promise<void> {
    if (!this.#release) return Promise.resolve();
    const release = this.#release;
    this.closing ??= (async () => {
      this.#blocking.abort();
      this.#unwatch();
      const id = this.#clientId;
      if (id !== undefined) {
        // A full disk may refuse it; the row goes when this process is found gone.
        await this.engine.write("unregister", (tx) => unregisterClient(tx, id)).catch(() => {});
      }
      await release();
      this.emit("close");
    })();
    return this.closing;
  }

  async disconnect(): Promise<void> {
    if (this.#release) this.#blocking.abort();
  }

  async disconnectBlocking(): Promise<void> {
    this.#blocking.abort();
  }

  async reconnectBlocking(): Promise<void> {
    if (this.#blocking.signal.aborted) this.#blocking = new AbortController();
  }

  async setName(name: string): Promise<void> {
    const previous = this.#clientId;
    this.#clientId = await this.#write("register", (tx) => {
      if (previous !== undefined) unregisterClient(tx, previous);
      return registerClient(tx, { name });
    });
  }

  forQueue(queueName: string, prefix = this.ref.prefix): SqliteQueueBackend {
    const opts = { ...this.#opts, prefix };
    return new SqliteQueueBackend({ engine: this.engine, name: queueName, opts, isWaiting: false });
  }

  // ── adding ────────────────────────────────────────────────────────────────────────────────────────────────────

  addJob(job: JobJson, jobId: string, parentKeyOpts?: ParentKeyOpts): Promise<string> {
    const tx = this.engine.transaction;
    const run = () => addJob(tx, tx.queueAtWork(this.ref), job, jobId, parentKeyOpts);
    return this.engine.store.write("add", run);
  }

  /**
   * Adds a job in the caller's own transaction on the same file: both commit, or neither. Synchronous.
   *
   * @param handle the caller's connection: a better-sqlite3 `Database` or a node:sqlite `DatabaseSync`
   * @throws {LonghaulError} STORE_BAD_TRANSACTION, STORE_CLOSED; what SQLite says if another process holds the lock
   */
  addJobWithin(handle: unknown, job: JobJson, jobId = "", parentKeyOpts?: ParentKeyOpts): string {
    if (this.closing) throw new LonghaulError("STORE_CLOSED");
    return addWithin(this.engine.store, handle, (tx) =>
      addJob(tx, tx.queueAtWork(this.ref), job, jobId, parentKeyOpts),
    );
  }

  addJobs(entries: Params<"addJobs">[0]): Promise<string[]> {
    return this.#work("add-bulk", (tx, queue) =>
      entries.map(({ job, jobId, parentKeyOpts }) => addJob(tx, queue, job, jobId, parentKeyOpts)),
    );
  }

  addFlow(entries: Params<"addFlow">[0]): Result<"addFlow"> {
    return this.engine.write("add-flow", (tx) => addFlow(tx, entries));
  }

  // ── processing ────────────────────────────────────────────────────────────────────────────────────────────────

  async moveToActive(token: string, name?: string): Promise<ClaimResult> {
    const options = this.#claimOptions(token, name);
    const claimed = await this.#persist("claim", (tx, queue) => claimNext(tx, queue, options));
    // A job may be claimed by the very commit that added it: let its producer go on first, as over a network it would.
    if (claimed[0]) await new Promise((resolve) => realSetImmediate(resolve));
    return claimed;
  }

  moveToCompleted<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    returnValue: R,
    removeOnComplete: boolean | number | Keep,
    token: string,
    fetchNext: boolean,
  ): Promise<{ result: ClaimResult | []; finishedOn: number }> {
    let result: string;
    try {
      result = JSON.stringify(returnValue) ?? "null";
    } catch (error) {
      return Promise.reject(error);
    }
    const keep = keepJobs(removeOnComplete, this.#opts.removeOnComplete);
    return this.#finish(job, { state: State.completed, result, keep, token, fetchNext });
  }

  moveToFailed<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    failedReason: string,
    removeOnFail: boolean | number | Keep,
    token: string,
    fetchNext: boolean,
    fieldsToUpdate?: Record<string, unknown>,
  ): Promise<{ result: ClaimResult | []; finishedOn: number }> {
    const keep = keepJobs(removeOnFail, this.#opts.removeOnFail);
    return this.#finish(job, {
      state: State.failed,
      result: failedReason ?? "",
      keep,
      token,
      fetchNext,
      fieldsToUpdate,
      deadLetters: this.#deadLetters,
    });
  }

  moveToDelayed(
    ...[jobId, timestamp, delay, token = NO_LOCK, opts = {}]: Params<"moveToDelayed">
  ): Promise<ClaimResult | []> {
    const { skipAttempt, fieldsToUpdate, fetchNext } = opts;
    const next = fetchNext ? this.#claimOptions(token, this.#opts.name) : undefined;
    return this.#persist(
      "delay",
      (tx, queue) =>
        moveToDelayed(tx, queue, {
          jobId,
          timestamp,
          delay,
          token,
          skipAttempt,
          fieldsToUpdate,
          next,
        }) ?? [],
    );
  }

  moveToWaitingChildren(
    ...[jobId, token, opts = {}]: Params<"moveToWaitingChildren">
  ): Promise<boolean> {
    return this.#persist("wait-children", (tx, queue) =>
      moveToWaitingChildren(tx, queue, { jobId, token, child: opts.child }),
    );
  }

  moveJobFromActiveToWait(jobId: string, token = NO_LOCK): Promise<number> {
    return this.#persist("hand-back", (tx, queue) =>
      moveJobFromActiveToWait(tx, queue, { jobId, token }),
    );
  }

  retryJob(...[jobId, lifo, token = NO_LOCK, opts = {}]: Params<"retryJob">): Promise<void> {
    return this.#persist("retry", (tx, queue) =>
      retryJob(tx, queue, { jobId, lifo, token, fieldsToUpdate: opts.fieldsToUpdate }),
    );
  }

  extendLock(jobId: string, token: string, duration: number): Promise<number> {
    return this.#work("extend-lock", (tx, queue) =>
      extendLock(tx, queue, { jobId, token, durationMs: duration }) ? 1 : 0,
    );
  }

  extendLocks(jobIds: string[], tokens: string[], duration: number): Promise<string[]> {
    return this.#work("extend-lock", (tx, queue) =>
      jobIds.filter(
        (jobId, index) =>
          !extendLock(tx, queue, { jobId, token: tokens[index]!, durationMs: duration }),
      ),
    );
  }

  moveStalledJobsToWait(): Promise<string[]> {
    const { maxStalledCount = DEFAULT_MAX_STALLED, stalledInterval = DEFAULT_STALLED_INTERVAL_MS } =
      this.#opts;
    return this.#write("stalled", (tx, queue) =>
      moveStalledJobs(tx, queue, { maxStalledCount, stalledIntervalMs: stalledInterval }),
    );
  }

  waitForJob(blockTimeout: number): Promise<Marker | null> {
    return this.engine.waiters.forJob(this.ref, blockTimeout * 1000, this.#blocking.signal);
  }

  // ── changing jobs ─────────────────────────────────────────────────────────────────────────────────────────────

  retryFinishedJob(...[job, state, opts = {}]: Params<"retryFinishedJob">): Promise<void> {
    return this.#write("reprocess", (tx, queue) =>
      retryFinishedJob(tx, queue, { jobId: job.id!, state: FINISHED[state], ...opts }),
    );
  }

  retryFinishedJobs(
    ...[state = "failed", count = 1000, timestamp]: Params<"retryFinishedJobs">
  ): Promise<number> {
    return this.#write("reprocess", (tx, queue) =>
      retryFinishedJobs(tx, queue, {
        state: FINISHED[state],
        count,
        timestamp: timestamp ?? tx.now,
      }),
    );
  }

  /** Puts the job of a dead letter of this queue back where it failed. @returns `undefined` if it cannot be had */
  retryDeadLetter(letterId: string): Promise<RetriedDeadLetter | undefined> {
    return this.#write("retry-letter", (tx, queue) => retryDeadLetter(tx, queue, { letterId }));
  }

  promote(jobId: string): Promise<void> {
    return this.#write("promote", (tx, queue) => promote(tx, queue, { jobId }));
  }

  promoteJobs(count = 1000): Promise<number> {
    return this.#write("promote", (tx, queue) => promoteJobs(tx, queue, { count }));
  }

  async updateData(...[job, data]: Params<"updateData">): Promise<void> {
    const json = JSON.stringify(data);
    return this.#write("update", (tx, queue) =>
      updateData(tx, queue, { jobId: job.id!, data: json }),
    );
  }

  async updateProgress(...[jobId, progress]: Params<"updateProgress">): Promise<void> {
    const json = JSON.stringify(progress);
    return this.#work("progress", (tx, queue) =>
      updateProgress(tx, queue, { jobId, progress: json }),
    );
  }

  addLog(...[jobId, logRow, keepLogs]: Params<"addLog">): Promise<number> {
    return this.#work("log", (tx, queue) =>
      addLog(tx, queue, { jobId, text: logRow, keep: keepLogs }),
    );
  }

  clearLogs(...[jobId, keepLogs]: Params<"clearLogs">): Promise<void> {
    return this.#work("log", (tx, queue) => clearLogs(tx, queue, { jobId, keep: keepLogs }));
  }

  changeDelay(jobId: string, delay: number): Promise<void> {
    return this.#write("delay", (tx, queue) => changeDelay(tx, queue, { jobId, delay }));
  }

  changePriority(jobId: string, priority = 0, lifo = false): Promise<void> {
    return this.#write("priority", (tx, queue) =>
      changePriority(tx, queue, { jobId, priority, lifo }),
    );
  }

  remove(jobId: string, removeChildren: boolean): Promise<number> {
    return this.#write("remove", (tx, queue) => removeJob(tx, queue, { jobId, removeChildren }));
  }

  removeUnprocessedChildren(jobId: string): Promise<void> {
    return this.#write("remove", (tx, queue) => removeUnprocessedChildren(tx, queue, { jobId }));
  }

  removeChildDependency(jobId: string, parentKey: string): Promise<boolean> {
    return this.#write("remove", (tx, queue) =>
      removeChildDependency(tx, queue, { jobId, parentKey }),
    );
  }

  removeDeduplicationKey(deduplicationId: string, jobId: string): Promise<number> {
    return this.#write("deduplicate", (tx, queue) =>
      removeDeduplicationKey(tx, queue, { deduplicationId, jobId }),
    );
  }

  deleteDeduplicationKey(deduplicationId: string): Promise<number> {
    return this.#write("deduplicate", (tx, queue) =>
      deleteDeduplicationKey(tx, queue, { deduplicationId }),
    );
  }

  // ── the queue as a whole ──────────────────────────────────────────────────────────────────────────────────────

  pause(paused: boolean): Promise<void> {
    return this.#write("pause", (tx, queue) => setPaused(tx, queue, { paused }));
  }

  drain(delayed: boolean): Promise<void> {
    return this.#write("drain", (tx, queue) => drain(tx, queue, { delayed }));
  }

  cleanJobsByState(
    ...[state, timestamp, limit = 0]: Params<"cleanJobsByState">
  ): Promise<string[]> {
    return this.#write("clean", (tx, queue) => cleanJobs(tx, queue, { state, timestamp, limit }));
  }

  obliterate(opts: { force: boolean; count: number }): Promise<number> {
    return this.#write("obliterate", (tx, queue) => obliterate(tx, queue, opts));
  }

  removeOrphanedJobs(...[count = 1000, limit = 0]: Params<"removeOrphanedJobs">): Promise<number> {
    return this.#write("orphans", (tx, queue) => removeOrphanedJobs(tx, queue, { count, limit }));
  }

  setQueueMeta(values: Record<string, string | number>): Promise<number> {
    return this.#write("meta", (tx, queue) => setQueueMeta(tx, queue, values));
  }

  removeQueueMetaFields(fields: string[]): Promise<number> {
    return this.#write("meta", (tx, queue) => removeQueueMetaFields(tx, queue, fields));
  }

  setRateLimit(expireTimeMs: number): Promise<void> {
    return this.#write("limit", (tx, queue) =>
      setRateLimit(tx, queue, { durationMs: expireTimeMs }),
    );
  }

  removeRateLimitKey(): Promise<number> {
    return this.#write("limit", (tx, queue) => removeRateLimit(tx, queue));
  }

  /** There is no such key here. */
  async removeDeprecatedPriorityKey(): Promise<number> {
    return 0;
  }

  // ── schedulers ────────────────────────────────────────────────────────────────────────────────────────────────

  addJobScheduler(
    ...[
      id,
      nextMillis,
      templateData,
      templateOpts,
      repeat,
      jobOpts,
      producerId,
    ]: Params<"addJobScheduler">
  ): Promise<[string, number]> {
    return this.#write("schedule", (tx, queue) =>
      addJobScheduler(tx, queue, {
        id,
        nextMillis,
        templateData,
        templateOpts,
        repeat,
        jobOpts,
        producerId,
      }),
    );
  }

  updateJobSchedulerNextMillis(
    ...[id, nextMillis, templateData, jobOpts, producerId]: Params<"updateJobSchedulerNextMillis">
  ): Promise<string | null> {
    return this.#persist("schedule", (tx, queue) =>
      updateJobScheduler(tx, queue, { id, nextMillis, templateData, jobOpts, producerId }),
    );
  }

  removeJobScheduler(id: string): Promise<number> {
    return this.#write("schedule", (tx, queue) => removeJobScheduler(tx, queue, { id }));
  }

  // ── events ────────────────────────────────────────────────────────────────────────────────────────────────────

  publishEvent(fields: Record<string, string | number>, maxEvents: number): Promise<string> {
    return this.#write("event", (tx, queue) => publishEvent(tx, queue, { fields, maxEvents }));
  }

  trimEvents(maxLength: number): Promise<number> {
    return this.#write("event", (tx, queue) => trimEvents(tx, queue, { maxLength }));
  }

  /** Events after `id`; waits for the first if there are none. `$` means: since this reader was made. */
  async readEvents(id: string, blockTimeout: number): Result<"readEvents"> {
    const { reader, waiters } = this.engine;
    const after = id === "$" ? (this.#pinnedEventId ??= lastEventId(reader, this.ref)) : id;
    const events = readEvents(reader, this.ref, { after });
    if (events || !(await waiters.forEvents(this.ref, blockTimeout, this.#blocking.signal)))
      return events!;
    return readEvents(reader, this.ref, { after })!;
  }

  /** A write that adds, claims or finishes jobs, or changes active ones. */
  #work<T>(label: string, operation: (tx: QueueTransaction, queue: QueueState) => T): Promise<T> {
    const tx = this.engine.transaction;
    return this.engine.store.write(label, () => operation(tx, tx.queueAtWork(this.ref)));
  }

  #write<T>(label: string, operation: (tx: QueueTransaction, queue: QueueState) => T): Promise<T> {
    const tx = this.engine.transaction;
    return this.engine.store.write(label, () => operation(tx, tx.queue(this.ref)));
  }

  /** A write that a worker makes on its own account. */
  #persist<T>(
    label: string,
    operation: (tx: QueueTransaction, queue: QueueState) => T,
  ): Promise<T> {
    const tx = this.engine.transaction;
    const run = () => operation(tx, tx.queueAtWork(this.ref));
    return this.engine.store.write(label, run, this.#recover);
  }

  #finish<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    end: Pick<Finish, "state" | "result" | "keep" | "token" | "fieldsToUpdate" | "deadLetters"> & {
      readonly fetchNext: boolean;
    },
  ): Promise<{ result: ClaimResult | []; finishedOn: number }> {
    const finish: Finish = {
      jobId: job.id!,
      state: end.state,
      result: end.result,
      token: end.token,
      keep: end.keep,
      attempts: job.opts.attempts ?? 0,
      maxMetricsSize: this.#opts.metrics?.maxDataPoints,
      fieldsToUpdate: end.fieldsToUpdate,
      deadLetters: end.deadLetters,
      next:
        end.fetchNext && !this.closing ? this.#claimOptions(end.token, this.#opts.name) : undefined,
    };
    const tx = this.engine.transaction;
    const run = () => ({
      result: finishJob(tx, tx.queueAtWork(this.ref), finish) ?? [],
      finishedOn: tx.now,
    });
    return this.engine.store.write("finish", run, this.#recover);
  }

  #claimOptions(token: string, workerName: string | undefined): ClaimOptions {
    const { lockDuration = DEFAULT_LOCK_MS, limiter } = this.#opts;
    return { token, workerName, lockDurationMs: lockDuration, limiter };
  }
}

const FINISHED: Readonly<Record<"completed" | "failed", FinishedState>> = {
  completed: State.completed,
  failed: State.failed,
};

/** BullMQ's many ways to say how many finished jobs to keep; the worker's say counts where the job has none. */
function keepJobs(remove: boolean | number | Keep | undefined, workerKeep: Keep | undefined): Keep {
  if (remove === undefined) return workerKeep ?? KEEP_ALL;
  if (typeof remove === "object") return remove;
  if (typeof remove === "number") return { count: remove };
  return remove ? KEEP_NONE : KEEP_ALL;
}

const KEEP_ALL: Keep = { count: -1 };
const KEEP_NONE: Keep = { count: 0 };
