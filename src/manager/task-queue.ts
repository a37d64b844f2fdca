import type { ConnectionOptions, Job, JobsOptions } from "../bullmq/index.ts";
import { LonghaulError } from "../core/errors.ts";
import { defaultConnection } from "./connection.ts";
import { ManagedQueue } from "./managed-queue.ts";
import { checkDefaults, checkShared, sortSettings } from "./task-settings.ts";
import type {
  JobSettings,
  QueueManagerOptions,
  TaskListener,
  TaskOptions,
  TaskProcessor,
  TaskState,
  TaskUpdate,
} from "./types.ts";

interface Task {
  readonly queue: ManagedQueue;
  readonly jobs: JobSettings;
}

const OPTIONS: readonly string[] = ["connection", "prefix", "workers", "defaults", "onError"];

/**
 * Tasks by name: registers them, adds jobs, tells what becomes of them, and pauses, resumes and removes single ones,
 * whichever process runs them. Nothing is opened before the first task is registered.
 *
 * @example
 * const tasks = new TaskQueue();
 * tasks.registerTask<{ url: string }, number>("scrape", {
 *   queueName: "scrape",
 *   processor: async ({ data, updateProgress }) => {
 *     await updateProgress({ percentage: 50, current: 1, total: 2, message: "Half of it" });
 *     return data.url.length;
 *   },
 * });
 * const id = await tasks.addJob("scrape", { url: "https://example.org" });
 */
export class TaskQueue {
  readonly #options: QueueManagerOptions;
  readonly #queues = new Map<string, ManagedQueue>();
  readonly #tasks = new Map<string, Task>();
  readonly #listeners = new Set<TaskListener>();
  /** The queues that tell their updates, or are about to. */
  readonly #followed = new Map<ManagedQueue, Promise<void>>();
  #connection: { readonly value: ConnectionOptions | undefined } | undefined;
  #closing: Promise<void> | undefined;

  /** @throws {LonghaulError} MANAGER_BAD_OPTION */
  constructor(options: QueueManagerOptions = {}) {
    const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
    if (unknown !== undefined)
      throw new LonghaulError("MANAGER_BAD_OPTION", { reason: `there is no option ${unknown}` });
    checkDefaults(options.defaults ?? {});
    this.#options = options;
  }

  /**
   * Makes a task known, and begins to work on its jobs unless this manager has no workers.
   *
   * @throws {LonghaulError} MANAGER_BAD_OPTION, MANAGER_BAD_TASK, MANAGER_CLOSED; what opening a queue throws
   */
  registerTask<Data = unknown, Result = unknown>(
    name: string,
    options: TaskOptions<Data, Result>,
  ): void {
    if (this.#closing) throw new LonghaulError("MANAGER_CLOSED");
    const refuse = (reason: string) =>
      new LonghaulError("MANAGER_BAD_TASK", { task: name, reason });
    const { processor, queueName = name } = options;
    const isWorking = this.#options.workers ?? true;
    if (typeof name !== "string" || name === "") throw refuse("it has no name");
    if (this.#tasks.has(name)) throw refuse("there is one of that name");
    if (isWorking && typeof processor !== "function") throw refuse("it has no processor");
    const settings = sortSettings(name, options, this.#options.defaults ?? {});
    let queue = this.#queues.get(queueName);
    if (queue) checkShared(name, settings.shared, queue.settings);
    else {
      this.#connection ??= { value: this.#options.connection ?? defaultConnection() };
      queue = new ManagedQueue({
        name: queueName,
        connection: this.#connection.value,
        prefix: this.#options.prefix,
        settings,
        isWorking,
        onError: this.#onError,
      });
      this.#queues.set(queueName, queue);
      if (this.#listeners.size > 0) this.#follow(queue);
    }
    queue.addTask(name, processor as TaskProcessor<unknown, unknown> | undefined);
    this.#tasks.set(name, { queue, jobs: settings.jobs });
  }

  /**
   * Adds a job.
   *
   * @param opts BullMQ's options of a job; they go before the task's
   * @returns its id
   * @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK; what `Queue.add` throws
   */
  async addJob(taskName: string, data: unknown, opts: JobsOptions = {}): Promise<string> {
    const { queue, jobs } = this.#task(taskName);
    await this.#followed.get(queue);
    const { id } = await queue.queue.add(taskName, data, { ...jobs, ...opts } as JobsOptions);
    return id!;
  }

  /**
   * Pauses a job. One that waits, or is delayed, is not run before it is resumed; one that runs stops at its next call of
   * `updateProgress`, and keeps its place in the worker. It stays paused over crashes and restarts.
   *
   * @returns whether it is paused: not if it is over, or unknown
   * @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK
   */
  async pauseJob(taskName: string, jobId: string): Promise<boolean> {
    return await this.#task(taskName).queue.pause(jobId);
  }

  /**
   * Lets a paused job go on.
   *
   * @returns whether it was paused
   * @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK
   */
  async resumeJob(taskName: string, jobId: string): Promise<boolean> {
    return await this.#task(taskName).queue.resume(jobId);
  }

  /**
   * Removes a job for good. If it runs, its processor's signal is aborted, with MANAGER_JOB_REMOVED as the reason.
   * Resolves when it is gone.
   *
   * @returns whether there was one
   * @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK
   */
  async removeJob(taskName: string, jobId: string): Promise<boolean> {
    return await this.#task(taskName).queue.remove(jobId);
  }

  /** The queues of its tasks. */
  get queueNames(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** The queue of a task that is registered here. */
  queueNameOf(taskName: string): string | undefined {
    return this.#tasks.get(taskName)?.queue.queue.name;
  }

  /** @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK */
  async getJob(taskName: string, jobId: string): Promise<Job | undefined> {
    return (await this.#task(taskName).queue.queue.getJob(jobId)) as Job | undefined;
  }

  /**
   * Where a job stands: as BullMQ says, or `paused`.
   *
   * @throws {LonghaulError} MANAGER_CLOSED, MANAGER_UNKNOWN_TASK
   */
  async getJobState(taskName: string, jobId: string): Promise<TaskState> {
    return await this.#task(taskName).queue.state(jobId);
  }

  /**
   * Calls a listener with each update of each registered task, whichever process caused it.
   *
   * @returns a function that ends it
   */
  onTaskUpdate(listener: TaskListener): () => void {
    const own: TaskListener = (...update) => listener(...update);
    this.#listeners.add(own);
    for (const queue of this.#queues.values()) this.#follow(queue);
    return () => void this.#listeners.delete(own);
  }

  /** Lets running jobs end, hands paused ones back, and closes all that was opened. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.allSettled(this.#followed.values());
      await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    })();
    return this.#closing;
  }

  #task(name: string): Task {
    if (this.#closing) throw new LonghaulError("MANAGER_CLOSED");
    const task = this.#tasks.get(name);
    if (!task) throw new LonghaulError("MANAGER_UNKNOWN_TASK", { task: name });
    return task;
  }

  #follow(queue: ManagedQueue): void {
    if (this.#followed.has(queue)) return;
    const isFollowed = queue.follow((...update) => this.#deliver(...update));
    this.#followed.set(queue, isFollowed.catch(this.#onError));
  }

  #deliver(task: string, jobId: string, update: TaskUpdate): void {
    for (const listener of this.#listeners) {
      try {
        listener(task, jobId, update);
      } catch (error) {
        this.#onError(error as Error);
      }
    }
  }

  readonly #onError = (error: Error): void => {
    const { onError = (unheard: Error) => process.emitWarning(unheard) } = this.#options;
    onError(error);
  };
}
