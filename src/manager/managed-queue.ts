import type { Job } from "bullmq";
import { type ConnectionOptions, Queue, QueueEvents, Worker } from "../bullmq/index.ts";
import { systemClock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";
import { CONTROL_EVENT, type ControlEvent, JobControl, PARKED_MS } from "./job-control.ts";
import type { SortedSettings } from "./task-settings.ts";
import type { TaskProcessor, TaskState, TaskUpdate } from "./types.ts";
import { UpdateFeed } from "./update-feed.ts";
import { Work } from "./work.ts";

/** What a queue of tasks is made with. */
export interface ManagedQueueOptions {
  readonly name: string;
  readonly connection: ConnectionOptions | undefined;
  readonly prefix: string | undefined;
  readonly settings: SortedSettings;
  readonly isWorking: boolean;
  readonly onError: (error: Error) => void;
}

type Closable = { on(event: "error", listener: (error: Error) => void): unknown };

/** Events end the wait for a removal; this is for those that were lost with a connection. */
const LOOK_AGAIN_MS = 500;
const OVER: readonly string[] = ["completed", "failed", "unknown"];

/** A queue, the worker for its tasks, and what it takes to pause, resume and remove single jobs. */
export class ManagedQueue {
  readonly queue: Queue;
  readonly settings: SortedSettings;
  readonly #options: ManagedQueueOptions;
  readonly #control: JobControl;
  readonly #processors = new Map<string, TaskProcessor<unknown, unknown>>();
  readonly #tasks = new Set<string>();
  readonly #work: Work;
  readonly #worker: Worker | undefined;
  /** Wakes who waits for a job to be removed. */
  readonly #removals = new Set<{ readonly jobId: string; wake: () => void }>();
  #events: QueueEvents | undefined;
  #feed: UpdateFeed | undefined;
  #isClosing = false;

  constructor(options: ManagedQueueOptions) {
    const { name, settings, isWorking } = options;
    this.#options = options;
    this.settings = settings;
    this.queue = this.#watched(new Queue(name, { ...this.#store, ...settings.queue }));
    this.#control = new JobControl(this.queue.getBackend());
    this.#work = new Work(this.#control, this.#processors, settings.worker.timeoutGrace);
    if (isWorking) this.#worker = this.#startWorker();
  }

  addTask(name: string, processor: TaskProcessor<unknown, unknown> | undefined): void {
    this.#tasks.add(name);
    if (processor) this.#processors.set(name, processor);
  }

  /** Tells all updates from now on. */
  async follow(deliver: (task: string, jobId: string, update: TaskUpdate) => void): Promise<void> {
    const events = this.#listen();
    this.#feed ??= new UpdateFeed({
      events: events as never,
      taskOf: (jobId) => this.#taskOf(jobId),
      paused: () => this.#control.paused(),
      deliver,
      onError: this.#options.onError,
    });
    await events.waitUntilReady();
  }

  async state(jobId: string): Promise<TaskState> {
    const state = await this.#storedState(jobId);
    if (OVER.includes(state)) return state;
    return (await this.#control.wishes(jobId)).isPaused ? "paused" : state;
  }

  /** @returns false for a job that is over or unknown */
  async pause(jobId: string): Promise<boolean> {
    if (OVER.includes(await this.#storedState(jobId))) return false;
    await this.#control.wish(jobId, "paused");
    // It may have ended meanwhile: then nobody would take the wish back.
    if (OVER.includes(await this.#storedState(jobId))) {
      await this.#control.forget(jobId);
      return false;
    }
    await this.#control.announce({ jobId, change: "paused" });
    return true;
  }

  /** @returns false for a job that is not paused */
  async resume(jobId: string): Promise<boolean> {
    if (!(await this.#control.resume(jobId))) return false;
    const job = await this.queue.getJob(jobId);
    const stored = job ? await job.getState() : "unknown";
    const isParked = stored === "delayed" && job?.delay === PARKED_MS;
    const state = isParked ? "waiting" : stored;
    await this.#control.announce({ jobId, change: "resumed", state });
    if (isParked) await this.#control.wake(jobId);
    await this.#work.look(jobId);
    return true;
  }

  /** Removes a job, if need be out of the hands of the worker that runs it. @returns false for one that is not there */
  async remove(jobId: string): Promise<boolean> {
    if ((await this.#storedState(jobId)) === "unknown") return false;
    if (!(await this.#control.remove(jobId))) {
      await this.#listen().waitUntilReady();
      await this.#control.wish(jobId, "removed");
      await this.#control.announce({ jobId, change: "removed" });
      await this.#work.look(jobId);
      await this.#whenRemoved(jobId);
    }
    await this.#control.forget(jobId);
    return true;
  }

  /** Lets what runs end, except for jobs that are paused: those are handed back. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#work.stop();
    for (const removal of this.#removals) removal.wake();
    await this.#worker?.close();
    await this.#events?.close();
    await this.queue.close();
  }

  get #store(): { connection: ConnectionOptions | undefined; prefix?: string } {
    const { connection, prefix } = this.#options;
    return { connection, ...(prefix !== undefined && { prefix }) };
  }

  #startWorker(): Worker {
    const { name, settings } = this.#options;
    const options = { ...settings.worker, ...this.#store };
    const worker = this.#watched(new Worker(name, this.#work.process, options));
    const forget = (job: Job | undefined) => {
      if (job?.finishedOn !== undefined) this.#try(this.#control.forget(job.id!));
    };
    worker.on("completed", forget);
    worker.on("failed", forget);
    this.#listen();
    return worker;
  }

  #listen(): QueueEvents {
    if (this.#events) return this.#events;
    const events = this.#watched(new QueueEvents(this.#options.name, this.#store));
    this.#events = events;
    const listen = events.on.bind(events) as (
      event: string,
      listener: (fields: ControlEvent) => void,
    ) => void;
    listen(CONTROL_EVENT, (event) => {
      this.#feed?.control(event);
      if (event.change !== "paused") this.#try(this.#work.look(event.jobId));
    });
    for (const event of ["removed", "completed", "failed", "delayed", "waiting"])
      listen(event, ({ jobId }) => {
        for (const removal of this.#removals) if (removal.jobId === jobId) removal.wake();
      });
    return events;
  }

  /** BullMQ removes no job under a worker's lock: whoever has it gives it up, or loses it, and then it can be done. */
  async #whenRemoved(jobId: string): Promise<void> {
    const removal = { jobId, wake: (): void => {} };
    this.#removals.add(removal);
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => (removal.wake = resolve));
        // The wish stays: the worker that has the job fulfills it.
        if (this.#isClosing) throw new LonghaulError("MANAGER_CLOSED");
        if (await this.#control.remove(jobId)) return;
        const cancel = systemClock.after(LOOK_AGAIN_MS, () => removal.wake());
        await changed;
        cancel();
      }
    } finally {
      this.#removals.delete(removal);
    }
  }

  async #storedState(jobId: string): Promise<TaskState> {
    return await this.queue.getJobState(jobId);
  }

  async #taskOf(jobId: string): Promise<string | undefined> {
    const [only, ...others] = this.#tasks;
    if (others.length === 0) return only;
    return ((await this.queue.getJob(jobId)) as Job | undefined)?.name;
  }

  #watched<Thing extends Closable>(thing: Thing): Thing {
    thing.on("error", this.#options.onError);
    return thing;
  }

  #try(attempt: Promise<void>): void {
    attempt.catch((error: unknown) => this.#options.onError(error as Error));
  }
}
