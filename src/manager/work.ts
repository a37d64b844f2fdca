import { DelayedError, type Job } from "bullmq";
import { endsWithin } from "../bullmq/job-timeout.ts";
import { LonghaulError } from "../core/errors.ts";
import type { JobControl } from "./job-control.ts";
import { RunningJob } from "./running-job.ts";
import type { TaskProcessor } from "./types.ts";

/** The processors of a queue, by task. */
export type Processors = ReadonlyMap<string, TaskProcessor<unknown, unknown>>;

/** How a processor may be left. */
const DEFAULT_GRACE_MS = 5000;

/**
 * What a worker of a queue does with a job: it looks whether somebody wants it paused or removed, and only if not runs
 * its processor, with a hand on it for as long as it runs.
 */
export class Work {
  readonly #control: JobControl;
  readonly #processors: Processors;
  readonly #graceMs: number;
  readonly #running = new Map<string, RunningJob>();
  #isStopping = false;

  constructor(control: JobControl, processors: Processors, graceMs = DEFAULT_GRACE_MS) {
    this.#control = control;
    this.#processors = processors;
    this.#graceMs = graceMs;
  }

  /** BullMQ's processor. A job that is put off or removed here is left to nobody: BullMQ calls that a DelayedError. */
  readonly process = async (job: Job, token = "", signal?: AbortSignal): Promise<unknown> => {
    const id = job.id!;
    const { isPaused, isRemoved } = await this.#control.wishes(id);
    if (isPaused || isRemoved) {
      await this.#giveUp(id, token, isRemoved);
      throw new DelayedError();
    }
    const processor = this.#processors.get(job.name);
    if (!processor) throw new LonghaulError("MANAGER_UNKNOWN_TASK", { task: job.name });

    const running = new RunningJob(job, this.#control, signal);
    if (this.#isStopping) running.stop();
    this.#running.set(id, running);
    try {
      const work = processor({
        id,
        data: job.data as unknown,
        updateProgress: (progress) => {
          const told = running.updateProgress(progress);
          // A processor that does not wait for it shall not bring the process down when its job is removed.
          told.catch(() => {});
          return told;
        },
        signal: running.signal,
      });
      const result = await Promise.race([work, running.ended]).catch((error: unknown) => {
        if (running.ending === undefined) throw error;
      });
      if (running.ending === undefined) return result;
      // Its place stays taken while it ends, its job does not wait for that.
      await Promise.all([
        this.#giveUp(id, token, running.ending === "removed"),
        endsWithin(work, this.#graceMs),
      ]);
      throw new DelayedError();
    } finally {
      // One that ran into its timeout may have been followed by another.
      if (this.#running.get(id) === running) this.#running.delete(id);
    }
  };

  /** Somebody changed what is wished of a job. */
  async look(jobId: string): Promise<void> {
    await this.#running.get(jobId)?.look();
  }

  /** Jobs that wait, paused, in a processor of this process are handed back; the others may end. */
  stop(): void {
    this.#isStopping = true;
    for (const running of this.#running.values()) running.stop();
  }

  async #giveUp(jobId: string, token: string, isRemoved: boolean): Promise<void> {
    if (isRemoved) await this.#control.discard(jobId, token);
    else await this.#control.park(jobId, token);
  }
}
